"""The state machine finds each of these planted faults in a breaker, and none in the real one."""

from __future__ import annotations

from array import array
from math import inf
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis.stateful import run_state_machine_as_test

from viber.machines import (
    Breaker,
    BreakerSnapshot,
    BreakerState,
    CircuitBreakerConfig,
    Grant,
    Rejection,
    Transition,
    Trigger,
    Verdict,
)
from viber.machines._buckets import Buckets
from viber.machines._latest import Latest
from viber.resilience import CircuitBreaker, Permit
from viber.testing import BreakerStateMachine

COUNT = CircuitBreakerConfig(failure_threshold=3, half_open_max_calls=2, monitor_window=10, reset_timeout=30)
RATES = CircuitBreakerConfig(
    failure_threshold=None,
    failure_rate=0.5,
    slow_call_duration=2,
    slow_call_rate=0.5,
    minimum_calls=4,
    half_open_max_calls=2,
    monitor_window=10,
    reset_timeout=30,
)
QUICK = settings(
    max_examples=1000,
    stateful_step_count=30,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    verbosity=Verbosity.quiet,
    suppress_health_check=list(HealthCheck),
)


class LateFailureReopens(Breaker):
    """A failure from before the recovery counts as one of now."""

    def settle(self, grant: Grant, verdict: Verdict, now: float, **how: Any) -> Transition | None:
        if grant.expires_at is None and verdict is Verdict.FAILURE:
            return self._count(verdict, now, None, is_slow=False)
        return super().settle(grant, verdict, now, **how)


class IgnoredIsSuccess(Breaker):
    """A cancelled probe closes the circuit."""

    def settle(self, grant: Grant, verdict: Verdict, now: float, **how: Any) -> Transition | None:
        heard = Verdict.SUCCESS if verdict is Verdict.IGNORED else verdict
        return super().settle(grant, heard, now, **how)


class IgnoredKeepsItsPlace(Breaker):
    """A cancelled probe does not give its place back."""

    def settle(self, grant: Grant, verdict: Verdict, now: float, **how: Any) -> Transition | None:
        return None if verdict is Verdict.IGNORED else super().settle(grant, verdict, now, **how)


class WindowForgotten(Breaker):
    """Failures count however old they are."""

    def _count(self, verdict: Verdict, now: float, *rest: Any, **how: Any) -> Transition | None:
        times = [now if time > -inf else time for time in self._failures._times]
        self._failures._times = array("d", times)
        return super()._count(verdict, now, *rest, **how)


class ProbesUnlimited(Breaker):
    """Every caller becomes a probe."""

    def refusal(self, now: float) -> Rejection | None:
        return None if self.state is BreakerState.HALF_OPEN else super().refusal(now)


class LeaseNeverLapses(Breaker):
    """A probe that never returns holds its place for ever."""

    def acquire(self, now: float, *, lease: float = 0.0) -> Grant | Rejection:
        return super().acquire(now, lease=lease + 1e9)


class ErasingPermit(Permit):
    def settle(self, verdict: Verdict, *, retry_after: float | None = None) -> None:
        if verdict is Verdict.SUCCESS:
            machine = self._circuit._machine
            machine._failures = Latest(machine.config.failure_threshold or 0)
        super().settle(verdict, retry_after=retry_after)


class SuccessErases(CircuitBreaker):
    """One good answer makes all failures forgotten."""

    def acquire(self, *, lease: float | None = None) -> Permit:
        permit = super().acquire(lease=lease)
        return ErasingPermit(self, permit._grant, permit._classify, permit._started)


class LateFailureProlongs(Breaker):
    """A failure that comes back while the circuit is open begins the open time anew."""

    def settle(self, grant: Grant, verdict: Verdict, now: float, **how: Any) -> Transition | None:
        if self.state is BreakerState.OPEN and verdict is Verdict.FAILURE:
            self._open_until = now + self._config.reset_timeout
        return super().settle(grant, verdict, now, **how)


class ReadingMoves(Breaker):
    """Whoever looks after the open time finds the circuit half-open already."""

    def snapshot(self, now: float) -> BreakerSnapshot:
        if self.state is BreakerState.OPEN and now >= self._open_until:
            self.acquire(now)
        return super().snapshot(now)


class OneProbeCloses(Breaker):
    """The first good probe closes, whatever was asked for."""

    def _settle_probe(self, probe: Grant, verdict: Verdict, *rest: Any, **how: Any) -> Transition | None:
        if verdict is Verdict.SUCCESS:
            self._successes = self._config.probes_to_close
        return super()._settle_probe(probe, verdict, *rest, **how)


class BrokenStreamUnheard(Breaker):
    """A call that breaks after it had begun well stays a success."""

    def interrupt(self, grant: Grant, now: float) -> Transition | None:
        return None


