"""A circuit breaker written down as naively as possible, to compare a clever one with.

Nothing is counted on the side: what happened stands in lists, and each question is answered by reading them
again from the start. Where the documentation allows some latitude, in the rates, the model is exact: time is
cut into tenths of the window, from zero on, and a call counts in its own tenth and in the nine that follow.
"""

from dataclasses import dataclass, field
from math import floor

from viber.machines import BreakerState, CircuitBreakerConfig, Rng, Trigger, Verdict

_TENTHS = 10


@dataclass(frozen=True, slots=True)
class Outcome:
    """A result that counted."""

    at: float
    failed: bool
    slow: bool


@dataclass(eq=False, slots=True)
class Issued:
    """A permit as the model sees it."""

    era: "Era"
    started: float | None
    """When the call began, if its length was to matter then."""
    expires_at: float
    """When a probe loses its place."""
    settled: bool = False
    credited_to: "Era | None" = None
    """Where its success counts."""

    def holds_a_place(self, now: float) -> bool:
        """Whether it is neither back nor lapsed."""
        return not self.settled and now < self.expires_at


@dataclass(eq=False, slots=True)
class Era:
    """One stay in one state, and what was heard in it."""

    state: BreakerState
    began_by: Trigger | None
    issued: list[Issued] = field(default_factory=list[Issued])
    failures: list[float] = field(default_factory=list[float])
    calls: list[Outcome] = field(default_factory=list[Outcome])
    good_probes: int = 0


