"""The breaker against a naive model of it, in made-up lives of several configurations."""

from hypothesis import settings

from viber.machines import CircuitBreakerConfig
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


LIVES = settings(max_examples=100, stateful_step_count=40, deadline=None)
Default.TestCase.settings = LIVES
HairTrigger.TestCase.settings = LIVES
SlowRecovery.TestCase.settings = LIVES
ShortWindow.TestCase.settings = LIVES

TestDefault = Default.TestCase
TestHairTrigger = HairTrigger.TestCase
TestSlowRecovery = SlowRecovery.TestCase
TestShortWindow = ShortWindow.TestCase
