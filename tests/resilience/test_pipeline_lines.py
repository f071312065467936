"""Waiting in a pipeline: first the circuit, then the bulkhead, then the rate limit, and the permit last."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

import viber.errors
from viber.errors import CircuitOpenError, Delivery, RateLimitError, ServerError
from viber.machines import BreakerState, CircuitBreakerConfig, RateLimit, RetryConfig
from viber.observability import CallFinished, CallRejected, CallWaited, Listeners
from viber.resilience import Bulkhead, CircuitBreaker, Deadline, Pipeline, RateLimiter
from viber.testing import EventRecorder, FakeClock

MakePipeline = Callable[..., Pipeline]
MakeScript = Callable[..., Any]
STEADY = RetryConfig(jitter="none")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def breaker(clock: FakeClock) -> CircuitBreaker:
    """Two failures open it for 60 s; one probe at a time, and one good one closes it."""
    config = CircuitBreakerConfig(failure_threshold=2, half_open_max_calls=1, reset_jitter=0)
    return CircuitBreaker("quotes", config, clock=clock)


@pytest.fixture
def bulkhead(clock: FakeClock) -> Bulkhead:
    return Bulkhead(1, clock=clock)


@pytest.fixture
def limiter(clock: FakeClock) -> RateLimiter:
    """One request every ten seconds."""
    return RateLimiter(RateLimit(requests=1, per=10.0), clock=clock)


@pytest.fixture
def pipeline(
    make_pipeline: MakePipeline, breaker: CircuitBreaker, bulkhead: Bulkhead, limiter: RateLimiter
) -> Pipeline:
    return make_pipeline(breaker=breaker, bulkhead=bulkhead, limiter=limiter, retry=STEADY)


async def nothing() -> None:
    """Be done at once."""


async def begin(clock: FakeClock, call: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """Let a call run to where it waits."""
    task = asyncio.create_task(call)
    await clock.settle()
    return task


def fail(breaker: CircuitBreaker) -> None:
    for _ in range(2):
        breaker.acquire().failure()


async def error_of(task: asyncio.Task[Any]) -> BaseException:
    await asyncio.wait([task])
    error = task.exception()
    assert error is not None
    return error


def used(limiter: RateLimiter) -> int:
    return limiter.status().limits[0].used


def lines(pipeline: Pipeline) -> dict[str, int]:
    """How full they are."""
    bulkhead, limiter = pipeline.bulkhead, pipeline.limiter
    assert bulkhead is not None
    assert limiter is not None
    return {
        "taken": bulkhead.taken,
        "waiting": bulkhead.waiting,
        "used": used(limiter),
        "waiting for the limit": limiter.status().waiting,
    }


async def test_an_open_circuit_is_seen_before_anything_is_queued(
    pipeline: Pipeline, breaker: CircuitBreaker, bulkhead: Bulkhead, limiter: RateLimiter
) -> None:
    """The call is rejected at once although it would have had to wait, and takes nothing."""
    await bulkhead.acquire()
    breaker.isolate()
    with pytest.raises(CircuitOpenError):
        await pipeline.run(nothing)
    assert (bulkhead.waiting, bulkhead.taken, used(limiter)) == (0, 1, 0)


async def test_a_grant_is_taken_when_there_is_a_place_to_use_it(
    pipeline: Pipeline, bulkhead: Bulkhead, limiter: RateLimiter, clock: FakeClock
) -> None:
    """The bulkhead stands in front of the limiter: who waits for a place holds no grant."""
    await bulkhead.acquire()
    call = await begin(clock, pipeline.run(nothing))
    assert (bulkhead.waiting, used(limiter)) == (1, 0)
    bulkhead.release()
    await call
    assert (bulkhead.taken, used(limiter)) == (0, 1)


async def test_the_permit_is_taken_last(
    pipeline: Pipeline, breaker: CircuitBreaker, bulkhead: Bulkhead, clock: FakeClock
) -> None:
    """Who waits is no probe yet, so that the age of a permit is that of its attempt."""
    fail(breaker)
    clock.jump(60)
    await bulkhead.acquire()
    call = await begin(clock, pipeline.run(asyncio.Event().wait))
    await clock.advance(1000)
    assert (breaker.state, breaker.snapshot().probes) == (BreakerState.OPEN, 0)
    bulkhead.release()
    await clock.advance(59)
    assert (breaker.state, breaker.snapshot().probes) == (BreakerState.HALF_OPEN, 1)
    call.cancel()
    await asyncio.wait([call])
    assert breaker.snapshot().probes == 0


async def test_what_was_taken_for_a_call_without_permit_goes_back(
    make_pipeline: MakePipeline, breaker: CircuitBreaker, clock: FakeClock
) -> None:
    """Of two callers that waited for the end of the open time one is the probe; the other holds nothing."""
    bulkhead, limiter = Bulkhead(2, clock=clock), RateLimiter(RateLimit(requests=9, per=10.0), clock=clock)
    pipeline = make_pipeline(breaker=breaker, bulkhead=bulkhead, limiter=limiter)
    await bulkhead.acquire()
    await bulkhead.acquire()
    fail(breaker)
    clock.jump(60)
    probe = await begin(clock, pipeline.run(asyncio.Event().wait))
    other = await begin(clock, pipeline.run(nothing))
    bulkhead.release()
    bulkhead.release()
    error = await error_of(other)
    assert isinstance(error, CircuitOpenError)
    assert (bulkhead.taken, used(limiter)) == (1, 1)
    probe.cancel()


async def lined_up(clock: FakeClock, pipeline: Pipeline) -> list[asyncio.Task[Any]]:
    """One call waits for the limit, in the only place, and three wait for that."""
    assert pipeline.limiter is not None
    await pipeline.limiter.acquire()
    return [await begin(clock, pipeline.run(nothing)) for _ in range(4)]


@pytest.mark.parametrize("opened", [fail, CircuitBreaker.isolate])
async def test_opening_empties_the_lines(
    pipeline: Pipeline, breaker: CircuitBreaker, clock: FakeClock, opened: Callable[[CircuitBreaker], None]
) -> None:
    """Whoever waits in front of a circuit that opens is turned away at once, each with its own error."""
    calls = await lined_up(clock, pipeline)
    assert lines(pipeline) == {"taken": 1, "waiting": 3, "used": 1, "waiting for the limit": 1}
    opened(breaker)
    errors = [await error_of(call) for call in calls]
    assert [type(error) for error in errors] == [CircuitOpenError] * 4
    assert len({id(error) for error in errors}) == 4
    assert {getattr(error, "delivery", None) for error in errors} == {Delivery.NOT_SENT}
    assert lines(pipeline) == {"taken": 0, "waiting": 0, "used": 1, "waiting for the limit": 0}
    assert (clock.now(), clock.pending) == (0.0, 0)


async def test_a_circuit_that_opens_in_the_turn_of_an_admission_is_seen(
    pipeline: Pipeline, breaker: CircuitBreaker, clock: FakeClock
) -> None:
    """Who has just got a place does not queue at the limiter of a service that is known to be down."""
    calls = await lined_up(clock, pipeline)
    calls[0].cancel()
    await asyncio.sleep(0)  # the next one has the place now, and has not run yet
    assert lines(pipeline) == {"taken": 1, "waiting": 2, "used": 1, "waiting for the limit": 0}
    breaker.isolate()
    assert [type(await error_of(call)) for call in calls[1:]] == [CircuitOpenError] * 3
    assert lines(pipeline) == {"taken": 0, "waiting": 0, "used": 1, "waiting for the limit": 0}


async def test_a_wait_counts_against_the_whole_call_and_not_against_the_attempt(
    pipeline: Pipeline, breaker: CircuitBreaker, bulkhead: Bulkhead, clock: FakeClock
) -> None:
    """Five seconds in line leave an attempt its two; what it takes more is the attempt's timeout."""
    await bulkhead.acquire()
    bounded = pipeline.with_options(timeout=2.0, total_timeout=8.0)
    call = await begin(clock, bounded.run(clock.sleep, 60))
    await clock.advance(5)
    bulkhead.release()
    await clock.advance(2)
    error = await error_of(call)
    assert (clock.now(), getattr(error, "code", None)) == (7.0, "timeout.attempt")
    assert breaker.snapshot().failures == 1


