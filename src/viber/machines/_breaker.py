"""The circuit breaker as a machine: it is told what happened and when, and returns what changed.

A *generation* is one stay in one state. A grant belongs to the generation in which it was given, and a
result that comes back in a later one moves nothing: the world it speaks of is gone. In CLOSED all calls of a
generation share one grant, since nothing but its generation matters; a probe has a grant of its own, with a
lease, since its place in HALF_OPEN has to come back.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Self

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from viber._config import Config
from viber.machines._backoff import Rng, exponential
from viber.machines._verdict import Verdict


class BreakerState(StrEnum):
    """Where a circuit breaker stands."""

    CLOSED = "closed"
    """Calls pass; failures are counted."""
    OPEN = "open"
    """Calls are rejected until the reset timeout is over."""
    HALF_OPEN = "half_open"
    """A few probes pass and decide; all others are rejected."""
    ISOLATED = "isolated"
    """An operator holds it open."""
    DISABLED = "disabled"
    """An operator holds it closed: failures are counted and have no effect."""


class Trigger(StrEnum):
    """What moves a breaker from state to state."""

    THRESHOLD = "failure threshold reached"
    ELAPSED = "reset timeout elapsed"
    RECOVERED = "probes succeeded"
    RELAPSED = "a probe failed"
    RESET = "reset by hand"
    ISOLATE = "isolated by hand"
    DISABLE = "disabled by hand"


TRANSITIONS: Mapping[tuple[BreakerState, Trigger], BreakerState] = MappingProxyType(
    {
        (BreakerState.CLOSED, Trigger.THRESHOLD): BreakerState.OPEN,
        (BreakerState.OPEN, Trigger.ELAPSED): BreakerState.HALF_OPEN,
        (BreakerState.HALF_OPEN, Trigger.RECOVERED): BreakerState.CLOSED,
        (BreakerState.HALF_OPEN, Trigger.RELAPSED): BreakerState.OPEN,
        **{(state, Trigger.RESET): BreakerState.CLOSED for state in BreakerState},
        **{(state, Trigger.ISOLATE): BreakerState.ISOLATED for state in BreakerState},
        **{(state, Trigger.DISABLE): BreakerState.DISABLED for state in BreakerState},
    }
)
"""Every way from one state to another; there is no other."""


class CircuitBreakerConfig(Config):
    """When a circuit opens, and how it closes again; every time in seconds.

    It opens when `failure_threshold` failures lie within the last `monitor_window` seconds. It stays open for
    `reset_timeout * reset_backoff ** failed recoveries`, plus up to the share `reset_jitter` of that, or
    longer if the service asked for it, and never above `max_reset_timeout`. Then at most
    `half_open_max_calls` probes are out at a time, and `success_threshold` good ones close it.

    Example:
        >>> CircuitBreakerConfig(failure_threshold=3, reset_timeout=30.0).probes_to_close
        3
    """

    failure_threshold: PositiveInt = 5
    reset_timeout: PositiveFloat = 60.0
    half_open_max_calls: PositiveInt = 3
    monitor_window: PositiveFloat = 60.0
    success_threshold: PositiveInt | None = None
    """Good probes that close the circuit; None means `half_open_max_calls`."""
    reset_backoff: Annotated[float, Field(ge=1)] = 1.0
    max_reset_timeout: PositiveFloat = 600.0
    reset_jitter: Annotated[float, Field(ge=0, le=1)] = 0.1
    probe_lease: PositiveFloat = 60.0
    """A probe that is not back by then loses its place, unless its own timeout is longer."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.reset_timeout > self.max_reset_timeout:
            raise ValueError("reset_timeout is above max_reset_timeout: raise that too")
        return self

    @property
    def probes_to_close(self) -> int:
        """How many good probes close the circuit."""
        return self.success_threshold or self.half_open_max_calls


