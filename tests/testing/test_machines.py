"""The state machine finds each of these planted faults in a breaker, and none in the real one."""

from collections import deque

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
    Verdict,
)
from viber.resilience import CircuitBreaker, Permit
from viber.testing import BreakerStateMachine

CONFIG = CircuitBreakerConfig(failure_threshold=3, half_open_max_calls=2, monitor_window=10, reset_timeout=30)
QUICK = settings(
    max_examples=300,
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

    def settle(
        self, grant: Grant, verdict: Verdict, now: float, *, retry_after: float | None = None
    ) -> Transition | None:
        if grant.expires_at is None and verdict is Verdict.FAILURE:
            return self._fail(now, retry_after)
        return super().settle(grant, verdict, now, retry_after=retry_after)


class IgnoredIsSuccess(Breaker):
    """A cancelled probe closes the circuit."""

    def settle(
        self, grant: Grant, verdict: Verdict, now: float, *, retry_after: float | None = None
    ) -> Transition | None:
        heard = Verdict.SUCCESS if verdict is Verdict.IGNORED else verdict
        return super().settle(grant, heard, now, retry_after=retry_after)


class IgnoredKeepsItsPlace(Breaker):
    """A cancelled probe does not give its place back."""

    def settle(
        self, grant: Grant, verdict: Verdict, now: float, *, retry_after: float | None = None
    ) -> Transition | None:
        if verdict is Verdict.IGNORED:
            return None
        return super().settle(grant, verdict, now, retry_after=retry_after)


class WindowForgotten(Breaker):
    """Failures count however old they are."""

    def _fail(self, now: float, retry_after: float | None) -> Transition | None:
        self._failures = deque([now] * len(self._failures), maxlen=self._failures.maxlen)
        return super()._fail(now, retry_after)


class ProbesUnlimited(Breaker):
    """Every caller becomes a probe."""

    def _acquire_probe(self, now: float, lease: float) -> Grant | Rejection:
        return self._give_probe(now, lease, None)


class LeaseNeverLapses(Breaker):
    """A probe that never returns holds its place for ever."""

    def _give_probe(self, now: float, lease: float, change: Transition | None) -> Grant:
        return super()._give_probe(now, 1e9, change)


class ErasingPermit(Permit):
    def settle(self, verdict: Verdict, *, retry_after: float | None = None) -> None:
        if verdict is Verdict.SUCCESS:
            self._breaker._machine._failures.clear()
        super().settle(verdict, retry_after=retry_after)


class SuccessErases(CircuitBreaker):
    """One good answer makes all failures forgotten."""

    def acquire(self, *, lease: float | None = None) -> Permit:
        return ErasingPermit(self, super().acquire(lease=lease)._grant)


class LateFailureProlongs(Breaker):
    """A failure that comes back while the circuit is open begins the open time anew."""

    def settle(
        self, grant: Grant, verdict: Verdict, now: float, *, retry_after: float | None = None
    ) -> Transition | None:
        if self.state is BreakerState.OPEN and verdict is Verdict.FAILURE:
            self._open_until = now + self._config.reset_timeout
        return super().settle(grant, verdict, now, retry_after=retry_after)


class ReadingMoves(Breaker):
    """Whoever looks after the open time finds the circuit half-open already."""

    def snapshot(self, now: float) -> BreakerSnapshot:
        if self.state is BreakerState.OPEN and now >= self._open_until:
            self.acquire(now)
        return super().snapshot(now)


class OneProbeCloses(Breaker):
    """The first good probe closes, whatever was asked for."""

    def _settle_probe(
        self, probe: Grant, verdict: Verdict, now: float, retry_after: float | None
    ) -> Transition | None:
        if verdict is Verdict.SUCCESS:
            self._successes = self._config.probes_to_close
        return super()._settle_probe(probe, verdict, now, retry_after)


FAULTY = [
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
]


def machine_for(kind: type[Breaker | CircuitBreaker]) -> type[BreakerStateMachine]:
    class Machine(BreakerStateMachine):
        config = CONFIG

        def make_breaker(self) -> CircuitBreaker:
            if issubclass(kind, CircuitBreaker):
                return kind("faulty", CONFIG, clock=self.clock, rng=self.chance)
            breaker = super().make_breaker()
            breaker._machine = kind(CONFIG, rng=self.chance, now=self.clock.now())
            return breaker

    return Machine


@pytest.mark.parametrize("kind", FAULTY, ids=lambda kind: kind.__name__)
def test_planted_fault_is_found(kind: type[Breaker | CircuitBreaker]) -> None:
    """A breaker with this fault does not get through."""
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine_for(kind), settings=QUICK)


def test_sound_breaker_passes() -> None:
    """The same lives find nothing in the breaker as it is."""
    run_state_machine_as_test(machine_for(Breaker), settings=settings(QUICK, max_examples=60))