class BreakerModel:
    """What a breaker with this configuration must do, by the book."""

    def __init__(self, config: CircuitBreakerConfig, rng: Rng) -> None:
        self.config: CircuitBreakerConfig = config
        self.rng = rng
        self.eras: list[Era] = [Era(BreakerState.CLOSED, None)]
        self.relapses: int = 0
        self.open_until: float = 0.0

    @property
    def era(self) -> Era:
        """The stay in the present state."""
        return self.eras[-1]

    @property
    def state(self) -> BreakerState:
        """The state now."""
        return self.era.state

    def refuses(self, now: float) -> bool:
        """Whether a call would be rejected."""
        match self.state:
            case BreakerState.OPEN:
                return now < self.open_until
            case BreakerState.HALF_OPEN:
                return len(self.probes_out(now)) >= self.config.half_open_max_calls
            case state:
                return state is BreakerState.ISOLATED

    def acquire(self, now: float, lease: float) -> Issued | None:
        """A permit, or None for a rejection."""
        if self.refuses(now):
            return None
        if self.state is BreakerState.OPEN:
            self._enter(BreakerState.HALF_OPEN, Trigger.ELAPSED)
        started = None if self.config.slow_call_duration is None else now
        permit = Issued(self.era, started, now + max(lease, self.config.probe_lease))
        self.era.issued.append(permit)
        return permit

    def settle(self, permit: Issued, verdict: Verdict, now: float, retry_after: float | None) -> None:
        """A call came back."""
        is_probe = permit.era.state is BreakerState.HALF_OPEN
        is_stale = permit.era is not self.era or (is_probe and not permit.holds_a_place(now))
        permit.settled = True
        if is_stale or verdict is Verdict.IGNORED:
            return
        outcome = Outcome(now, verdict is Verdict.FAILURE, self._is_slow(permit, now))
        if is_probe:
            self._judge_probe(outcome, retry_after)
        else:
            self._count(outcome, retry_after)
        if verdict is Verdict.SUCCESS and self.state is not BreakerState.OPEN:
            permit.credited_to = self.era

    def interrupt(self, permit: Issued, now: float) -> None:
        """A stream that had begun well broke."""
        outcome = Outcome(now, failed=True, slow=False)
        if permit.credited_to is not self.era:
            return
        if self.state is BreakerState.HALF_OPEN:
            self._judge_probe(outcome, None)
        else:
            self._count(outcome, None)

    def force(self, state: BreakerState, by: Trigger) -> None:
        """An operator put it there."""
        self._enter(state, by)
        self.relapses = 0

    def reconfigure(self, config: CircuitBreakerConfig, now: float) -> None:
        """Other rules; what has no place under both the old and the new ones is forgotten."""
        old, self.config = self.config, config
        room = min(old.failure_threshold or 0, config.failure_threshold or 0)
        self.era.failures = self.era.failures[::-1][:room][::-1]
        goes_on = old.has_rates and config.has_rates and old.monitor_window == config.monitor_window
        if not goes_on:
            self.era.calls.clear()
        self.open_until = min(self.open_until, now + config.max_reset_timeout)

    def probes_out(self, now: float) -> list[Issued]:
        """Probes of this era that are neither back nor lapsed."""
        if self.state is not BreakerState.HALF_OPEN:
            return []
        return [permit for permit in self.era.issued if permit.holds_a_place(now)]

    def failures(self, now: float) -> int:
        """Failures of this era within the window."""
        return sum(now - at < self.config.monitor_window for at in self.era.failures)

    def calls(self, now: float) -> list[Outcome]:
        """Calls of this era within the tenths of the window, if rates are asked for."""
        width = self.config.monitor_window / _TENTHS
        present = floor(now / width)
        recent = [call for call in self.era.calls if present - floor(call.at / width) < _TENTHS]
        return recent if self.config.has_rates else []

    def failure_rate(self, now: float) -> float | None:
        """The share of them that failed."""
        return _share([call.failed for call in self.calls(now)])

    def slow_call_rate(self, now: float) -> float | None:
        """The share of them that was slow."""
        return _share([call.slow for call in self.calls(now)])

    def _is_slow(self, permit: Issued, now: float) -> bool:
        limit = self.config.slow_call_duration
        return limit is not None and permit.started is not None and now - permit.started >= limit

    def _judge_probe(self, outcome: Outcome, retry_after: float | None) -> None:
        if outcome.failed or outcome.slow:
            self.relapses += 1
            self._open(Trigger.RELAPSED, outcome.at, retry_after)
            return
        self.era.good_probes += 1
        if self.era.good_probes >= self.config.probes_to_close:
            self.relapses = 0
            self._enter(BreakerState.CLOSED, Trigger.RECOVERED)

    def _count(self, outcome: Outcome, retry_after: float | None) -> None:
        if outcome.failed:
            self.era.failures.append(outcome.at)
        self.era.calls.append(outcome)
        trigger = self._alarm(outcome)
        if trigger is not None and self.state is BreakerState.CLOSED:
            self._open(trigger, outcome.at, retry_after)

    def _alarm(self, news: Outcome) -> Trigger | None:
        rules, now = self.config, news.at
        threshold, are_enough = rules.failure_threshold, len(self.calls(now)) >= rules.minimum_calls
        if news.failed and threshold is not None and self.failures(now) >= threshold:
            return Trigger.THRESHOLD
        if are_enough and _reaches(self.failure_rate(now), rules.failure_rate):
            return Trigger.FAILURE_RATE
        if are_enough and _reaches(self.slow_call_rate(now), rules.slow_call_rate):
            return Trigger.SLOW_RATE
        return None

    def _open(self, trigger: Trigger, now: float, retry_after: float | None) -> None:
        config = self.config
        self._enter(BreakerState.OPEN, trigger)
        base = min(config.reset_timeout * config.reset_backoff**self.relapses, config.max_reset_timeout)
        wait = max(base * (1 + config.reset_jitter * self.rng()), retry_after or 0.0)
        self.open_until = now + min(wait, config.max_reset_timeout)

    def _enter(self, state: BreakerState, by: Trigger) -> None:
        self.eras.append(Era(state, by))


def _share(marks: list[bool]) -> float | None:
    return sum(marks) / len(marks) if marks else None


def _reaches(share: float | None, limit: float | None) -> bool:
    return share is not None and limit is not None and share >= limit
