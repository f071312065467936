"""Waiting in line, whatever for: order, limits of time, and circuits that open meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from math import inf
from typing import Any

import pytest

from viber.errors import CircuitOpenError
from viber.machines import CircuitBreakerConfig, RateLimit
from viber.observability import CallRejected, Listeners
from viber.resilience import Bulkhead, CircuitBreaker, RateLimiter
from viber.resilience._line import Line, Waiter
from viber.testing import EventRecorder, FakeClock

CLOSES_IN_A_MINUTE = CircuitBreakerConfig(failure_threshold=1, reset_timeout=60.0, reset_jitter=0.0)


class TooLateError(Exception):
    """The end of a wait."""


class Desk:
    """Serves as many as there are places, each a number."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.free: list[int] = []
        self.line = Line[int](clock, serve=self._serve, take_back=self.free_up)

    def free_up(self, place: int) -> None:
        self.free.append(place)
        self._serve()

    async def wait(
        self, within: float = inf, *, circuit: CircuitBreaker | None = None, weight: int = 1
    ) -> int:
        waiter = Waiter[int](weight, self.clock.now() + within, TooLateError)
        return await self.line.wait(waiter, circuit)

    async def join(self, within: float = inf, **options: Any) -> asyncio.Task[int]:
        task = asyncio.create_task(self.wait(within, **options))
        await asyncio.sleep(0)
        return task

    def _serve(self) -> None:
        while self.free and (waiter := self.line.first()):
            self.line.admit(waiter, self.free.pop(0))


@pytest.fixture
def clock() -> FakeClock:
    """A clock that moves when it is told to."""
    return FakeClock()


@pytest.fixture
def desk(clock: FakeClock) -> Desk:
    """A desk without a free place."""
    return Desk(clock)


@pytest.fixture
def breaker(clock: FakeClock) -> CircuitBreaker:
    """A closed circuit that one failure opens for a minute."""
    return CircuitBreaker("quotes", CLOSES_IN_A_MINUTE, clock=clock)


def full_bulkhead(clock: FakeClock) -> Callable[..., Coroutine[Any, Any, object]]:
    bulkhead = Bulkhead(1, clock=clock)
    assert bulkhead.try_acquire()
    return bulkhead.acquire


def spent_limiter(clock: FakeClock) -> Callable[..., Coroutine[Any, Any, object]]:
    limiter = RateLimiter(RateLimit(requests=1, per=60.0), clock=clock)
    assert limiter.try_acquire()
    return limiter.acquire


@pytest.fixture(params=[full_bulkhead, spent_limiter], ids=["bulkhead", "limiter"])
async def acquire(
    request: pytest.FixtureRequest, clock: FakeClock
) -> Callable[..., Coroutine[Any, Any, object]]:
    """A way in at which one has to wait."""
    way_in: Callable[..., Coroutine[Any, Any, object]] = request.param(clock)
    return way_in


Acquire = Callable[..., Coroutine[Any, Any, object]]


async def begin(*calls: Coroutine[Any, Any, object]) -> list[asyncio.Task[object]]:
    tasks = [asyncio.create_task(call) for call in calls]
    await asyncio.sleep(0)
    return tasks


async def test_they_are_served_in_order(desk: Desk, clock: FakeClock) -> None:
    """The first place goes to the first who came."""
    tasks = [await desk.join() for _ in range(3)]
    for place in (7, 8, 9):
        desk.free_up(place)
    assert [await task for task in tasks] == [7, 8, 9]


async def test_a_limit_of_time_ends_the_wait(desk: Desk, clock: FakeClock) -> None:
    """Each at its own moment, whoever stands first."""
    patient, hurried, hasty = [await desk.join(within) for within in (30.0, 20.0, 10.0)]
    await clock.advance(10)
    assert isinstance(hasty.exception(), TooLateError)
    await clock.advance(10)
    assert isinstance(hurried.exception(), TooLateError)
    desk.free_up(1)
    assert await patient == 1
    assert (len(desk.line), desk.line.weight, clock.pending) == (0, 0, 0)


async def test_who_comes_late_with_less_time_is_told_in_time(desk: Desk, clock: FakeClock) -> None:
    """The one timer goes by the shortest limit, not by the first."""
    await desk.join(100.0)
    await clock.advance(5)
    hurried = await desk.join(1.0)
    await clock.advance(1)
    assert isinstance(hurried.exception(), TooLateError)


async def test_a_timer_is_set_for_the_shortest_limit_alone(desk: Desk, clock: FakeClock) -> None:
    """A hundred callers of equal patience cost one timer."""
    timers: list[float] = []
    set_timer = clock.call_later
    clock.call_later = lambda seconds, ring: (timers.append(seconds), set_timer(seconds, ring))[1]  # type: ignore[method-assign]
    for _ in range(100):
        await desk.join(30.0)
    assert timers == [30.0]


async def test_a_turn_that_comes_at_the_end_of_the_limit_is_taken(
    make_limiter: Any, clock: FakeClock
) -> None:
    """Both timers ring at one moment: whoever may go then is not too late."""
    limiter = make_limiter(RateLimit(requests=1, per=10.0))
    limiter.try_acquire()
    tasks = await begin(limiter.acquire(within=10.0))
    clock.jump(10)
    await asyncio.wait(tasks)
    assert tasks[0].exception() is None


