"""How long a call may take, and whose cancellation a cancellation is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

import viber.errors
from viber.errors import Delivery, ServerError
from viber.machines import RetryConfig
from viber.resilience import Pipeline
from viber.testing import FakeClock

MakePipeline = Callable[..., Pipeline]
MakeScript = Callable[..., Any]
STEADY = RetryConfig(jitter="none")


def cancelling() -> int:
    task = asyncio.current_task()
    assert task is not None
    return task.cancelling()


async def ends_late(pipeline: Pipeline, fn: Any, *args: Any) -> viber.errors.TimeoutError:
    with pytest.raises(viber.errors.TimeoutError) as caught:
        await pipeline.run(fn, *args)
    return caught.value


async def test_an_attempt_ends_at_its_timeout(make_pipeline: MakePipeline, clock: FakeClock) -> None:
    """After `timeout` seconds the attempt raises ours, which is UNKNOWN and names the time."""
    error = await ends_late(make_pipeline(timeout=2.5), clock.sleep, 60)
    assert (clock.now(), error.delivery, error.code) == (2.5, Delivery.UNKNOWN, "timeout.attempt")
    assert error.message.startswith("no answer within 2.5 s")


async def test_each_attempt_has_its_timeout(
    make_pipeline: MakePipeline, clock: FakeClock, script: MakeScript
) -> None:
    """`timeout` bounds one attempt, and starts anew with the next."""
    fn = script(*[lambda: clock.sleep(60)] * 3)
    error = await ends_late(make_pipeline(timeout=2.0, idempotent=True, retry=STEADY), fn)
    assert (fn.calls, clock.now(), error.attempts) == ([0.0, 3.0, 7.0], 9.0, 3)


@pytest.mark.parametrize(
    ("limits", "ends", "code"),
    [
        ({"timeout": 5.0, "total_timeout": 2.0}, 2.0, "timeout.total"),
        ({"timeout": 2.0, "total_timeout": 5.0}, 2.0, "timeout.attempt"),
        ({"timeout": None, "total_timeout": 3.0}, 3.0, "timeout.total"),
    ],
)
async def test_the_nearer_limit_counts(
    make_pipeline: MakePipeline, clock: FakeClock, limits: dict[str, float | None], ends: float, code: str
) -> None:
    """An attempt may take what it is given or what remains of the whole call, and the error says which."""
    error = await ends_late(make_pipeline(**limits), clock.sleep, 60)
    assert (clock.now(), error.code) == (ends, code)


async def test_there_is_one_timer_for_an_attempt(make_pipeline: MakePipeline, clock: FakeClock) -> None:
    """However many limits there are, one timer stands at the nearest; after the call there is none."""
    pending: list[int] = []

    async def look() -> None:
        pending.append(clock.pending)

    await make_pipeline(timeout=5.0, total_timeout=9.0).run(look)
    assert (pending, clock.pending) == ([1], 0)


async def test_total_timeout_bounds_the_waits_too(
    make_pipeline: MakePipeline, clock: FakeClock, script: MakeScript
) -> None:
    """A wait that would leave no time is not begun: the real error is raised now, and says why."""
    fn = script(*[ServerError("broken")] * 3)
    with pytest.raises(ServerError) as caught:
        await make_pipeline(total_timeout=2.5, idempotent=True, retry=STEADY).run(fn)
    assert (fn.calls, clock.now()) == ([0.0, 1.0], 1.0)
    assert caught.value.__notes__[-1] == "not repeated: the next attempt could not start in time"


async def test_a_wait_that_took_too_long_ends_with_the_real_error(
    make_pipeline: MakePipeline, clock: FakeClock, script: MakeScript
) -> None:
    """If the machine slept through the wait, the last error is raised, and no other attempt is made."""
    broken = ServerError("broken")
    context = broken.__context__ = LookupError("context")
    call = asyncio.create_task(
        make_pipeline(total_timeout=10.0, idempotent=True, clock=(slow := FakeClock()), retry=STEADY).run(
            script(broken, "never")
        )
    )
    await slow.settle()
    slow.jump(60)
    with pytest.raises(ServerError) as caught:
        await call
    assert caught.value is broken
    assert broken.__context__ is context
    assert broken.__notes__ == ["not repeated: the next attempt could not start in time"]


async def test_a_timed_out_attempt_has_unwound_before_the_next(
    make_pipeline: MakePipeline, clock: FakeClock
) -> None:
    """No ghost request: what an attempt cleans up is cleaned up before another one starts."""
    story: list[str] = []

    async def fn() -> None:
        story.append("begin")
        try:
            await clock.sleep(60)
        finally:
            await asyncio.sleep(0)
            story.append("end")

    await ends_late(make_pipeline(timeout=1.0, idempotent=True), fn)
    assert story == ["begin", "end"] * 3


async def test_afterwards_the_task_is_not_cancelling(make_pipeline: MakePipeline, clock: FakeClock) -> None:
    """Our own cancellation is taken back: the task is as it was."""
    await ends_late(make_pipeline(timeout=1.0), clock.sleep, 60)
    assert cancelling() == 0


async def test_an_answer_in_spite_of_the_timeout_is_taken(
    make_pipeline: MakePipeline, clock: FakeClock
) -> None:
    """A function that catches the cancellation and returns has returned; the task is not left cancelling."""

    async def stubborn() -> str:
        try:
            await clock.sleep(60)
        except asyncio.CancelledError:
            return "at last"
        return "in time"

    assert await make_pipeline(timeout=1.0).run(stubborn) == "at last"
    assert cancelling() == 0


async def test_a_cancellation_is_never_a_timeout(make_pipeline: MakePipeline, clock: FakeClock) -> None:
    """Who cancels the task gets a cancelled task."""
    call = asyncio.create_task(make_pipeline(timeout=5.0, clock=FakeClock()).run(asyncio.Event().wait))
    await asyncio.sleep(0)
    call.cancel("enough")
    with pytest.raises(asyncio.CancelledError, match="enough"):
        await call


@pytest.mark.parametrize("first", ["timeout", "cancel"])
async def test_a_cancellation_in_the_turn_of_the_expiry_wins(make_pipeline: MakePipeline, first: str) -> None:
    """When both fall into one turn of the loop, before or after, it is the caller's cancellation."""
    clock, loop = FakeClock(), asyncio.get_running_loop()
    call = asyncio.create_task(make_pipeline(timeout=5.0, clock=clock).run(asyncio.Event().wait))
    await clock.settle()
    steps = [lambda: clock.jump(5.0), lambda: loop.call_soon(call.cancel)]  # each has its effect a turn later
    for step in steps if first == "timeout" else reversed(steps):
        loop.call_soon(step)
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_a_cancelled_caller_can_still_make_a_call(
    make_pipeline: MakePipeline, clock: FakeClock
) -> None:
    """In the clean-up of a cancelled task a timeout is a timeout, and the earlier cancellation goes on."""
    seen: list[str] = []

    async def caller() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await ends_late(make_pipeline(timeout=1.0), clock.sleep, 60)
            seen.append(f"still cancelling: {cancelling()}")

    task = asyncio.create_task(caller())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == ["still cancelling: 1"]


