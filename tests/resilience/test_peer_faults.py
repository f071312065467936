"""Faults that circuit breakers in use today have, one after another: ours has none, whichever the way in."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from viber.errors import CircuitOpenError, RateLimitError
from viber.machines import BreakerState
from viber.observability import CircuitChanged, Event

Guarded = Any


async def fine() -> str:
    await asyncio.sleep(0)
    return "fine"


async def limited() -> None:
    raise RateLimitError("slow down")


async def test_the_call_that_trips_the_breaker_raises_its_own_error(guarded: Guarded) -> None:
    """It is told what happened to it, not that the circuit is open now."""
    await guarded.fail()
    assert guarded.breaker.state is BreakerState.OPEN


async def test_a_failed_probe_reopens_for_a_full_period_and_raises_its_own_error(guarded: Guarded) -> None:
    """The next probe may go a whole open time later."""
    guarded.lapse()
    await guarded.fail(times=1)
    assert (guarded.breaker.state, guarded.breaker.snapshot().retry_after) == (BreakerState.OPEN, 60)


async def test_rejections_do_not_grow_a_shared_traceback(guarded: Guarded) -> None:
    """Each rejection is an exception of its own, with the frames of one call and no context."""
    guarded.breaker.isolate()
    results = await asyncio.gather(*(guarded.run(fine) for _ in range(50)), return_exceptions=True)
    rejections = [result for result in results if isinstance(result, CircuitOpenError)]
    assert len({id(rejection) for rejection in rejections}) == 50
    assert len({_depth(rejection) for rejection in rejections}) == 1
    assert {rejection.__context__ for rejection in rejections} == {None}


def _depth(error: BaseException) -> int:
    trace, depth = error.__traceback__, 0
    while trace is not None:
        trace, depth = trace.tb_next, depth + 1
    return depth


async def test_a_cancelled_probe_gives_its_place_back_and_closes_nothing(guarded: Guarded) -> None:
    """The circuit is half open as before, and the next caller may probe."""
    guarded.lapse()
    await (await guarded.under_way()).cancel()
    assert (guarded.breaker.state, guarded.breaker.snapshot().probes) == (BreakerState.HALF_OPEN, 0)
    assert await guarded.run(fine) == "fine"


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, GeneratorExit, BaseException])
async def test_a_probe_ended_by_another_base_exception_gives_its_place_back(
    guarded: Guarded, stop: type[BaseException]
) -> None:
    """Whatever ended it was no news of the service, and is raised as it is."""

    async def stopped() -> None:
        raise stop

    guarded.lapse()
    with pytest.raises(stop) as caught:
        await guarded.run(stopped)
    assert type(caught.value) is stop
    assert (guarded.breaker.state, guarded.breaker.snapshot().probes) == (BreakerState.HALF_OPEN, 0)
    assert await guarded.run(fine) == "fine"


async def test_a_probe_that_never_ends_does_not_block_recovery(guarded: Guarded) -> None:
    """After its lease another one may go, and what the first brings then is stale."""
    guarded.lapse()
    lost = await guarded.under_way()
    with pytest.raises(CircuitOpenError):
        await guarded.run(fine)
    guarded.clock.jump(60)
    assert await guarded.run(fine) == "fine"
    await lost.finish(well=False)
    assert (guarded.breaker.state, guarded.breaker.snapshot().failures) == (BreakerState.CLOSED, 0)


async def test_many_callers_at_the_end_of_the_open_time_are_one_probe(guarded: Guarded) -> None:
    """Of twenty that come together the permitted one reaches the service."""
    guarded.lapse()
    results = await asyncio.gather(*(guarded.run(fine) for _ in range(20)), return_exceptions=True)
    assert results.count("fine") == 1
    assert sum(isinstance(result, CircuitOpenError) for result in results) == 19


def test_many_threads_at_the_end_of_the_open_time_are_one_probe(guarded: Guarded) -> None:
    """The same for callers in threads and event loops of their own."""
    together, over = Barrier(8), Barrier(8)
    called, rejected = list[int](), list[int]()

    async def probe() -> None:
        called.append(1)
        await asyncio.to_thread(over.wait)

    def ask(_: int) -> None:
        together.wait()
        try:
            asyncio.run(guarded.run(probe))
        except CircuitOpenError:
            rejected.append(1)
            over.wait()

    guarded.lapse()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(ask, range(8)))
    assert (len(called), len(rejected)) == (1, 7)


async def test_when_the_probe_fails_the_waiting_callers_never_reach_the_service(guarded: Guarded) -> None:
    """They come while the probe is out or after it, and none of them is a probe."""
    guarded.lapse()
    probe = await guarded.under_way()
    waiting = [await guarded.under_way() for _ in range(20)]
    await probe.finish(well=False)
    waiting += [await guarded.under_way() for _ in range(20)]
    for call in waiting:
        with pytest.raises(CircuitOpenError):
            await call.task


@pytest.mark.parametrize("well", [True, False], ids=["success", "failure"])
async def test_a_result_from_before_the_opening_changes_nothing_in_half_open(
    guarded: Guarded, *, well: bool
) -> None:
    """It neither closes nor re-opens, and takes no probe's place."""
    late = await guarded.under_way()
    guarded.lapse()
    probe = await guarded.under_way()
    await late.finish(well=well)
    assert (guarded.breaker.state, guarded.breaker.snapshot().probes) == (BreakerState.HALF_OPEN, 1)
    await probe.finish(well=True)


