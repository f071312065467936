"""A simulated life is the life that a real pipeline has on a fake clock, moment for moment."""

import asyncio
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, field
from math import inf
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from viber.errors import Delivery, NotFoundError, RateLimitError, ServerError, TransportError
from viber.machines import CircuitBreakerConfig, RateLimit, RetryConfig, Transition
from viber.observability import CircuitChanged
from viber.resilience import Bulkhead, CircuitBreaker, Pipeline, RateLimiter
from viber.testing import EventRecorder, FakeClock
from viber.testing._simulation import play
from viber.testing._simulation_service import (
    Errors,
    Fault,
    Outage,
    Outcome,
    ScriptedService,
    SimulatedService,
    Slow,
)

DURATION = 1000.0


def eighths(least: int, most: int) -> st.SearchStrategy[float]:
    """Times that neither floats nor a clock in nanoseconds round."""
    return st.integers(least, most).map(lambda count: count / 8)


def limits_of_time(least: int, most: int) -> st.SearchStrategy[float]:
    """Limits that never end at the moment at which something else happens: see `latencies`."""
    return eighths(least, most).map(lambda seconds: seconds + 1 / 512)


def latencies(least: int, most: int) -> st.SearchStrategy[float]:
    """Answers that never come at the moment of a turn: which of two timers rings first says nothing."""
    return eighths(least, most).map(lambda seconds: seconds + 1 / 256)


def chance_of(seed: int) -> Callable[[], float]:
    chance = Random(seed)
    return lambda: chance.randrange(8) / 8


ERRORS: Sequence[Exception] = (
    ServerError("down"),
    ServerError("busy", retry_after=5.0),
    RateLimitError("too fast", retry_after=3.0),
    RateLimitError("for today", retryable=False),
    RateLimitError("refused by an inner limit", delivery=Delivery.NOT_SENT, retry_after=2.0),
    TransportError("refused", delivery=Delivery.NOT_SENT),
    NotFoundError("no"),
    OSError("no"),
)


@st.composite
def faults(draw: st.DrawFn) -> Fault:
    start = draw(eighths(0, 80))
    end = start + draw(eighths(1, 160))
    error = draw(st.sampled_from(ERRORS))
    match draw(st.sampled_from(("outage", "slow", "errors"))):
        case "outage":
            return Outage(start, end, draw(st.just(0.0) | latencies(0, 20)), error)
        case "slow":
            return Slow(start, end, draw(latencies(1, 60) | st.just(inf)))
        case _:
            return Errors(start, end, draw(st.sampled_from((0.25, 0.5, 0.875))), error)


retries = st.builds(
    RetryConfig,
    max_attempts=st.integers(1, 4),
    initial_delay=eighths(0, 8),
    max_delay=st.sampled_from((1.0, 30.0)),
    jitter=st.sampled_from(("full", "equal", "none")),
    max_retry_after=st.sampled_from((4.0, 60.0)),
    retryable_codes=st.sampled_from((frozenset[str](), frozenset({"resource.not_found"}))),
    budget_ratio=st.sampled_from((None, 0.0, 0.25)),
    budget_minimum=st.integers(0, 3),
)

breakers = st.builds(
    CircuitBreakerConfig,
    failure_threshold=st.integers(1, 4),
    reset_timeout=eighths(8, 100),
    half_open_max_calls=st.integers(1, 3),
    monitor_window=eighths(8, 200),
    success_threshold=st.none() | st.integers(1, 4),
    failure_rate=st.none() | st.sampled_from((0.25, 0.5)),
    minimum_calls=st.integers(1, 8),
    slow_call_duration=st.just(1.5),
    slow_call_rate=st.just(0.5),
    reset_backoff=st.sampled_from((1.0, 2.0)),
    reset_jitter=st.sampled_from((0.0, 0.5)),
    probe_lease=eighths(1, 40),
    count_rate_limits=st.booleans(),
)

limits = st.builds(
    RateLimit, requests=st.integers(1, 6), per=eighths(4, 100), guard=st.sampled_from((0.0, 0.25))
)


