"""The circuit breaker as a machine: it is told what happened and when, and returns what changed.

A *generation* is one stay in one state. A grant belongs to the generation in which it was given, and a
result that comes back in a later one moves nothing: the world it speaks of is gone. In CLOSED all calls of a
generation share one grant, since nothing but its generation matters; a probe has a grant of its own, with a
lease, since its place in HALF_OPEN has to come back.
"""

from dataclasses import dataclass
from math import inf

from viber.machines._backoff import Rng, exponential
from viber.machines._breaker_config import CircuitBreakerConfig
from viber.machines._buckets import Buckets
from viber.machines._latest import Latest
from viber.machines._transitions import TRANSITIONS, BreakerState, Transition, Trigger
from viber.machines._verdict import Verdict

_PASSING = (BreakerState.CLOSED, BreakerState.DISABLED)


@dataclass(slots=True, eq=False)
class Grant:
    """Leave to make one call, in one generation."""

    generation: int
    expires_at: float | None = None
    """When a probe loses its place; None for an ordinary call."""
    change: Transition | None = None
    """What giving this grant changed: the first probe ends the open state."""
    counts: bool = True
    """Whether good news matters; where only failures are counted, an ordinary call need not report it."""


@dataclass(slots=True)
class Rejection:
    """No leave; `retry_after` is the time until there may be one, None if nobody knows."""

    retry_after: float | None


@dataclass(frozen=True, slots=True)
class BreakerSnapshot:
    """A breaker at one moment."""

    state: BreakerState
    generation: int
    since: float
    """When the state was entered, on the breaker's clock."""
    failures: int
    """Failures within the window, as far as they are needed to decide."""
    successes: int
    """Good probes so far, in HALF_OPEN."""
    probes: int
    """Probes that are out."""
    retry_after: float | None
    """Seconds until the next probe may go; None unless open."""
    calls: int = 0
    """Calls within the window, where rates are counted."""
    failure_rate: float | None = None
    """The share of them that failed; None where rates are not counted, or nothing was called."""
    slow_call_rate: float | None = None
    """The share of them that was slow; None likewise."""