async def test_failures_from_before_the_opening_do_not_trip_the_recovered_circuit(guarded: Guarded) -> None:
    """They speak of a world that is gone."""
    late = [await guarded.under_way() for _ in range(5)]
    guarded.lapse()
    assert await guarded.run(fine) == "fine"
    for call in late:
        await call.finish(well=False)
    assert (guarded.breaker.state, guarded.breaker.snapshot().failures) == (BreakerState.CLOSED, 0)


@pytest.mark.parametrize("well", [True, False], ids=["success", "failure"])
async def test_a_late_result_while_open_changes_nothing(guarded: Guarded, *, well: bool) -> None:
    """A failure does not make the open time longer, and a success does not end it."""
    late = await guarded.under_way()
    await guarded.fail()
    guarded.clock.jump(40)
    await late.finish(well=well)
    assert (guarded.breaker.state, guarded.breaker.snapshot().retry_after) == (BreakerState.OPEN, 20)


async def test_cancelled_calls_are_no_failures_and_clear_none(guarded: Guarded) -> None:
    """What was counted before stays counted."""
    await guarded.fail(times=1)
    for _ in range(10):
        await (await guarded.under_way()).cancel()
    assert (guarded.breaker.state, guarded.breaker.snapshot().failures) == (BreakerState.CLOSED, 1)
    await guarded.fail(times=1)
    assert guarded.breaker.state is BreakerState.OPEN


async def test_an_ignored_error_neither_counts_nor_clears(guarded: Guarded) -> None:
    """Neither good news nor bad."""
    await guarded.fail(times=1)
    for _ in range(10):
        with pytest.raises(RateLimitError):
            await guarded.run(limited)
    assert (guarded.breaker.state, guarded.breaker.snapshot().failures) == (BreakerState.CLOSED, 1)


async def test_a_jump_of_the_wall_clock_changes_nothing(guarded: Guarded) -> None:
    """Back or forward: the window and the open time are as long as before."""
    await guarded.fail(times=1)
    guarded.clock.set_wall(0.0)
    await guarded.fail(times=1)
    guarded.clock.set_wall(1e12)
    with pytest.raises(CircuitOpenError):
        await guarded.run(fine)
    guarded.clock.jump(60)
    guarded.clock.set_wall(0.0)
    assert await guarded.run(fine) == "fine"


async def test_a_broken_listener_harms_nobody(guarded: Guarded, caplog: pytest.LogCaptureFixture) -> None:
    """It loses no result, replaces no error and stops no transition."""

    def broken(event: Event) -> None:
        raise ValueError(event)

    for step in (guarded.fail, lambda: guarded.run(fine)):
        guarded.breaker.listeners.add(broken)
        await step()
        guarded.clock.jump(60)
    assert guarded.breaker.state is BreakerState.CLOSED
    assert len(caplog.records) == 2


async def test_a_listener_may_call_the_breaker_again(guarded: Guarded) -> None:
    """From within the call that moved it."""
    nested: list[asyncio.Task[str]] = []

    def reset(event: Event) -> None:
        if isinstance(event, CircuitChanged) and event.after is BreakerState.OPEN:
            guarded.breaker.reset()
            nested.append(asyncio.create_task(guarded.run(fine)))

    guarded.breaker.listeners.add(reset)
    await guarded.fail()
    assert (guarded.breaker.state, await nested[0]) == (BreakerState.CLOSED, "fine")


def test_it_works_in_two_loops_and_in_two_threads(guarded: Guarded) -> None:
    """It opens in one loop, rejects in a second and recovers in the loop of another thread."""
    asyncio.run(guarded.fail())
    with pytest.raises(CircuitOpenError):
        asyncio.run(guarded.run(fine))
    guarded.clock.jump(60)
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(asyncio.run, guarded.run(fine)).result() == "fine"
    assert guarded.breaker.state is BreakerState.CLOSED