@dataclass(frozen=True)
class Setting:
    """Everything that decides a life."""

    retry: RetryConfig
    breaker: CircuitBreakerConfig | None
    limits: Sequence[RateLimit]
    places: int | None
    queue: int
    max_wait: float | None
    timeout: float | None
    total_timeout: float | None
    idempotent: bool
    seed: int

    def pipeline(self, clock: FakeClock) -> Pipeline:
        chance = chance_of(self.seed)
        queue: Any = {"max_queue": self.queue, "max_wait": self.max_wait, "clock": clock}
        return Pipeline(
            "simulated",
            retry=self.retry,
            breaker=self.breaker and CircuitBreaker("simulated", self.breaker, clock=clock, rng=chance),
            bulkhead=self.places and Bulkhead(self.places, **queue),
            limiter=RateLimiter(*self.limits, **queue) if self.limits else None,
            timeout=self.timeout,
            total_timeout=self.total_timeout,
            idempotent=self.idempotent,
            rng=chance,
            clock=clock,
        )


given_settings = st.builds(
    Setting,
    retry=retries,
    breaker=st.none() | breakers,
    limits=st.lists(limits, max_size=2, unique=True),
    places=st.none() | st.integers(1, 3),
    queue=st.sampled_from((0, 2, 1000)),
    max_wait=st.none() | st.just(0.0) | limits_of_time(0, 80),
    timeout=st.none() | limits_of_time(1, 40),
    total_timeout=st.none() | limits_of_time(1, 16) | limits_of_time(8, 80),
    idempotent=st.booleans(),
    seed=st.integers(0, 7),
)


@dataclass
class Life:
    """What happened, and when."""

    sent: list[float] = field(default_factory=list)
    succeeded: list[float] = field(default_factory=list)
    failed: list[float] = field(default_factory=list)
    rejected: list[float] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)


class LiveService:
    """The same service, as a coroutine function."""

    def __init__(self, service: SimulatedService, clock: FakeClock, life: Life) -> None:
        self.service, self.clock, self.life = service, clock, life
        self.load = 0

    async def answer(self, attempts: list[float]) -> None:
        now = self.clock.now()
        self.load += 1
        self.life.sent.append(now)
        attempts.append(now)
        try:
            outcome = self.service(now, self.load)
            await self.clock.sleep(outcome.latency)
            if outcome.error is not None:
                raise copy(outcome.error)  # a pipeline writes on what it raises
        finally:
            self.load -= 1


async def lived(setting: Setting, service: SimulatedService, arrivals: Sequence[float]) -> Life:
    clock, life, recorder = FakeClock(auto=True), Life(), EventRecorder()
    pipeline, live = setting.pipeline(clock), LiveService(service, clock, life)
    if pipeline.breaker is not None:
        pipeline.breaker.listeners.add(recorder)

    async def call(moment: float) -> None:
        await clock.sleep(moment)
        attempts: list[float] = []
        try:
            await pipeline.run(live.answer, attempts)
        except Exception:  # noqa: BLE001 - foreign errors pass through a pipeline
            (life.failed if attempts else life.rejected).append(clock.now())
        else:
            life.succeeded.append(clock.now())

    await asyncio.gather(*map(call, arrivals))
    changes = recorder.of(CircuitChanged)
    life.transitions = [Transition(one.before, one.after, one.trigger, one.at) for one in changes]
    return life


def crowded(service: SimulatedService) -> SimulatedService:
    """The same, slower the more attempts are under way."""

    def answer(now: float, load: int) -> Outcome:
        outcome = service(now, load)
        return Outcome(outcome.latency + load / 8, outcome.error)

    return answer


trains = st.builds(
    lambda gap, count: [turn * gap for turn in range(count)], eighths(0, 8), st.integers(20, 80)
)
arrivals = trains | st.lists(eighths(0, 160), min_size=10, max_size=60).map(sorted)


@given(given_settings, st.lists(faults(), min_size=1, max_size=3), arrivals, st.integers(0, 7))
@settings(deadline=None, max_examples=250)
def test_a_simulated_life_is_the_real_one(
    setting: Setting, script: list[Fault], arrivals: list[float], seed: int
) -> None:
    """The same attempts at the same moments, the same ends, the same changes of the circuit."""
    if setting.timeout is None and setting.total_timeout is None:
        script = [fault for fault in script if getattr(fault, "latency", 0) < inf]

    def service() -> SimulatedService:
        scripted = ScriptedService(script, latency=0.25 + 1 / 256, chance=chance_of(seed))
        return scripted if setting.limits or setting.places else crowded(scripted)

    real = asyncio.run(lived(setting, service(), arrivals))
    simulated = play(
        setting.pipeline(FakeClock()), service(), arrivals, duration=DURATION, chance=chance_of(setting.seed)
    )
    for kind in ("sent", "succeeded", "failed", "rejected", "transitions"):
        assert list(getattr(simulated, kind)) == getattr(real, kind), kind
