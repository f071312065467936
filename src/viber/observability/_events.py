"""Everything that can be observed, one frozen value each; built only when somebody listens."""

from dataclasses import dataclass
from typing import Literal

from viber.machines import BreakerState, CircuitBreakerConfig, Trigger

Gate = Literal["circuit", "bulkhead", "rate limit"]
"""What may stop a call before it is sent."""


@dataclass(frozen=True, slots=True)
class CircuitChanged:
    """A circuit breaker went from one state to another."""

    service: str
    before: BreakerState
    after: BreakerState
    trigger: Trigger
    at: float


@dataclass(frozen=True, slots=True)
class CircuitReconfigured:
    """A circuit breaker goes on by other rules."""

    service: str
    before: CircuitBreakerConfig
    after: CircuitBreakerConfig
    at: float


@dataclass(frozen=True, slots=True)
class CallRejected:
    """A call was turned away before it was sent; `retry_after` is in seconds, None if nobody knows."""

    service: str
    gate: Gate
    retry_after: float | None
    at: float


@dataclass(frozen=True, slots=True)
class CallWaited:
    """A call had to wait `seconds` for its turn, and got it."""

    service: str
    gate: Gate
    seconds: float
    at: float


@dataclass(frozen=True, slots=True)
class LimitPaused:
    """A rate limiter heeds its server: nothing goes for `seconds`, infinity being for good."""

    service: str
    seconds: float
    at: float


@dataclass(frozen=True, slots=True)
class RetryScheduled:
    """An attempt failed, and another follows after `delay` seconds.

    `error` is None where what came back was not good enough.
    """

    service: str
    operation: str
    request_id: str
    attempt: int
    delay: float
    error: Exception | None
    at: float


@dataclass(frozen=True, slots=True)
class RequestTimed:
    """One request of an attempt is over, or its stream has begun; its parts in seconds.

    `queue` is the wait for a connection, `connect` its making (0 over a kept one), `head` from then to the
    header fields, `body` the reading (0 for a stream). `status` is None when no answer came.
    """

    service: str
    operation: str
    request_id: str
    attempt: int
    status: int | None
    queue: float
    connect: float
    head: float
    body: float
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


@dataclass(frozen=True, slots=True)
class FallbackUsed:
    """A call failed, and something else was answered in its place."""

    service: str
    error: Exception
    at: float


@dataclass(frozen=True, slots=True)
class ChaosInjected:
    """A chaos policy disturbed a call on purpose."""

    service: str
    kind: Literal["latency", "fault", "result"]
    at: float


@dataclass(frozen=True, slots=True)
class ResultMaybeTruncated:
    """A result has exactly as many rows as the server gives at most: there may be more of them."""

    service: str
    what: str
    """The table or function."""
    rows: int
    at: float


Event = (
    CircuitChanged
    | CircuitReconfigured
    | CallRejected
    | CallWaited
    | LimitPaused
    | RetryScheduled
    | RequestTimed
    | CallFinished
    | FallbackUsed
    | ChaosInjected
    | ResultMaybeTruncated
)
