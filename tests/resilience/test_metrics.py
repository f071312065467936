"""What a pipeline counts, whichever way a call takes through it."""

from __future__ import annotations

import asyncio

import pytest

from viber.errors import Delivery, TransportError
from viber.machines import RetryConfig
from viber.observability import CallFinished, Event, Listeners, Metrics, ServiceMetrics
from viber.resilience import CircuitBreaker, Deadline, Pipeline
from viber.testing import FakeClock


class Rig:
    """A pipeline that counts, and a function that does as it is told."""

    def __init__(self, *listening: object, **policies: object) -> None:
        self.clock = FakeClock()
        self.metrics = Metrics(self.clock.now)
        listeners = Listeners(*listening, metrics=self.metrics)  # type: ignore[arg-type]
        self.pipeline = Pipeline("quotes", clock=self.clock, listeners=listeners, **policies)  # type: ignore[arg-type]

    async def fetch(self, *outcomes: object) -> str:
        steps = list(outcomes)

        async def attempt() -> str:
            await self.clock.sleep(0.25)
            step = steps.pop(0)
            if isinstance(step, BaseException):
                raise step
            return str(step)

        task = asyncio.create_task(self.pipeline.run(attempt))
        while not task.done():
            await self.clock.advance(0.25)
        return await task

    @property
    def seen(self) -> ServiceMetrics:
        return self.metrics.snapshot()["quotes"]


async def test_a_call_is_counted_once_with_its_duration() -> None:
    """Also where nobody else listens and nothing had to be noted."""
    rig = Rig()
    await rig.fetch("ok")
    assert (rig.seen.calls, rig.seen.attempts, rig.seen.latency.sum, rig.seen.errors) == (1, 1, 0.25, {})


async def test_listeners_beside_change_no_number() -> None:
    """A call is counted once and told once."""
    told: list[Event] = []
    rig = Rig(told.append)
    await rig.fetch("ok")
    assert (rig.seen.calls, sum(isinstance(event, CallFinished) for event in told)) == (1, 1)


async def test_a_call_within_a_deadline_is_counted() -> None:
    """It takes the longer way, and counts the same."""
    rig = Rig(breaker=CircuitBreaker("quotes"), timeout=None, total_timeout=None)
    with Deadline(60.0):
        await rig.fetch("ok")
    assert (rig.seen.calls, rig.seen.latency.sum) == (1, 0.25)


async def test_a_failure_is_counted_by_its_code() -> None:
    """One that ends the call with its first attempt, whoever listens."""
    rig = Rig()
    with pytest.raises(KeyError):
        await rig.fetch(KeyError("x"))
    assert (rig.seen.calls, rig.seen.errors) == (1, {"KeyError": 1})


async def test_a_repeated_call_is_one_call() -> None:
    """Its attempts and their reasons are counted beside it."""
    rig = Rig(retry=RetryConfig(max_attempts=3, jitter="none"), idempotent=True)
    lost = TransportError("reset", delivery=Delivery.UNKNOWN)
    await rig.fetch(lost, lost, "ok")
    assert (rig.seen.calls, rig.seen.attempts, rig.seen.errors) == (1, 3, {})
    assert rig.seen.retries == {TransportError.code: 2}


async def test_our_own_timeout_is_an_error_like_others() -> None:
    """It is counted by the code of the error that the caller gets."""
    rig = Rig(timeout=0.1, retry=RetryConfig(max_attempts=1))
    with pytest.raises(TimeoutError):
        await rig.fetch("late")
    assert (rig.seen.calls, list(rig.seen.errors)) == (1, ["timeout.attempt"])


async def test_a_cancelled_call_is_counted_as_one() -> None:
    """It is no error of the service, and not silent."""
    rig = Rig()
    task = asyncio.create_task(rig.pipeline.run(rig.clock.sleep, 60.0))
    await rig.clock.advance(1.0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert rig.seen.errors == {"cancelled": 1}
