"""The states of a circuit breaker, and every way from one to another."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


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
    FAILURE_RATE = "failure rate reached"
    SLOW_RATE = "slow-call rate reached"
    ELAPSED = "reset timeout elapsed"
    RECOVERED = "probes succeeded"
    RELAPSED = "a probe failed"
    RESET = "reset by hand"
    ISOLATE = "isolated by hand"
    DISABLE = "disabled by hand"


TRANSITIONS: Mapping[tuple[BreakerState, Trigger], BreakerState] = MappingProxyType(
    {
        (BreakerState.CLOSED, Trigger.THRESHOLD): BreakerState.OPEN,
        (BreakerState.CLOSED, Trigger.FAILURE_RATE): BreakerState.OPEN,
        (BreakerState.CLOSED, Trigger.SLOW_RATE): BreakerState.OPEN,
        (BreakerState.OPEN, Trigger.ELAPSED): BreakerState.HALF_OPEN,
        (BreakerState.HALF_OPEN, Trigger.RECOVERED): BreakerState.CLOSED,
        (BreakerState.HALF_OPEN, Trigger.RELAPSED): BreakerState.OPEN,
        **{(state, Trigger.RESET): BreakerState.CLOSED for state in BreakerState},
        **{(state, Trigger.ISOLATE): BreakerState.ISOLATED for state in BreakerState},
        **{(state, Trigger.DISABLE): BreakerState.DISABLED for state in BreakerState},
    }
)
"""Every way from one state to another; there is no other."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One move of the machine."""

    before: BreakerState
    after: BreakerState
    trigger: Trigger
    at: float
