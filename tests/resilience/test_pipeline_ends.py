"""What stands at the two ends of a pipeline: the fallback around everything, chaos around the function."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

import viber.errors
from viber.errors import CircuitOpenError, ServerError
from viber.machines import RetryConfig
from viber.observability import CallFinished, FallbackUsed, Listeners, RetryScheduled
from viber.resilience import (
    Call,
    ChaosFault,
    ChaosLatency,
    ChaosResult,
    CircuitBreaker,
    Deadline,
    Fallback,
    Pipeline,
)
from viber.testing import EventRecorder, FakeClock

MakePipeline = Callable[..., Pipeline]
MakeScript = Callable[..., Any]
STEADY = RetryConfig(jitter="none")


async def instead(error: Exception) -> str:
    return f"instead of {type(error).__name__}"


async def test_the_fallback_answers_when_all_attempts_have_failed(
    make_pipeline: MakePipeline, script: MakeScript, recorder: EventRecorder
) -> None:
    """The call is over by then, and was a failure for whoever listens."""
    listeners = Listeners(recorder)
    fallback = Fallback(instead, on=ServerError, listeners=listeners)
    pipeline = make_pipeline(fallback=fallback, idempotent=True, listeners=listeners, retry=STEADY)
    fn = script(*[ServerError("broken")] * 3)
    assert await pipeline.run(fn) == "instead of ServerError"
    kinds = [type(event) for event in recorder.events]
    assert kinds == [RetryScheduled, RetryScheduled, CallFinished, FallbackUsed]


async def test_the_fallback_answers_for_a_call_that_was_not_made(
    make_pipeline: MakePipeline, script: MakeScript, clock: FakeClock
) -> None:
    """A circuit that is open, or a deadline that is over."""
    breaker = CircuitBreaker("quotes", clock=clock)
    fallback = Fallback(instead, on=(CircuitOpenError, viber.errors.TimeoutError))
    pipeline = make_pipeline(fallback=fallback, breaker=breaker, timeout=5.0)
    with Deadline(0.0, clock=clock):
        assert await pipeline.protect(script("never"))() == "instead of TimeoutError"
    breaker.isolate()
    assert await pipeline.run(script("never")) == "instead of CircuitOpenError"


async def test_the_fallback_is_not_bounded_by_the_time_of_the_call(
    make_pipeline: MakePipeline, clock: FakeClock
) -> None:
    """When it is needed, that time is over."""

    async def slowly(_: Exception) -> float:
        await clock.sleep(10)
        return clock.now()

    pipeline = make_pipeline(fallback=Fallback(slowly, on=viber.errors.TimeoutError), total_timeout=2.0)
    assert await pipeline.run(clock.sleep, 60) == 12


async def test_no_fallback_catches_a_cancellation(make_pipeline: MakePipeline) -> None:
    """Who cancels gets a cancelled task."""
    pipeline = make_pipeline(fallback=Fallback(instead, on=Exception), clock=FakeClock(), timeout=5.0)
    task = asyncio.create_task(pipeline.run(asyncio.Event().wait))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def test_chaos_is_suffered_like_the_service_s_own_trouble(
    make_pipeline: MakePipeline, clock: FakeClock, script: MakeScript
) -> None:
    """Its faults are counted and repeated, and the function is not called."""
    breaker, fn = CircuitBreaker("quotes", clock=clock), script()
    fault = ChaosFault(ConnectionResetError, rate=1.0)
    pipeline = make_pipeline(chaos=[fault], breaker=breaker, idempotent=True, retry=STEADY)
    with pytest.raises(ConnectionResetError) as caught:
        await pipeline.run(fn)
    assert (breaker.snapshot().failures, fn.calls, clock.now()) == (3, [], 3.0)
    assert caught.value.__notes__[-1] == "no attempts left"


async def test_a_delay_of_chaos_counts_against_the_attempt(
    make_pipeline: MakePipeline, clock: FakeClock, script: MakeScript
) -> None:
    """As if the service were slow."""
    latency = ChaosLatency(1.5, rate=1.0, clock=clock)
    fn = script("there", lambda: clock.sleep(1))
    pipeline = make_pipeline(chaos=[latency], timeout=2.0)
    assert await pipeline.run(fn) == "there"
    with pytest.raises(viber.errors.TimeoutError):
        await pipeline.run(fn)
    assert (fn.calls, clock.now()) == ([1.5, 3.0], 3.5)


async def test_chaos_policies_stand_one_within_the_other(
    make_pipeline: MakePipeline, clock: FakeClock, script: MakeScript
) -> None:
    """The first is outermost: a delay before a fault is felt, and one behind it is not."""
    latency, fault = ChaosLatency(1.5, rate=1.0, clock=clock), ChaosResult("no", rate=1.0)
    fn = script()
    assert await make_pipeline(chaos=[latency, fault]).run(fn) == "no"
    assert await make_pipeline(chaos=[fault, latency]).run(fn) == "no"
    assert (clock.now(), fn.calls) == (1.5, [])


async def test_chaos_that_sleeps_is_not_felt(make_pipeline: MakePipeline, script: MakeScript) -> None:
    """Switched off, the function gets its arguments, and a service its call."""
    asleep = ChaosFault(ConnectionResetError, rate=1.0, enabled=False)
    pipeline = make_pipeline(chaos=[asleep])

    async def number(call: Call) -> int:
        return call.number

    assert await pipeline.execute(number) == 1
    assert await pipeline.run(script("there")) == "there"
