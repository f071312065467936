"""Await an external API and never hang, never hammer it, never lose or double a write, and always know why.

`ServiceFactory` builds the services, each of which runs its calls through one pipeline of deadline, retry,
circuit breaker and attempt timeout. `Pipeline` does the same for coroutine functions of your own.
"""

from viber.clock import Clock, SystemClock
from viber.errors import (
    AuthenticationError,
    BaseError,
    CircuitOpenError,
    CloudflareError,
    ConfigurationError,
    ConflictError,
    Delivery,
    ErrorResponse,
    GeminiError,
    InternalError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    ServiceError,
    Severity,
    StreamInterruptedError,
    SupabaseError,
    TimeoutError,
    TransportError,
)
from viber.factory import ServiceFactory
from viber.http import HttpConfig
from viber.machines import BreakerSnapshot, BreakerState, CircuitBreakerConfig, RetryConfig
from viber.observability import CallFinished, CircuitChanged, RetryScheduled
from viber.resilience import CircuitBreaker, Deadline, Permit, Pipeline, execute_with_resilience
from viber.services import Health
from viber.services.gemini import GeminiConfig, GeminiService, TokenStream
from viber.services.supabase import Query, SupabaseConfig, SupabaseService, Table
from viber.settings import Settings

__all__ = [
    "AuthenticationError",
    "BaseError",
    "BreakerSnapshot",
    "BreakerState",
    "CallFinished",
    "CircuitBreaker",
    "CircuitBreakerConfig",
    "CircuitChanged",
    "CircuitOpenError",
    "Clock",
    "CloudflareError",
    "ConfigurationError",
    "ConflictError",
    "Deadline",
    "Delivery",
    "ErrorResponse",
    "GeminiConfig",
    "GeminiError",
    "GeminiService",
    "Health",
    "HttpConfig",
    "InternalError",
    "InvalidRequestError",
    "NotFoundError",
    "PermissionDeniedError",
    "Permit",
    "Pipeline",
    "Query",
    "RateLimitError",
    "RetryConfig",
    "RetryScheduled",
    "ServerError",
    "ServiceError",
    "ServiceFactory",
    "Settings",
    "Severity",
    "StreamInterruptedError",
    "SupabaseConfig",
    "SupabaseError",
    "SupabaseService",
    "SystemClock",
    "Table",
    "TimeoutError",
    "TokenStream",
    "TransportError",
    "execute_with_resilience",
]
