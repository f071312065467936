"""Everything viber raises, as one tree with two axes.

Who spoke (the service itself answered)::

    BaseError
    └── ServiceError
        ├── SupabaseError
        ├── GeminiError
        └── CloudflareError

What happened (wherever it happened)::

    BaseError
    ├── InvalidRequestError      the request is wrong: repair it
    ├── AuthenticationError      the key or token was not accepted
    ├── PermissionDeniedError    the key is known and may not do this
    ├── NotFoundError            the thing asked for is not there
    ├── ConflictError            the state of the service forbids it (a duplicate key)
    ├── RateLimitError           too much, too fast: here or there
    ├── ServerError              the service failed, or spoke something else than its protocol
    ├── TimeoutError             no answer in time (also the builtin TimeoutError)
    ├── TransportError           the network failed
    ├── StreamInterruptedError   a stream ended before its end; holds what was received
    ├── CircuitOpenError         not sent: the circuit is open
    ├── ConfigurationError       a setting is missing or malformed
    └── InternalError            a defect in viber

A service's own classes stand in both: a Supabase 429 is a `SupabaseError` and a `RateLimitError`.
"""

from viber.errors._base import BaseError, Delivery, ErrorFields, ErrorResponse, Severity
from viber.errors._kinds import (
    AuthenticationError,
    CircuitOpenError,
    CloudflareError,
    ConfigurationError,
    ConflictError,
    GeminiError,
    InternalError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    ServiceError,
    StreamInterruptedError,
    SupabaseError,
    TimeoutError,
    TransportError,
)

__all__ = [
    "AuthenticationError",
    "BaseError",
    "CircuitOpenError",
    "CloudflareError",
    "ConfigurationError",
    "ConflictError",
    "Delivery",
    "ErrorFields",
    "ErrorResponse",
    "GeminiError",
    "InternalError",
    "InvalidRequestError",
    "NotFoundError",
    "PermissionDeniedError",
    "RateLimitError",
    "ServerError",
    "ServiceError",
    "Severity",
    "StreamInterruptedError",
    "SupabaseError",
    "TimeoutError",
    "TransportError",
]