class Breaker:
    """Counts, decides and remembers; `now` comes from outside and reading never changes anything."""

    __slots__ = (
        "_config",
        "_failures",
        "_generation",
        "_open_until",
        "_probes",
        "_recent",
        "_relapses",
        "_rng",
        "_since",
        "_successes",
        "standing",
        "state",
    )

    def __init__(self, config: CircuitBreakerConfig, *, rng: Rng, now: float = 0.0) -> None:
        self._config = config
        self._rng = rng
        self._generation = 0
        self._relapses = 0
        self.state: BreakerState = BreakerState.CLOSED
        self.standing: Grant | None = None
        """The grant that all calls share while every call may pass; None when they have to ask."""
        self._failures = Latest(config.failure_threshold or 0)
        self._recent = _buckets(config)
        self._probes: list[Grant] = []
        self._open_until = now
        self._begin(now)

    @property
    def config(self) -> CircuitBreakerConfig:
        """The rules in force."""
        return self._config

    @property
    def shut_until(self) -> float:
        """No call passes before this moment, whoever asks; the past while there is no such moment."""
        if self.state is BreakerState.OPEN:
            return self._open_until
        return inf if self.state is BreakerState.ISOLATED else -inf

    def refusal(self, now: float) -> Rejection | None:
        """Whether a call would be turned away now; asking changes nothing."""
        if self.standing is not None:
            return None
        if self.state is BreakerState.OPEN:
            wait = self._open_until - now
            return Rejection(wait) if wait > 0 else None
        if self.state is BreakerState.ISOLATED or self._out(now) >= self._config.half_open_max_calls:
            return Rejection(None)
        return None

    def acquire(self, now: float, *, lease: float = 0.0) -> Grant | Rejection:
        """Ask for leave to make one call; a probe keeps its place for `lease` or the configured time."""
        if self.standing is not None:
            return self.standing
        if refusal := self.refusal(now):
            return refusal
        change = self._move(Trigger.ELAPSED, now) if self.state is BreakerState.OPEN else None
        self._probes = [probe for probe in self._probes if not _is_lapsed(probe, now)]
        probe = Grant(self._generation, now + max(lease, self._config.probe_lease), change)
        self._probes.append(probe)
        return probe

    def settle(
        self,
        grant: Grant,
        verdict: Verdict,
        now: float,
        *,
        retry_after: float | None = None,
        elapsed: float | None = None,
    ) -> Transition | None:
        """Report how a granted call ended, and how long it took.

        `retry_after` is how long the service asked to be left alone.
        """
        if not self._is_current(grant, now):
            return None
        is_slow = self._config.is_slow(elapsed)
        if grant.expires_at is None:
            return self._count(verdict, now, retry_after, is_slow=is_slow)
        return self._settle_probe(grant, verdict, now, retry_after, is_slow=is_slow)

    def interrupt(self, grant: Grant, now: float) -> Transition | None:
        """One failure more from a call that was settled as a success: its stream broke afterwards."""
        if grant.generation != self._generation or grant.expires_at is not None:
            return None
        if self.state is BreakerState.HALF_OPEN:
            return self._relapse(now, None)
        return self._count(Verdict.FAILURE, now, None, is_slow=False)

    def force(self, trigger: Trigger, now: float) -> Transition:
        """Reset, isolate or disable by hand."""
        self._relapses = 0
        return self._move(trigger, now)

    def reconfigure(self, config: CircuitBreakerConfig, now: float) -> None:
        """Go on by other rules: state, failures and probes stay, and an open circuit opens no later."""
        keeps_window = config.has_rates and config.monitor_window == self._config.monitor_window
        self._config = config
        self._failures = self._failures.resized(config.failure_threshold or 0)
        self._recent = (self._recent if keeps_window else None) or _buckets(config)
        self._open_until = min(self._open_until, now + config.max_reset_timeout)
        if self.standing is not None:
            self.standing.counts = config.has_rates

    def snapshot(self, now: float) -> BreakerSnapshot:
        """The breaker as it stands; reading changes nothing."""
        is_open = self.state is BreakerState.OPEN
        calls, failed, slow = self._recent.totals(now) if self._recent else [0, 0, 0]
        return BreakerSnapshot(
            state=self.state,
            generation=self._generation,
            since=self._since,
            failures=self._failures.count_within(self._config.monitor_window, now=now),
            successes=self._successes,
            probes=self._out(now),
            retry_after=max(0.0, self._open_until - now) if is_open else None,
            calls=calls,
            failure_rate=failed / calls if calls else None,
            slow_call_rate=slow / calls if calls else None,
        )

    def _out(self, now: float) -> int:
        return sum(not _is_lapsed(probe, now) for probe in self._probes)

    def _is_current(self, grant: Grant, now: float) -> bool:
        if grant.generation != self._generation:
            return False
        return grant.expires_at is None or (grant in self._probes and not _is_lapsed(grant, now))

    def _count(
        self, verdict: Verdict, now: float, retry_after: float | None, *, is_slow: bool
    ) -> Transition | None:
        failed = verdict is Verdict.FAILURE
        if self.state not in _PASSING or verdict is Verdict.IGNORED:
            return None
        if failed:
            self._failures.add(now)
        if self._recent is not None:
            self._recent.add(now, 1, failed, is_slow)
        trigger = self._alarm(now, failed=failed) if self.state is BreakerState.CLOSED else None
        return self._move(trigger, now, retry_after) if trigger else None

    def _alarm(self, now: float, *, failed: bool) -> Trigger | None:
        config = self._config
        if failed and now - self._failures.oldest < config.monitor_window:
            return Trigger.THRESHOLD
        if self._recent is None:
            return None
        calls, failed_calls, slow_calls = self._recent.sums
        if calls < config.minimum_calls:
            return None
        if config.failure_rate is not None and failed_calls / calls >= config.failure_rate:
            return Trigger.FAILURE_RATE
        if config.slow_call_rate is not None and slow_calls / calls >= config.slow_call_rate:
            return Trigger.SLOW_RATE
        return None

    def _settle_probe(
        self, probe: Grant, verdict: Verdict, now: float, retry_after: float | None, *, is_slow: bool
    ) -> Transition | None:
        self._probes.remove(probe)
        if verdict is Verdict.IGNORED:
            return None
        if verdict is Verdict.FAILURE or is_slow:
            return self._relapse(now, retry_after)
        self._successes += 1
        probe.expires_at = None  # back in time: what comes of it now is an ordinary call's
        if self._successes < self._config.probes_to_close:
            return None
        self._relapses = 0
        change = self._move(Trigger.RECOVERED, now)
        probe.generation = self._generation
        return change

    def _relapse(self, now: float, retry_after: float | None) -> Transition:
        self._relapses += 1
        return self._move(Trigger.RELAPSED, now, retry_after)

    def _move(self, trigger: Trigger, now: float, retry_after: float | None = None) -> Transition:
        before, self.state = self.state, TRANSITIONS[self.state, trigger]
        self._generation += 1
        self._begin(now)
        if self.state is BreakerState.OPEN:
            self._open_until = now + self._open_time(retry_after)
        return Transition(before, self.state, trigger, now)

    def _begin(self, now: float) -> None:
        passes = self.state in _PASSING
        self.standing = Grant(self._generation, counts=self._config.has_rates) if passes else None
        self._failures = Latest(self._config.failure_threshold or 0)
        if self._recent is not None:
            self._recent.clear()
        self._probes = []
        self._successes = 0
        self._since = now
        self._open_until = now

    def _open_time(self, retry_after: float | None) -> float:
        config = self._config
        base = exponential(
            self._relapses,
            initial=config.reset_timeout,
            multiplier=config.reset_backoff,
            maximum=config.max_reset_timeout,
        )
        spread = base * (1 + config.reset_jitter * self._rng())
        return min(config.max_reset_timeout, max(spread, retry_after or 0.0))


def _buckets(config: CircuitBreakerConfig) -> Buckets | None:
    return Buckets(config.monitor_window) if config.has_rates else None


def _is_lapsed(probe: Grant, now: float) -> bool:
    return probe.expires_at is not None and now >= probe.expires_at
