"""The deciding parts: no loop, no clock, no network; time and chance are arguments."""

from viber.machines._backoff import Jitter, Rng, exponential, jittered
from viber.machines._breaker import Breaker, BreakerSnapshot, Grant, Rejection
from viber.machines._breaker_config import CircuitBreakerConfig
from viber.machines._buckets import Buckets
from viber.machines._budget import RetryBudget
from viber.machines._histogram import Histogram, RecentHistogram
from viber.machines._rate_fields import Allowance, read_allowance
from viber.machines._rate_limit import RateLimit
from viber.machines._rate_log import LimitStatus, RateLog, Reservation
from viber.machines._retry import RetryConfig, Stop, decide
from viber.machines._sse import ServerSentEvent, SseDecoder
from viber.machines._transitions import TRANSITIONS, BreakerState, Transition, Trigger
from viber.machines._verdict import Classify, ClassifyResult, Judgement, Verdict, judge, retry_on

__all__ = [
    "TRANSITIONS",
    "Allowance",
    "Breaker",
    "BreakerSnapshot",
    "BreakerState",
    "Buckets",
    "CircuitBreakerConfig",
    "Classify",
    "ClassifyResult",
    "Grant",
    "Histogram",
    "Jitter",
    "Judgement",
    "LimitStatus",
    "RateLimit",
    "RateLog",
    "RecentHistogram",
    "Rejection",
    "Reservation",
    "RetryBudget",
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
    "read_allowance",
    "retry_on",
]
