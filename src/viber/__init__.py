"""Await an external API and never hang, never hammer it, never lose or double a write, and always know why.

`ServiceFactory` builds the services, each of which runs its calls through one pipeline of deadline, retry,
bulkhead, rate limit, circuit breaker and attempt timeout. `Pipeline` does the same for coroutine functions of
your own.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

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
from viber.machines import (
    BreakerSnapshot,
    BreakerState,
    CircuitBreakerConfig,
    RateLimit,
    RetryConfig,
    retry_on,
)
from viber.observability import (
    CallFinished,
    CallRejected,
    CallWaited,
    ChaosInjected,
    CircuitChanged,
    CircuitReconfigured,
    FallbackUsed,
    LimitPaused,
    RequestTimed,
    RetryScheduled,
)
from viber.resilience import (
    Bulkhead,
    ChaosFault,
    ChaosLatency,
    ChaosResult,
    CircuitBreaker,
    Deadline,
    Fallback,
    Permit,
    Pipeline,
    RateLimiter,
    execute_with_resilience,
)

if TYPE_CHECKING:
    from viber.factory import ServiceFactory
    from viber.http import HttpConfig
    from viber.services import Health
    from viber.services.gemini import GeminiConfig, GeminiService, TokenStream
    from viber.services.supabase import Query, SupabaseConfig, SupabaseService, Table
    from viber.settings import Settings

__all__ = [
    "AuthenticationError",
    "BaseError",
    "BreakerSnapshot",
    "BreakerState",
    "Bulkhead",
    "CallFinished",
    "CallRejected",
    "CallWaited",
    "ChaosFault",
    "ChaosInjected",
    "ChaosLatency",
    "ChaosResult",
    "CircuitBreaker",
    "CircuitBreakerConfig",
    "CircuitChanged",
    "CircuitOpenError",
    "CircuitReconfigured",
    "Clock",
    "CloudflareError",
    "ConfigurationError",
    "ConflictError",
    "Deadline",
    "Delivery",
    "ErrorResponse",
    "Fallback",
    "FallbackUsed",
    "GeminiConfig",
    "GeminiError",
    "GeminiService",
    "Health",
    "HttpConfig",
    "InternalError",
    "InvalidRequestError",
    "LimitPaused",
    "NotFoundError",
    "PermissionDeniedError",
    "Permit",
    "Pipeline",
    "Query",
    "RateLimit",
    "RateLimitError",
    "RateLimiter",
    "RequestTimed",
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
    "retry_on",
]

_LOADED_WHEN_NAMED = {
    "GeminiConfig": "viber.services.gemini",
    "GeminiService": "viber.services.gemini",
    "Health": "viber.services",
    "HttpConfig": "viber.http",
    "Query": "viber.services.supabase",
    "ServiceFactory": "viber.factory",
    "Settings": "viber.settings",
    "SupabaseConfig": "viber.services.supabase",
    "SupabaseService": "viber.services.supabase",
    "Table": "viber.services.supabase",
    "TokenStream": "viber.services.gemini",
}
"""Most of the import is services and their HTTP library: who needs a breaker alone does not wait for it."""


def __getattr__(name: str) -> Any:
    if name not in _LOADED_WHEN_NAMED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_LOADED_WHEN_NAMED[name]), name)
    return value
