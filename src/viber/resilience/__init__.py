"""What stands between a caller and a service that may fail."""

from viber.resilience._attempts import AttemptBlock, Attempts
from viber.resilience._bulkhead import Bulkhead
from viber.resilience._call import Call
from viber.resilience._chaos import Chaos, ChaosFault, ChaosLatency, ChaosResult
from viber.resilience._circuit_breaker import CircuitBreaker
from viber.resilience._deadline import Deadline
from viber.resilience._eager import read_within
from viber.resilience._execute import execute_with_resilience
from viber.resilience._fallback import Fallback
from viber.resilience._guards import Guards
from viber.resilience._permit import Permit
from viber.resilience._pipeline import Pipeline, PipelineOptions
from viber.resilience._rate_limiter import RateLimiter, RateLimiterStatus
from viber.resilience._read_timer import ReadTimer
from viber.resilience._stream_timeouts import StreamTimeouts

__all__ = [
    "AttemptBlock",
    "Attempts",
    "Bulkhead",
    "Call",
    "Chaos",
    "ChaosFault",
    "ChaosLatency",
    "ChaosResult",
    "CircuitBreaker",
    "Deadline",
    "Fallback",
    "Guards",
    "Permit",
    "Pipeline",
    "PipelineOptions",
    "RateLimiter",
    "RateLimiterStatus",
    "ReadTimer",
    "StreamTimeouts",
    "execute_with_resilience",
    "read_within",
]
