"""A pipeline has several bodies for a call, and nobody can tell from outside which one it was."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from dataclasses import dataclass, fields, replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viber.errors import (
    BaseError,
    CircuitOpenError,
    ConflictError,
    Delivery,
    RateLimitError,
    ServerError,
    TransportError,
)
from viber.machines import CircuitBreakerConfig, RetryConfig
from viber.observability import Event, Listeners
from viber.resilience import Bulkhead, ChaosFault, CircuitBreaker, Deadline, Pipeline
from viber.testing import EventRecorder, FakeClock

Run = Callable[..., Coroutine[Any, Any, Any]]


def looped(pipeline: Pipeline) -> Run:
    async def run(fn: Run) -> Any:
        async for attempt in pipeline.attempts():
            async with attempt:
                return await fn()
        raise AssertionError("the last attempt returns or raises")

    return run


BODIES: dict[str, Callable[[Pipeline], Run]] = {
    "protected": lambda pipeline: lambda fn: pipeline.protect(fn)(),
    "bulkhead": lambda pipeline: replace(pipeline, bulkhead=Bulkhead(9)).run,
    "chaos": lambda pipeline: replace(pipeline, chaos=[ChaosFault(OSError, rate=0.0)]).run,
    "judged": lambda pipeline: replace(pipeline, classify_result=lambda _: None).run,
    "executed": lambda pipeline: lambda fn: pipeline.execute(lambda _: fn()),
    "looped": looped,
}

ERRORS: dict[str, Callable[[], BaseException]] = {
    "broken": lambda: ServerError("broken"),
    "busy": lambda: ServerError("busy", retry_after=1.5),
    "asks too much": lambda: ServerError("busy", retry_after=99.0),
    "reset": lambda: TransportError("reset"),
    "refused": lambda: TransportError("refused", delivery=Delivery.NOT_SENT),
    "limited": lambda: RateLimitError("slow down"),
    "open": lambda: CircuitOpenError(service="another"),
    "conflict": lambda: ConflictError("duplicate key"),
    "foreign": lambda: LookupError("its own"),
    "system": lambda: ConnectionResetError("reset"),
    "its own timeout": lambda: TimeoutError("its own"),
    "cancelled": asyncio.CancelledError,
}
SECONDS = st.sampled_from([0.0, 0.5, 1.0, 2.5])


@dataclass(frozen=True)
class Outcome:
    """How an attempt ends after so many seconds: with an error, or with a result."""

    after: float
    error: str | None


@dataclass(frozen=True)
class Visit:
    """One call: what its attempts bring, when it comes, and what its caller does to it."""

    pause: float
    outcomes: list[Outcome]
    deadline: float | None
    cancelled_after: float | None


@dataclass(frozen=True)
class Play:
    """A pipeline and the calls that go through it, one after another."""

    timeout: float | None
    total_timeout: float | None
    retry: RetryConfig
    circuit: CircuitBreakerConfig
    idempotent: bool
    visits: list[Visit]


OUTCOMES = st.builds(Outcome, SECONDS, st.none() | st.sampled_from(sorted(ERRORS)))
VISITS = st.builds(
    Visit,
    st.sampled_from([0.0, 1.0, 3.0]),
    st.lists(OUTCOMES, max_size=4),
    st.none() | st.none() | SECONDS,
    st.none() | st.none() | SECONDS,
)
RETRIES = st.builds(
    RetryConfig,
    max_attempts=st.integers(1, 4),
    budget_minimum=st.integers(0, 3),
    jitter=st.sampled_from(["none", "full"]),
)
CIRCUITS = st.builds(
    CircuitBreakerConfig,
    failure_threshold=st.integers(1, 4),
    failure_rate=st.none() | st.just(0.5),
    minimum_calls=st.just(2),
    half_open_max_calls=st.integers(1, 2),
    reset_timeout=st.just(3.0),
)
PLAYS = st.builds(
    Play,
    st.sampled_from([1.0, 2.0]),
    st.none() | st.sampled_from([1.0, 4.0]),
    RETRIES,
    CIRCUITS,
    st.booleans(),
    st.lists(VISITS, min_size=1, max_size=6),
)


class Stage:
    """Where a play is performed through one of the bodies, and what is seen of it."""

    def __init__(self, play: Play, body: Callable[[Pipeline], Run], *, heard: bool) -> None:
        self.clock = clock = FakeClock(auto=True)
        self.recorder = EventRecorder()
        self.breaker = CircuitBreaker("quotes", play.circuit, clock=clock, rng=lambda: 0.5)
        self.pipeline = Pipeline(
            "quotes",
            breaker=self.breaker,
            retry=play.retry,
            timeout=play.timeout,
            total_timeout=play.total_timeout,
            idempotent=play.idempotent,
            clock=clock,
            rng=Random(7).random,
            listeners=Listeners(self.recorder) if heard else Listeners(),
        )
        self.run = body(self.pipeline)
        self.moments: list[float] = []

    async def visit(self, visit: Visit) -> tuple[Any, ...]:
        """Make the call, and tell all that can be known of it afterwards."""
        outcomes = iter(visit.outcomes)

        async def fn() -> str:
            self.moments.append(self.clock.now())
            outcome = next(outcomes, Outcome(0.0, None))
            await self.clock.sleep(outcome.after)
            if outcome.error is not None:
                error = ERRORS[outcome.error]()
                raise error
            return "fine"

        await self.clock.sleep(visit.pause)
        with nullcontext() if visit.deadline is None else Deadline(visit.deadline, clock=self.clock):
            task = asyncio.create_task(self.run(fn))
        if visit.cancelled_after is not None:
            self.clock.call_later(visit.cancelled_after, task.cancel)
        await asyncio.wait([task])
        budget = self.pipeline.budget
        used = None if budget is None else budget.used(self.clock.now())
        return end_of(task), task.cancelling(), self.clock.now(), self.breaker.snapshot(), used


def end_of(task: asyncio.Task[Any]) -> tuple[Any, ...]:
    if task.cancelled():
        return ("cancelled",)
    error = task.exception()
    if error is None:
        return ("result", task.result())
    names = ["code", "attempts", "delivery", "retry_after", "service"] if isinstance(error, BaseError) else []
    facts = {name: getattr(error, name) for name in names}
    return type(error), str(error), getattr(error, "__notes__", []), type(error.__cause__), facts


def told(event: Event) -> tuple[Any, ...]:
    names = [field.name for field in fields(event) if field.name not in {"operation", "error"}]
    return type(event), [getattr(event, name) for name in names], repr(getattr(event, "error", None))


async def perform(
    play: Play, body: Callable[[Pipeline], Run], *, heard: bool = False
) -> tuple[list[Any], list[Any]]:
    """What is seen of all the calls, and what listeners were told."""
    stage = Stage(play, body, heard=heard)
    seen = [await stage.visit(visit) for visit in play.visits]
    return [*seen, stage.moments], [told(event) for event in stage.recorder.events]


def plain(pipeline: Pipeline) -> Run:
    return pipeline.run


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@settings(max_examples=100, deadline=None)
@given(play=PLAYS)
def test_every_body_does_the_same(body: Callable[[Pipeline], Run], play: Play) -> None:
    """The same calls at the same moments, the same errors and notes, the same news for circuit and budget."""
    assert asyncio.run(perform(play, body)) == asyncio.run(perform(play, plain))


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@settings(max_examples=40, deadline=None)
@given(play=PLAYS)
def test_every_body_tells_the_same(body: Callable[[Pipeline], Run], play: Play) -> None:
    """Listeners hear the same, and that they listen changes nothing."""
    heard = asyncio.run(perform(play, body, heard=True))
    assert heard == asyncio.run(perform(play, plain, heard=True))
    assert heard[0] == asyncio.run(perform(play, plain))[0]