class ReconfigureForgetsFailures(Breaker):
    """With new rules counting begins anew."""

    def reconfigure(self, config: CircuitBreakerConfig, now: float) -> None:
        super().reconfigure(config, now)
        self._failures = Latest(config.failure_threshold or 0)


class ReconfigureHoldsOpen(Breaker):
    """A circuit that is open stays so, though the new rules allow no such time."""

    def reconfigure(self, config: CircuitBreakerConfig, now: float) -> None:
        due = self._open_until
        super().reconfigure(config, now)
        self._open_until = due


class ReconfigureForgetsRates(Breaker):
    """With new rates, calls that lie in the same window are forgotten."""

    def reconfigure(self, config: CircuitBreakerConfig, now: float) -> None:
        super().reconfigure(config, now)
        if self._recent is not None:
            self._recent.clear()


class RateHasToBeExceeded(Breaker):
    """A rate that is reached is not enough."""

    def _alarm(self, now: float, *, failed: bool) -> Trigger | None:
        trigger, calls = super()._alarm(now, failed=failed), self.snapshot(now)
        is_reached = trigger is Trigger.FAILURE_RATE and calls.failure_rate == self._config.failure_rate
        return None if is_reached else trigger


class OtherMinimum(Breaker):
    factor = 1.0

    def _alarm(self, now: float, *, failed: bool) -> Trigger | None:
        config = self._config
        minimum = max(1, int(config.minimum_calls * self.factor))
        self._config = config.model_copy(update={"minimum_calls": minimum})
        try:
            return super()._alarm(now, failed=failed)
        finally:
            self._config = config


class MinimumIgnored(OtherMinimum):
    """One call has a rate."""

    factor = 0.0


class MinimumTooHigh(OtherMinimum):
    """A quarter more calls than configured have to be known."""

    factor = 1.25


class SlowCallsIgnored(Breaker):
    """How long a call took does not matter."""

    def settle(self, grant: Grant, verdict: Verdict, now: float, **how: Any) -> Transition | None:
        return super().settle(grant, verdict, now, **{**how, "elapsed": None})


class SlowProbesClose(Breaker):
    """A probe that took too long is a good one."""

    def _settle_probe(self, *rest: Any, is_slow: bool) -> Transition | None:
        return super()._settle_probe(*rest, is_slow=False)


class RatesOfAllTime(Breaker):
    """Calls count in the rates however old they are."""

    def __init__(self, *rest: Any, **how: Any) -> None:
        super().__init__(*rest, **how)
        self._recent = Buckets(1e12)


class RatesForgottenEarly(Breaker):
    """Calls count in the rates for a tenth less than promised."""

    def __init__(self, *rest: Any, **how: Any) -> None:
        super().__init__(*rest, **how)
        self._recent = Buckets(self._config.monitor_window * 0.9)


FAULTS = {
    COUNT: [
        LateFailureReopens,
        IgnoredIsSuccess,
        IgnoredKeepsItsPlace,
        WindowForgotten,
        ProbesUnlimited,
        LeaseNeverLapses,
        SuccessErases,
        LateFailureProlongs,
        ReadingMoves,
        OneProbeCloses,
        BrokenStreamUnheard,
        ReconfigureForgetsFailures,
        ReconfigureHoldsOpen,
    ],
    RATES: [
        ReconfigureForgetsRates,
        RateHasToBeExceeded,
        MinimumIgnored,
        MinimumTooHigh,
        SlowCallsIgnored,
        SlowProbesClose,
        RatesOfAllTime,
        RatesForgottenEarly,
    ],
}


def machine_for(
    rules: CircuitBreakerConfig, kind: type[Breaker | CircuitBreaker]
) -> type[BreakerStateMachine]:
    class Machine(BreakerStateMachine):
        config = rules

        def make_breaker(self) -> CircuitBreaker:
            if issubclass(kind, CircuitBreaker):
                return kind("faulty", rules, clock=self.clock, rng=self.chance)
            breaker = super().make_breaker()
            breaker._machine = kind(rules, rng=self.chance, now=self.clock.now())
            breaker._mirror()
            return breaker

    return Machine


@pytest.mark.parametrize(
    ("rules", "kind"),
    [pytest.param(rules, kind, id=kind.__name__) for rules, kinds in FAULTS.items() for kind in kinds],
)
def test_planted_fault_is_found(rules: CircuitBreakerConfig, kind: type[Breaker | CircuitBreaker]) -> None:
    """A breaker with this fault does not get through."""
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine_for(rules, kind), settings=QUICK)


@pytest.mark.parametrize("rules", [COUNT, RATES], ids=["count", "rates"])
def test_sound_breaker_passes(rules: CircuitBreakerConfig) -> None:
    """The same lives find nothing in the breaker as it is."""
    run_state_machine_as_test(machine_for(rules, Breaker), settings=settings(QUICK, max_examples=60))
