"""One circuit breaker for several threads and event loops."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from viber.errors import CircuitOpenError
from viber.machines import BreakerState, CircuitBreakerConfig
from viber.observability import CircuitChanged, Listeners
from viber.resilience import CircuitBreaker, Permit
from viber.testing import EventRecorder, FakeClock

THREADS = 16


@pytest.fixture
def breaker(clock: FakeClock, recorder: EventRecorder) -> CircuitBreaker:
    """Three failures open it; two probes may be out, and two good ones close it."""
    config = CircuitBreakerConfig(failure_threshold=3, half_open_max_calls=2, reset_jitter=0)
    return CircuitBreaker("quotes", config, clock=clock, listeners=Listeners(recorder))


def at_once(breaker: CircuitBreaker) -> list[Permit | None]:
    """Ask for a permit from many threads at one moment; None is a rejection."""
    barrier = Barrier(THREADS)

    def ask(_: int) -> Permit | None:
        barrier.wait()
        try:
            return breaker.acquire()
        except CircuitOpenError:
            return None

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(ask, range(THREADS)))


def open_it(breaker: CircuitBreaker) -> None:
    for _ in range(3):
        breaker.acquire().failure()


def test_many_threads_at_the_lapse_send_only_the_permitted_probes(
    breaker: CircuitBreaker, clock: FakeClock
) -> None:
    """Whoever comes at the end of the open time: as many pass as may be out, and no more."""
    for _ in range(20):
        open_it(breaker)
        clock.jump(60)
        assert sum(permit is not None for permit in at_once(breaker)) == 2
        breaker.reset()


def test_the_end_of_the_open_time_is_told_once(
    breaker: CircuitBreaker, clock: FakeClock, recorder: EventRecorder
) -> None:
    """One thread begins the half-open state, and one event tells of it."""
    open_it(breaker)
    clock.jump(60)
    at_once(breaker)
    moves = [event.after for event in recorder.of(CircuitChanged)]
    assert moves == [BreakerState.OPEN, BreakerState.HALF_OPEN]


def test_failures_of_many_threads_open_it_once(breaker: CircuitBreaker, recorder: EventRecorder) -> None:
    """Results that come together are counted one by one: none is lost, and one of them opens."""
    permits = [breaker.acquire() for _ in range(THREADS)]
    barrier = Barrier(THREADS)

    def fail(permit: Permit) -> None:
        barrier.wait()
        permit.failure()

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(fail, permits))
    assert [event.after for event in recorder.of(CircuitChanged)] == [BreakerState.OPEN]


async def fine() -> str:
    await asyncio.sleep(0)
    return "fine"


async def boom() -> None:
    await asyncio.sleep(0)
    raise ConnectionResetError


async def outcomes(breaker: CircuitBreaker) -> list[str]:
    results = await asyncio.gather(*(breaker.run(boom) for _ in range(3)), return_exceptions=True)
    return [type(result).__name__ for result in results]


def test_two_loops_in_two_threads_share_it(breaker: CircuitBreaker) -> None:
    """What fails in one loop closes the way for the other."""
    with ThreadPoolExecutor(2) as threads:
        assert threads.submit(asyncio.run, outcomes(breaker)).result() == ["ConnectionResetError"] * 3
        assert threads.submit(asyncio.run, outcomes(breaker)).result() == ["CircuitOpenError"] * 3


def test_two_loops_at_once_agree(breaker: CircuitBreaker, recorder: EventRecorder) -> None:
    """Side by side they open it once, and get errors of the service or rejections and nothing else."""
    barrier = Barrier(2)

    async def rounds() -> set[str]:
        barrier.wait()
        return {name for _ in range(20) for name in await outcomes(breaker)}

    with ThreadPoolExecutor(2) as threads:
        seen = set[str]().union(*threads.map(asyncio.run, [rounds(), rounds()]))
    assert seen == {"ConnectionResetError", "CircuitOpenError"}
    assert [event.after for event in recorder.of(CircuitChanged)] == [BreakerState.OPEN]


def test_one_loop_after_another_uses_it(breaker: CircuitBreaker, clock: FakeClock) -> None:
    """It belongs to no loop: it opens in one and recovers in the next."""
    asyncio.run(outcomes(breaker))
    clock.jump(60)
    assert asyncio.run(breaker.run(fine)) == "fine"
    assert breaker.state is BreakerState.HALF_OPEN


async def test_many_tasks_at_the_lapse_send_only_the_permitted_probes(
    breaker: CircuitBreaker, clock: FakeClock
) -> None:
    """Of many callers in one loop as many become probes as may; when one fails, none of the rest goes."""
    open_it(breaker)
    clock.jump(60)
    called: list[float] = []

    async def relapse() -> None:
        called.append(clock.now())
        await boom()

    results = await asyncio.gather(*(breaker.run(relapse) for _ in range(100)), return_exceptions=True)
    assert len(called) == 2
    assert sum(isinstance(result, CircuitOpenError) for result in results) == 98
    assert breaker.state is BreakerState.OPEN