@dataclass(slots=True, eq=False)
class Grant:
    """Leave to make one call, in one generation."""

    generation: int
    expires_at: float | None = None
    """When a probe loses its place; None for an ordinary call."""
    change: "Transition | None" = None
    """What giving this grant changed: the first probe ends the open state."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """No leave; `retry_after` is the time until there may be one, None if nobody knows."""

    retry_after: float | None


@dataclass(frozen=True, slots=True)
class Transition:
    """One move of the machine."""

    before: BreakerState
    after: BreakerState
    trigger: Trigger
    at: float


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


class Breaker:
    """Counts, decides and remembers; `now` comes from outside and reading never changes anything."""

    def __init__(self, config: CircuitBreakerConfig, *, rng: Rng, now: float = 0.0) -> None:
        self._config = config
        self._rng = rng
        self._generation = 0
        self._relapses = 0
        self.state: BreakerState = BreakerState.CLOSED
        self.standing: Grant | None = None
        """The grant that all calls share while every call may pass; None when they have to ask."""
        # The oldest of the last N failures is all that "N failures within the window" needs to know.
        self._failures: deque[float] = deque(maxlen=config.failure_threshold)
        self._probes: set[Grant] = set()
        self._begin(now)

    def acquire(self, now: float, *, lease: float = 0.0) -> Grant | Rejection:
        """Ask for leave to make one call; a probe keeps its place for `lease` or the configured time."""
        if self.standing is not None:
            return self.standing
        if self.state is BreakerState.HALF_OPEN:
            return self._acquire_probe(now, lease)
        if self.state is BreakerState.ISOLATED:
            return Rejection(None)
        if now < self._open_until:
            return Rejection(self._open_until - now)
        change = self._move(Trigger.ELAPSED, now)
        return self._give_probe(now, lease, change)

    def settle(
        self, grant: Grant, verdict: Verdict, now: float, *, retry_after: float | None = None
    ) -> Transition | None:
        """Report how a granted call ended; `retry_after` is how long the service asked to be left alone."""
        if grant.expires_at is None and verdict is not Verdict.FAILURE:
            return None
        if not self._is_current(grant, now):
            return None
        if grant.expires_at is None:
            return self._fail(now, retry_after)
        return self._settle_probe(grant, verdict, now, retry_after)

    def interrupt(self, grant: Grant, now: float) -> Transition | None:
        """One failure more from a call that was settled as a success: its stream broke afterwards."""
        counted = grant.generation == self._generation and grant.expires_at is None
        return self._fail(now, None) if counted else None

    def force(self, trigger: Trigger, now: float) -> Transition:
        """Reset, isolate or disable by hand."""
        self._relapses = 0
        return self._move(trigger, now)

    def snapshot(self, now: float) -> BreakerSnapshot:
        """The breaker as it stands; reading changes nothing."""
        is_open = self.state is BreakerState.OPEN
        return BreakerSnapshot(
            state=self.state,
            generation=self._generation,
            since=self._since,
            failures=sum(now - at < self._config.monitor_window for at in self._failures),
            successes=self._successes,
            probes=sum(not _is_lapsed(probe, now) for probe in self._probes),
            retry_after=max(0.0, self._open_until - now) if is_open else None,
        )

    def _is_current(self, grant: Grant, now: float) -> bool:
        if grant.generation != self._generation:
            return False
        return grant.expires_at is None or (grant in self._probes and not _is_lapsed(grant, now))

    def _fail(self, now: float, retry_after: float | None) -> Transition | None:
        if self.state is BreakerState.HALF_OPEN:
            self._relapses += 1
            return self._move(Trigger.RELAPSED, now, retry_after)
        self._failures.append(now)
        full = len(self._failures) == self._config.failure_threshold
        if (
            full
            and now - self._failures[0] < self._config.monitor_window
            and self.state is BreakerState.CLOSED
        ):
            return self._move(Trigger.THRESHOLD, now, retry_after)
        return None

    def _acquire_probe(self, now: float, lease: float) -> Grant | Rejection:
        self._probes -= {probe for probe in self._probes if _is_lapsed(probe, now)}
        if len(self._probes) < self._config.half_open_max_calls:
            return self._give_probe(now, lease, None)
        return Rejection(None)

    def _give_probe(self, now: float, lease: float, change: Transition | None) -> Grant:
        probe = Grant(self._generation, now + max(lease, self._config.probe_lease), change)
        self._probes.add(probe)
        return probe

    def _settle_probe(
        self, probe: Grant, verdict: Verdict, now: float, retry_after: float | None
    ) -> Transition | None:
        self._probes.remove(probe)
        if verdict is Verdict.FAILURE:
            return self._fail(now, retry_after)
        if verdict is Verdict.IGNORED:
            return None
        self._successes += 1
        probe.expires_at = None  # back in time: what comes of it now is an ordinary call's
        if self._successes < self._config.probes_to_close:
            return None
        self._relapses = 0
        change = self._move(Trigger.RECOVERED, now)
        probe.generation = self._generation
        return change

    def _move(self, trigger: Trigger, now: float, retry_after: float | None = None) -> Transition:
        before, self.state = self.state, TRANSITIONS[self.state, trigger]
        self._generation += 1
        self._begin(now)
        if self.state is BreakerState.OPEN:
            self._open_until = now + self._open_time(retry_after)
        return Transition(before, self.state, trigger, now)

    def _begin(self, now: float) -> None:
        passes = self.state in (BreakerState.CLOSED, BreakerState.DISABLED)
        self.standing = Grant(self._generation) if passes else None
        self._failures.clear()
        self._probes.clear()
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


def _is_lapsed(probe: Grant, now: float) -> bool:
    return probe.expires_at is not None and now >= probe.expires_at
