"""What the configurations of all services have in common."""

from pydantic import Field, PositiveFloat

from viber._config import Config
from viber.http import HttpConfig
from viber.machines import CircuitBreakerConfig, RetryConfig


class ServiceConfig(Config):
    """Time limits in seconds (None is no limit), retry, circuit breaker and connections of one service."""

    timeout: PositiveFloat | None = 10.0
    """Bounds each attempt."""
    total_timeout: PositiveFloat | None = 30.0
    """Bounds the whole call with its waits."""
    retry: RetryConfig = Field(default_factory=RetryConfig)
    breaker: CircuitBreakerConfig = Field(default_factory=CircuitBreakerConfig)
    http: HttpConfig = Field(default_factory=HttpConfig)
