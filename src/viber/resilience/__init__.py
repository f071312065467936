"""What stands between a caller and a service that may fail."""

from viber.resilience._call import Attempt
from viber.resilience._circuit_breaker import CircuitBreaker, Permit
from viber.resilience._deadline import Deadline
from viber.resilience._execute import execute_with_resilience
from viber.resilience._pipeline import Pipeline, PipelineOptions

__all__ = [
    "Attempt",
    "CircuitBreaker",
    "Deadline",
    "Permit",
    "Pipeline",
    "PipelineOptions",
    "execute_with_resilience",
]