@pytest.mark.parametrize("bound", ["total_timeout", "deadline"])
async def test_a_wait_ends_with_the_time_of_the_call(
    pipeline: Pipeline, breaker: CircuitBreaker, bulkhead: Bulkhead, clock: FakeClock, bound: str
) -> None:
    """Nothing was sent, the error says so, and it is no failure of the service."""
    await bulkhead.acquire()

    async def call() -> None:
        if bound == "total_timeout":
            await pipeline.with_options(timeout=2.0, total_timeout=8.0).run(nothing)
        else:
            with Deadline(8.0, clock=clock):
                await pipeline.run(nothing)

    task = await begin(clock, call())
    await clock.advance(8)
    error = await error_of(task)
    assert isinstance(error, viber.errors.TimeoutError)
    assert (error.delivery, error.attempts, error.service) == (Delivery.NOT_SENT, 0, "quotes")
    assert (bulkhead.waiting, breaker.snapshot().failures, clock.pending) == (0, 0, 0)


@pytest.mark.parametrize("free", [True, False], ids=["free limit", "used limit"])
async def test_a_place_that_comes_too_late_is_given_back(
    pipeline: Pipeline, bulkhead: Bulkhead, limiter: RateLimiter, clock: FakeClock, *, free: bool
) -> None:
    """A caller that is admitted and then finds its time over sends nothing and holds nothing."""
    await bulkhead.acquire()
    if not free:
        await limiter.acquire()
    before = used(limiter)
    call = await begin(clock, pipeline.with_options(total_timeout=8.0).run(nothing))
    bulkhead.release()
    clock.jump(9)
    error = await error_of(call)
    assert isinstance(error, viber.errors.TimeoutError if free else RateLimitError)
    assert (bulkhead.taken, used(limiter), limiter.status().waiting) == (0, before, 0)


