"""Is a service there, and how fast does it answer?"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Health:
    """The result of one health check: `latency` in seconds, `error` empty when healthy."""

    service: str
    healthy: bool
    latency: float
    error: str = ""
    suggestion: str = ""
    """What to do about the error, if anything is known to help."""
    circuit: str = ""
    """The state of the circuit breaker, which a health check neither asks nor moves."""