async def test_what_is_remembered_of_limits_is_bounded(desk: Desk, clock: FakeClock) -> None:
    """Those who have gone are forgotten, however many came while one waits on."""
    await desk.join(1e6)
    for _ in range(2000):
        task = await desk.join(1000.0)
        task.cancel()
        await asyncio.wait([task])
    assert len(desk.line._limits) < 200
    assert (len(desk.line), clock.pending) == (1, 1)


async def test_they_are_looked_over_in_order(desk: Desk, clock: FakeClock) -> None:
    """Who is refused does not count as standing in front of the others."""
    tasks = [await desk.join(weight=weight) for weight in (1, 2, 4, 8)]
    tasks[1].cancel()
    seen: list[tuple[int, int, int]] = []

    def refuse(waiter: Waiter[int], ahead: int, weight: int) -> Exception | None:
        seen.append((waiter.weight, ahead, weight))
        return TooLateError() if waiter.weight == 4 else None

    desk.line.turn_away(refuse)
    await clock.settle()
    assert seen == [(1, 0, 0), (4, 1, 1), (8, 1, 1)]
    assert [task.done() for task in tasks] == [False, True, True, False]
    assert (len(desk.line), desk.line.weight) == (2, 9)


@pytest.mark.parametrize("is_admitted", [True, False], ids=["admitted", "waiting"])
async def test_a_cancellation_thrown_by_hand_passes(desk: Desk, is_admitted: bool) -> None:  # noqa: FBT001
    """Whoever drives the coroutine may end it as a task would: nothing is kept, nothing is lost."""
    call = desk.wait()
    call.send(None)
    if is_admitted:
        desk.free_up(1)
    with pytest.raises(asyncio.CancelledError):
        call.throw(asyncio.CancelledError())
    assert (len(desk.line), desk.free) == (0, [1] if is_admitted else [])


async def test_a_circuit_that_opens_sends_everybody_away(
    acquire: Acquire, breaker: CircuitBreaker, clock: FakeClock
) -> None:
    """At once, each with an error of its own that says when the next probe may go."""
    breaker.listeners = Listeners(recorder := EventRecorder())
    tasks = await begin(*(acquire(circuit=breaker) for _ in range(3)))
    breaker.acquire().failure()
    await clock.settle()
    errors = [task.exception() for task in tasks]
    assert [(type(error), getattr(error, "retry_after", None)) for error in errors] == [
        (CircuitOpenError, 60.0)
    ] * 3
    assert len(set(map(id, errors))) == 3
    assert recorder.of(CallRejected) == [CallRejected("quotes", "circuit", 60.0, 0.0)] * 3
    assert (breaker._waiting, clock.pending) == ({}, 0)


async def test_a_circuit_opened_in_another_thread_sends_them_away(
    acquire: Acquire, breaker: CircuitBreaker, clock: FakeClock
) -> None:
    """A breaker may be shared by threads: the waiting loop is told in its own."""
    tasks = await begin(*(acquire(circuit=breaker) for _ in range(3)))
    thread = threading.Thread(target=breaker.isolate)
    thread.start()
    done, _ = await asyncio.wait(tasks)
    thread.join()
    assert {type(task.exception()) for task in done} == {CircuitOpenError}
    assert (breaker._waiting, clock.pending) == ({}, 0)


async def test_nobody_waits_in_front_of_an_open_circuit(
    acquire: Acquire, breaker: CircuitBreaker, clock: FakeClock
) -> None:
    """Whoever joins the line after it opened is sent away as those were who stood there."""
    breaker.isolate()
    with pytest.raises(CircuitOpenError):
        await acquire(circuit=breaker)
    assert (breaker._waiting, clock.pending) == ({}, 0)


async def test_another_circuit_is_another_matter(
    acquire: Acquire, breaker: CircuitBreaker, clock: FakeClock
) -> None:
    """In one line stand callers of several services; only those of the open circuit go."""
    other = CircuitBreaker("other", clock=clock)
    ours, theirs, nobodys = await begin(acquire(circuit=breaker), acquire(circuit=other), acquire())
    breaker.isolate()
    await clock.settle()
    assert [task.done() for task in (ours, theirs, nobodys)] == [True, False, False]
    assert isinstance(ours.exception(), CircuitOpenError)
    for task in (theirs, nobodys):
        task.cancel()
    await asyncio.wait([theirs, nobodys])


async def test_whose_turn_has_come_is_not_sent_away(
    desk: Desk, breaker: CircuitBreaker, clock: FakeClock
) -> None:
    """A circuit that opens in the very turn is met a moment later, by whoever asks for its permit."""
    task = await desk.join(circuit=breaker)
    desk.free_up(1)
    breaker.isolate()
    assert await task == 1
    assert breaker._waiting == {}


async def test_a_cancellation_goes_before_a_circuit(
    desk: Desk, breaker: CircuitBreaker, clock: FakeClock
) -> None:
    """Sent away and cancelled in one turn: it is cancelled."""
    task = await desk.join(circuit=breaker)
    breaker.isolate()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert (len(desk.line), breaker._waiting) == (0, {})


def test_a_loop_that_is_gone_disturbs_nobody(clock: FakeClock, breaker: CircuitBreaker) -> None:
    """Who waited in a loop that was closed under him cannot be told; the circuit opens all the same."""
    desk = Desk(clock)
    loop = asyncio.new_event_loop()
    abandoned: Any = loop.create_task(desk.wait(circuit=breaker))
    abandoned._log_destroy_pending = False
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    breaker.isolate()
    assert breaker.state.value == "isolated"
