"""The breaker against a naive model of it, in made-up lives of several configurations."""

from __future__ import annotations

from typing import ClassVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from viber.machines import CircuitBreakerConfig, Trigger
from viber.observability import CircuitChanged
from viber.testing import BreakerStateMachine


class Default(BreakerStateMachine):
    pass


class HairTrigger(BreakerStateMachine):
    config = CircuitBreakerConfig(failure_threshold=1, half_open_max_calls=1, reset_timeout=5, probe_lease=2)


class SlowRecovery(BreakerStateMachine):
    config = CircuitBreakerConfig(
        failure_threshold=2,
        half_open_max_calls=2,
        success_threshold=5,
        reset_backoff=2.0,
        reset_jitter=1.0,
        max_reset_timeout=300.0,
    )


class ShortWindow(BreakerStateMachine):
    config = CircuitBreakerConfig(failure_threshold=3, monitor_window=0.5, reset_timeout=0.1, probe_lease=500)


class FailureRate(BreakerStateMachine):
    config = CircuitBreakerConfig(failure_threshold=None, failure_rate=1 / 3, minimum_calls=6)


class SlowCallRate(BreakerStateMachine):
    config = CircuitBreakerConfig(
        failure_threshold=None,
        slow_call_duration=2.0,
        slow_call_rate=1.0,
        minimum_calls=3,
        monitor_window=10.0,
    )


class EveryRule(BreakerStateMachine):
    config = CircuitBreakerConfig(
        failure_threshold=4,
        failure_rate=0.5,
        slow_call_duration=3.0,
        slow_call_rate=0.7,
        minimum_calls=5,
        half_open_max_calls=2,
        monitor_window=20.0,
        reset_timeout=10.0,
    )


LIVES = settings(max_examples=100, stateful_step_count=40, deadline=None)
for machine in (Default, HairTrigger, SlowRecovery, ShortWindow, FailureRate, SlowCallRate, EveryRule):
    machine.TestCase.settings = LIVES

TestDefault = Default.TestCase
TestHairTrigger = HairTrigger.TestCase
TestSlowRecovery = SlowRecovery.TestCase
TestShortWindow = ShortWindow.TestCase
TestFailureRate = FailureRate.TestCase
TestSlowCallRate = SlowCallRate.TestCase
TestEveryRule = EveryRule.TestCase


class Witness(EveryRule):
    """Notes what moved the breakers of all lives."""

    seen: ClassVar[set[Trigger]] = set()

    def teardown(self) -> None:
        self.seen.update(change.trigger for change in self.recorder.of(CircuitChanged))


def test_the_lives_see_everything_that_can_move_a_breaker() -> None:
    """A comparison proves nothing about a transition that never happens."""
    generated = settings(
        LIVES,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Witness, settings=generated)
    assert Witness.seen == set(Trigger)
