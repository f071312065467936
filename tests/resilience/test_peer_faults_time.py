"""Faults that timeouts and operators' switches in use today have: ours have none, whichever the way in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from typing import Any

import pytest

import viber.errors
from viber.errors import CircuitOpenError, RateLimitError
from viber.machines import BreakerState, RetryConfig
from viber.resilience import Pipeline
from viber.testing import FakeClock

Guarded = Any
Run = Callable[..., Coroutine[Any, Any, Any]]
MakeRun = Callable[..., Run]

mark: ContextVar[str] = ContextVar("mark", default="unset")


@pytest.fixture
def bounded(make_pipeline: Callable[..., Pipeline], through: Callable[[Pipeline], Run]) -> MakeRun:
    """A way through a pipeline with a clock and a timeout."""
    once = RetryConfig(max_attempts=1)
    return lambda clock, timeout: through(make_pipeline(clock=clock, timeout=timeout, retry=once))


def cancelling() -> int:
    task = asyncio.current_task()
    assert task is not None
    return task.cancelling()


async def ends_late(run: Run, *args: Any) -> None:
    with pytest.raises(viber.errors.TimeoutError):
        await run(*args)


async def test_after_a_timeout_the_task_is_not_left_cancelling(bounded: MakeRun, clock: FakeClock) -> None:
    """Its own cancellation is taken back, and the task can go on and be timed again."""
    for _ in range(3):
        await ends_late(bounded(clock, 1.0), clock.sleep, 60)
        assert cancelling() == 0
    assert clock.now() == 3


@pytest.mark.parametrize("first", ["timeout", "cancellation"])
async def test_a_cancellation_in_the_turn_of_the_timeout_wins(bounded: MakeRun, first: str) -> None:
    """Whichever of the two comes first in that turn of the loop."""
    clock, loop = FakeClock(), asyncio.get_running_loop()
    call = asyncio.create_task(bounded(clock, 5.0)(asyncio.Event().wait))
    await clock.settle()
    steps = [lambda: clock.jump(5.0), lambda: loop.call_soon(call.cancel)]  # each has its effect a turn later
    for step in steps if first == "timeout" else reversed(steps):
        loop.call_soon(step)
    await asyncio.wait([call])
    assert (call.cancelled(), call.cancelling(), clock.pending) == (True, 1, 0)


async def test_a_shorter_outer_timeout_stays_the_outer_one_s(bounded: MakeRun, clock: FakeClock) -> None:
    """It raises the builtin error where it stands, and ours says nothing."""
    with pytest.raises(TimeoutError) as caught:
        async with clock.timeout(1.0):
            await bounded(clock, 5.0)(clock.sleep, 60)
    assert type(caught.value) is TimeoutError
    assert (clock.now(), cancelling()) == (1.0, 0)


async def test_a_short_timeout_begun_after_a_long_one_is_on_time(bounded: MakeRun, clock: FakeClock) -> None:
    """Five hundred staggered ones too, in whatever order they began."""
    ended: list[float] = []

    async def one(limit: float) -> None:
        await ends_late(bounded(clock, limit), asyncio.Event().wait)
        ended.append(clock.now())

    await asyncio.gather(*(one(float(limit)) for limit in range(500, 0, -1)))
    assert ended == [float(limit) for limit in range(1, 501)]


async def test_the_operation_has_unwound_in_the_caller_s_task_when_the_timeout_is_raised(
    bounded: MakeRun, clock: FakeClock
) -> None:
    """Its clean-up is over, however long it takes, and ran where the call was made."""
    unwound: list[asyncio.Task[Any] | None] = []

    async def operation() -> None:
        try:
            await clock.sleep(60)
        finally:
            await clock.sleep(10)
            unwound.append(asyncio.current_task())

    await ends_late(bounded(clock, 1.0), operation)
    assert (unwound, clock.now()) == ([asyncio.current_task()], 11)


async def test_context_variables_set_inside_the_operation_stay(bounded: MakeRun, clock: FakeClock) -> None:
    """Also if it then timed out."""

    async def operation() -> None:
        mark.set("set")
        await clock.sleep(60)

    await ends_late(bounded(clock, 1.0), operation)
    assert mark.get() == "set"


async def fine() -> str:
    return "fine"


async def limited() -> None:
    raise RateLimitError("slow down")


async def test_forced_open_stays_open_until_released(guarded: Guarded) -> None:
    """No time, and no late result, ends what an operator began."""
    late = await guarded.under_way()
    guarded.breaker.isolate()
    guarded.clock.jump(1e9)
    await late.finish(well=True)
    with pytest.raises(CircuitOpenError):
        await guarded.run(fine)
    guarded.breaker.reset()
    assert await guarded.run(fine) == "fine"


async def test_an_ignored_probe_closes_nothing(guarded: Guarded) -> None:
    """What is no failure is no success either."""
    guarded.lapse()
    with pytest.raises(RateLimitError):
        await guarded.run(limited)
    assert (guarded.breaker.state, guarded.breaker.snapshot().probes) == (BreakerState.HALF_OPEN, 0)


async def test_a_late_call_gives_no_place_back(guarded: Guarded) -> None:
    """A call that never took a probe's place cannot free one, however it ends."""
    late = [await guarded.under_way() for _ in range(3)]
    guarded.lapse()
    probe = await guarded.under_way()
    await late[0].finish(well=True)
    await late[1].finish(well=False)
    await late[2].cancel()
    with pytest.raises(CircuitOpenError):
        await guarded.run(fine)
    await probe.finish(well=True)


async def test_places_are_places_and_no_total(guarded: Guarded) -> None:
    """However many probes were cancelled before, the next one may go."""
    guarded.lapse()
    for _ in range(10):
        await (await guarded.under_way()).cancel()
    assert await guarded.run(fine) == "fine"
    assert guarded.breaker.state is BreakerState.CLOSED
