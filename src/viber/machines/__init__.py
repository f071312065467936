"""The deciding parts: no loop, no clock, no network; time and chance are arguments."""

from viber.machines._backoff import Jitter, Rng, exponential, jittered
from viber.machines._breaker import (
    TRANSITIONS,
    Breaker,
    BreakerSnapshot,
    BreakerState,
    CircuitBreakerConfig,
    Grant,
    Rejection,
    Transition,
    Trigger,
)
from viber.machines._retry import RetryConfig, Stop, decide
from viber.machines._sse import ServerSentEvent, SseDecoder
from viber.machines._verdict import Classify, Judgement, Verdict, judge

__all__ = [
    "TRANSITIONS",
    "Breaker",
    "BreakerSnapshot",
    "BreakerState",
    "CircuitBreakerConfig",
    "Classify",
    "Grant",
    "Jitter",
    "Judgement",
    "Rejection",
    "RetryConfig",
    "Rng",
    "ServerSentEvent",
    "SseDecoder",
    "Stop",
    "Transition",
    "Trigger",
    "Verdict",
    "decide",
    "exponential",
    "jittered",
    "judge",
]
