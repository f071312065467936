"""A pipeline in front of a circuit breaker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

import viber.errors
from viber.errors import CircuitOpenError, Delivery, NotFoundError, ServerError
from viber.machines import BreakerState, CircuitBreakerConfig, RetryConfig
from viber.observability import CircuitChanged, Listeners, RetryScheduled
from viber.resilience import Call, CircuitBreaker, Deadline, Pipeline
from viber.testing import EventRecorder, FakeClock

MakePipeline = Callable[..., Pipeline]
MakeScript = Callable[..., Any]
ONCE = RetryConfig(max_attempts=1)


@pytest.fixture
def listeners(recorder: EventRecorder) -> Listeners:
    return Listeners(recorder)


@pytest.fixture
def breaker(clock: FakeClock, listeners: Listeners) -> CircuitBreaker:
    """Two failures open it for 60 s; one probe at a time, and one good one closes it."""
    config = CircuitBreakerConfig(failure_threshold=2, half_open_max_calls=1, reset_jitter=0)
    return CircuitBreaker("quotes", config, clock=clock, listeners=listeners)


async def test_attempts_are_what_is_counted(
    make_pipeline: MakePipeline, script: MakeScript, breaker: CircuitBreaker
) -> None:
    """Each attempt is news for the breaker, not only the last one."""
    await make_pipeline(breaker=breaker, idempotent=True).run(script(OSError(), "there"))
    assert breaker.snapshot().failures == 1


async def test_the_tripping_call_raises_its_own_error(
    make_pipeline: MakePipeline, script: MakeScript, breaker: CircuitBreaker
) -> None:
    """The call that opens the circuit is told of the service's failure, not of the circuit."""
    pipeline = make_pipeline(breaker=breaker, retry=ONCE)
    for _ in range(2):
        with pytest.raises(ServerError, match="broken"):
            await pipeline.run(script(ServerError("broken")))
    assert pipeline.state == "open"


async def test_an_open_circuit_rejects_without_a_call(
    make_pipeline: MakePipeline, script: MakeScript, breaker: CircuitBreaker, clock: FakeClock
) -> None:
    """A rejection touches nothing, waits for nothing, is not repeated, and says when to come back."""
    breaker.isolate()
    fn = script("never")
    with pytest.raises(CircuitOpenError) as caught:
        await make_pipeline(breaker=breaker, idempotent=True).run(fn)
    error = caught.value
    assert (error.delivery, error.attempts, error.service) == (Delivery.NOT_SENT, 0, "quotes")
    assert (fn.calls, clock.now()) == ([], 0.0)
    assert not hasattr(error, "__notes__")


async def test_a_circuit_that_opens_between_attempts_ends_with_the_real_error(
    make_pipeline: MakePipeline, script: MakeScript, breaker: CircuitBreaker
) -> None:
    """A retry that meets an open circuit raises the previous attempt's error, with a note."""
    first, second = ServerError("first"), ServerError("second")
    context = second.__context__ = LookupError("context")
    with pytest.raises(ServerError) as caught:
        await make_pipeline(breaker=breaker, idempotent=True).run(script(first, second, "never"))
    assert caught.value is second
    assert second.__context__ is context
    assert not second.__suppress_context__
    assert second.__notes__ == [
        "attempt 1 failed with ServerError: first; waited 0.500 s",
        "not repeated: the circuit has opened",
    ]
    assert second.attempts == 2


async def test_each_rejection_is_fresh(make_pipeline: MakePipeline, breaker: CircuitBreaker) -> None:
    """No traceback and no note is shared between rejections."""
    breaker.isolate()
    pipeline = make_pipeline(breaker=breaker)
    errors = await asyncio.gather(
        *(pipeline.run(asyncio.sleep, 0) for _ in range(10)), return_exceptions=True
    )
    assert len({id(error) for error in errors}) == 10


async def test_a_timeout_is_a_failure(
    make_pipeline: MakePipeline, breaker: CircuitBreaker, clock: FakeClock
) -> None:
    """Silence says that the service is not well."""
    with pytest.raises(viber.errors.TimeoutError):
        await make_pipeline(breaker=breaker, timeout=1.0).run(clock.sleep, 60)
    assert breaker.snapshot().failures == 1