async def test_a_refusal_in_line_is_no_failure_and_is_not_repeated(
    make_pipeline: MakePipeline, breaker: CircuitBreaker, clock: FakeClock, script: MakeScript
) -> None:
    """A full queue says that there are too many of us: the service has done nothing."""
    fn, bulkhead = script("never"), Bulkhead(1, max_queue=0, clock=clock)
    await bulkhead.acquire()
    pipeline = make_pipeline(breaker=breaker, bulkhead=bulkhead, idempotent=True)
    with pytest.raises(RateLimitError) as caught:
        await pipeline.run(fn)
    assert (caught.value.code, caught.value.delivery) == ("bulkhead.full", Delivery.NOT_SENT)
    assert (fn.calls, clock.now(), breaker.snapshot().failures) == ([], 0.0, 0)


async def test_the_place_is_free_while_a_call_waits_for_its_next_attempt(
    pipeline: Pipeline, bulkhead: Bulkhead, clock: FakeClock, script: MakeScript
) -> None:
    """Between attempts a call holds no place, and lines up again."""
    fn = script(ServerError("broken"), "there")
    call = await begin(clock, pipeline.with_options(idempotent=True).run(fn))
    assert (len(fn.calls), bulkhead.taken) == (1, 0)
    await clock.advance(10)
    assert (await call, fn.calls, bulkhead.taken) == ("there", [0.0, 10.0], 0)


async def test_each_wait_is_told(
    make_pipeline: MakePipeline, clock: FakeClock, recorder: EventRecorder
) -> None:
    """Who waited tells for how long, who was turned away why, and each call its whole duration."""
    listeners = Listeners(recorder)
    limiter = RateLimiter(RateLimit(requests=1, per=10.0), clock=clock, listeners=listeners)
    pipeline = make_pipeline(limiter=limiter, listeners=listeners)
    await pipeline.run(nothing)
    with pytest.raises(RateLimitError):
        await pipeline.with_options(total_timeout=9.0).run(nothing)
    call = await begin(clock, pipeline.run(nothing))
    await clock.advance(10)
    await call
    assert [(event.gate, event.retry_after) for event in recorder.of(CallRejected)] == [("rate limit", 10.0)]
    assert [(event.gate, event.seconds) for event in recorder.of(CallWaited)] == [("rate limit", 10.0)]
    finished = [(event.attempts, event.duration) for event in recorder.of(CallFinished)]
    assert finished == [(1, 0.0), (0, 0.0), (1, 10.0)]


def test_lines_belong_to_one_event_loop(pipeline: Pipeline, bulkhead: Bulkhead) -> None:
    """In another one a call is refused with what to do about it, and takes nothing."""
    asyncio.run(pipeline.run(nothing))
    with pytest.raises(RuntimeError, match="make one per event loop"):
        asyncio.run(pipeline.run(nothing))
    assert bulkhead.taken == 0