async def test_a_shorter_outer_timeout_stays_the_outer_one_s(
    make_pipeline: MakePipeline, clock: FakeClock
) -> None:
    """A timeout of the caller around the call is the caller's: the builtin error, not ours."""
    with pytest.raises(TimeoutError) as caught:
        async with clock.timeout(1.0):
            await make_pipeline(timeout=5.0).run(clock.sleep, 60)
    assert not isinstance(caught.value, viber.errors.TimeoutError)
    assert (clock.now(), cancelling()) == (1.0, 0)


async def test_the_longer_of_two_nested_pipelines_does_not_speak(
    make_pipeline: MakePipeline, clock: FakeClock
) -> None:
    """Nested calls end at the nearer limit, whichever of them has it."""
    inner, outer = make_pipeline("inner", timeout=1.0), make_pipeline("outer", timeout=5.0)
    assert (await ends_late(outer, inner.run, clock.sleep, 60)).service == "inner"
    assert (await ends_late(inner, outer.run, clock.sleep, 60)).service == "inner"
    assert clock.now() == 2.0


async def test_a_short_limit_after_a_long_one_is_kept(make_pipeline: MakePipeline, clock: FakeClock) -> None:
    """Each call ends at its own time, in whatever order they began."""
    ended: list[float] = []

    async def one(limit: float) -> None:
        await ends_late(make_pipeline(timeout=limit), asyncio.Event().wait)
        ended.append(clock.now())

    await asyncio.gather(*(one(float(limit)) for limit in range(500, 0, -1)))
    assert ended == [float(limit) for limit in range(1, 501)]


async def test_a_cancelled_wait_between_attempts_is_a_cancellation(
    make_pipeline: MakePipeline, script: MakeScript
) -> None:
    """Cancelled while it waits for the next attempt, a call makes none."""
    clock, fn = FakeClock(), script(OSError(), "never")
    call = asyncio.create_task(make_pipeline(idempotent=True, clock=clock).run(fn))
    await clock.settle()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert (len(fn.calls), clock.pending) == (1, 0)
