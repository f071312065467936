"""Never run: what type checkers must see in the testing kit."""

from typing import assert_type

from hypothesis.strategies import SearchStrategy

from viber.clock import Clock
from viber.http import ResponseStream, Transport
from viber.machines import CircuitBreakerConfig
from viber.observability import CircuitChanged
from viber.resilience import CircuitBreaker, Pipeline
from viber.testing import (
    BreakerStateMachine,
    Errors,
    EventRecorder,
    FakeClock,
    Fault,
    Outage,
    Outcome,
    ScriptedStream,
    ScriptedTransport,
    Slow,
    Timeline,
    breaker_configs,
    simulate,
)

clock: Clock = FakeClock(auto=True)
transport: Transport = ScriptedTransport(clock=clock)


def open_answer(stream: ScriptedStream) -> ResponseStream:
    return stream


class OwnBreaker(BreakerStateMachine):
    config = CircuitBreakerConfig(failure_threshold=3, reset_timeout=30)

    def make_breaker(self) -> CircuitBreaker:
        return CircuitBreaker("own", self.config, clock=self.clock, rng=self.chance)


assert_type(EventRecorder().of(CircuitChanged), list[CircuitChanged])
assert_type(breaker_configs(), SearchStrategy[CircuitBreakerConfig])


def brittle(now: float, load: int) -> Outcome:
    return Outcome(latency=0.1 * load)


faults: list[Fault] = [Outage(0, 1), Slow(1, 2, latency=1.0), Errors(2, 3, rate=0.5)]
assert_type(simulate(Pipeline(), [Outage(0, 1)], rate=1.0, duration=1.0), Timeline)
assert_type(simulate(Pipeline(), faults, rate=1.0, duration=1.0).wasted, int)
assert_type(simulate(Pipeline(), brittle, rate=1.0, duration=1.0).time_to_recover(after=1.0), float | None)