async def test_a_cancellation_is_no_failure(make_pipeline: MakePipeline, breaker: CircuitBreaker) -> None:
    """A caller that gives up says nothing of the service."""
    call = asyncio.create_task(make_pipeline(breaker=breaker).run(asyncio.Event().wait))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert breaker.snapshot().failures == 0


async def test_a_cancelled_probe_gives_its_place_back(
    make_pipeline: MakePipeline, breaker: CircuitBreaker, clock: FakeClock
) -> None:
    """The next caller may probe at once; the circuit neither closed nor opened."""
    breaker.acquire().failure()
    breaker.acquire().failure()
    clock.jump(60)
    call = asyncio.create_task(make_pipeline(breaker=breaker).run(asyncio.Event().wait))
    await asyncio.sleep(0)
    assert breaker.snapshot().probes == 1
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert (breaker.snapshot().probes, breaker.state) == (0, BreakerState.HALF_OPEN)


async def test_a_call_that_was_never_made_is_no_news(
    make_pipeline: MakePipeline, breaker: CircuitBreaker
) -> None:
    """Time that ran out here, before anything was sent, is not the service's failure."""
    inner = make_pipeline("inner")

    async def too_late() -> None:
        with Deadline(0):
            await inner.run(asyncio.sleep, 0)

    with pytest.raises(viber.errors.TimeoutError, match="nothing was sent"):
        await make_pipeline(breaker=breaker, retry=ONCE).run(too_late)
    assert breaker.snapshot().failures == 0


async def test_a_404_is_a_sign_of_life(
    make_pipeline: MakePipeline, script: MakeScript, breaker: CircuitBreaker, clock: FakeClock
) -> None:
    """A probe that is answered closes the circuit, whatever the answer."""
    breaker.acquire().failure()
    breaker.acquire().failure()
    clock.jump(60)
    with pytest.raises(NotFoundError):
        await make_pipeline(breaker=breaker).run(script(NotFoundError("no")))
    assert breaker.state is BreakerState.CLOSED


async def test_the_service_s_wish_lengthens_the_open_time(
    make_pipeline: MakePipeline, script: MakeScript, breaker: CircuitBreaker
) -> None:
    """Retry-After on the failure that opens the circuit holds it open for as long."""
    fn = script(ServerError("busy"), ServerError("busy", retry_after=100.0))
    pipeline = make_pipeline(breaker=breaker, retry=ONCE)
    await asyncio.gather(pipeline.run(fn), pipeline.run(fn), return_exceptions=True)
    assert breaker.snapshot().retry_after == 100.0


async def test_a_probe_s_lease_is_as_long_as_its_attempt(
    make_pipeline: MakePipeline, breaker: CircuitBreaker, clock: FakeClock
) -> None:
    """A probe with a long timeout keeps its place until then."""
    breaker.acquire().failure()
    breaker.acquire().failure()
    await clock.sleep(60)
    call = asyncio.create_task(make_pipeline(breaker=breaker, timeout=300.0).run(clock.sleep, 250))
    await clock.sleep(200)
    assert breaker.snapshot().probes == 1
    await call
    assert breaker.state is BreakerState.CLOSED


async def test_the_breaker_moves_before_the_retry_is_told(
    make_pipeline: MakePipeline,
    script: MakeScript,
    breaker: CircuitBreaker,
    listeners: Listeners,
    recorder: EventRecorder,
) -> None:
    """Events come in the order in which things happened."""
    fn = script(ServerError("first"), ServerError("second"))
    pipeline = make_pipeline(breaker=breaker, idempotent=True, listeners=listeners)
    await asyncio.gather(pipeline.run(fn), return_exceptions=True)
    kinds = [type(event).__name__ for event in recorder.events]
    assert kinds == [
        RetryScheduled.__name__,
        CircuitChanged.__name__,
        RetryScheduled.__name__,
        "CallRejected",
        "CallFinished",
    ]


async def test_a_stream_that_breaks_after_its_call_is_a_failure(
    make_pipeline: MakePipeline, breaker: CircuitBreaker
) -> None:
    """The call outlives its last attempt: a break in the middle is one failure more."""

    async def open_stream(call: Call) -> Call:
        return call

    (await make_pipeline(breaker=breaker).execute(open_stream)).interrupted()
    assert breaker.snapshot().failures == 1
