"""Everything that can be observed, one frozen value each; built only when somebody listens."""

from dataclasses import dataclass

from viber.machines import BreakerState, Trigger


@dataclass(frozen=True, slots=True)
class CircuitChanged:
    """A circuit breaker went from one state to another."""

    service: str
    before: BreakerState
    after: BreakerState
    trigger: Trigger
    at: float


@dataclass(frozen=True, slots=True)
class RetryScheduled:
    """An attempt failed, and another follows after `delay` seconds."""

    service: str
    operation: str
    request_id: str
    attempt: int
    delay: float
    error: Exception
    at: float


@dataclass(frozen=True, slots=True)
class CallFinished:
    """A logical call is over; `error` is None if it succeeded; `duration` counts its waits."""

    service: str
    operation: str
    request_id: str
    attempts: int
    duration: float
    error: BaseException | None
    at: float


Event = CircuitChanged | RetryScheduled | CallFinished
