"""Never run: what type checkers must see in the testing kit."""

from typing import assert_type

from hypothesis.strategies import SearchStrategy

from viber.clock import Clock
from viber.http import ResponseStream, Transport
from viber.machines import CircuitBreakerConfig
from viber.observability import CircuitChanged
from viber.resilience import CircuitBreaker
from viber.testing import (
    BreakerStateMachine,
    EventRecorder,
    FakeClock,
    ScriptedStream,
    ScriptedTransport,
    breaker_configs,
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
