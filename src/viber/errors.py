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

import builtins
import time
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Self, TypedDict, Unpack

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Severity(StrEnum):
    """How loudly somebody should be told."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Delivery(StrEnum):
    """May the server have acted?"""

    NOT_SENT = "not_sent"
    """The request never left: repeating it is always safe."""
    ANSWERED = "answered"
    """The service itself answered: the outcome is known."""
    UNKNOWN = "unknown"
    """The request left and no conclusive answer came: a write may or may not have happened."""


class ErrorResponse(BaseModel):
    """What an error looks like from outside: no debug text, no secret; `timestamp` in epoch milliseconds."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True, extra="forbid")

    code: str
    message: str
    details: Any = None
    request_id: str
    severity: Severity
    timestamp: int


class ErrorFields(TypedDict, total=False):
    """The keywords every error accepts; what is not given keeps the default of its class."""

    code: str
    debug_message: str
    request_id: str
    service: str
    operation: str
    severity: Severity
    operational: bool
    retryable: bool
    delivery: Delivery
    attempts: int
    retry_after: float | None
    details: Mapping[str, Any] | None
    suggestion: str
    status: int | None
    neutral: bool
    unapplied: bool


class BaseError(Exception):
    """Whatever viber raises, with what a caller needs in order to decide.

    Example:
        >>> error = TransportError("connection reset", service="supabase", delivery=Delivery.UNKNOWN)
        >>> error.retryable, error.delivery.value
        (True, 'unknown')
    """

    code: str = "error"
    """Stable, dotted, for programs."""
    message: str = ""
    """Safe to show to a user."""
    debug_message: str = ""
    """For the log only."""
    request_id: str = ""
    service: str = ""
    operation: str = ""
    severity: Severity = Severity.MEDIUM
    operational: bool = True
    """An expected kind of failure; False means a defect or a wrong set-up."""
    retryable: bool = False
    """The same request may succeed later; whether repeating is safe is another question (`delivery`)."""
    delivery: Delivery = Delivery.ANSWERED
    attempts: int = 0
    retry_after: float | None = None
    """Seconds that the service, or the circuit, asked to wait."""
    details: Mapping[str, Any] | None = None
    suggestion: str = ""
    status: int | None = None
    """The HTTP status that was answered, if one was."""
    neutral: bool = False
    """Says nothing about the health of the service: a breaker ignores it."""
    unapplied: bool = False
    """The server said that it did not act, or that it rolled back: repeating cannot double anything."""

    def __init__(self, message: str = "", **fields: Unpack[ErrorFields]) -> None:
        if unknown := fields.keys() - ErrorFields.__annotations__.keys():
            raise TypeError(f"{type(self).__name__} has no field {', '.join(sorted(unknown))}")
        super().__init__(message)
        self.timestamp = time.time()
        if message:
            self.message = message
        self.__dict__.update(fields)

    def __str__(self) -> str:
        return self.message

    def __repr__(self) -> str:
        facts = f"code={self.code!r}, delivery={self.delivery.value!r}, service={self.service!r}"
        return f"{type(self).__name__}({self.message!r}, {facts})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.args, dict(self.__dict__))

    def locate(self, *, service: str = "", operation: str = "", request_id: str = "") -> Self:
        """Say where it happened, unless the error already knows; returns the error itself."""
        self.service = self.service or service
        self.operation = self.operation or operation
        self.request_id = self.request_id or request_id
        return self

    def to_response(self) -> ErrorResponse:
        """The error as it may leave the application."""
        return ErrorResponse(
            code=self.code,
            message=self.message,
            details=self.details,
            request_id=self.request_id,
            severity=self.severity,
            timestamp=round(self.timestamp * 1000),
        )


def _restore(cls: type[BaseError], args: tuple[Any, ...], state: dict[str, Any]) -> BaseError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class ServiceError(BaseError):
    """The service itself answered, and the answer is an error."""

    code = "service.error"


class SupabaseError(ServiceError):
    """Supabase answered with an error; `details` holds PostgREST's `code`, `details` and `hint`."""

    code = "supabase.error"
    service = "supabase"


class GeminiError(ServiceError):
    """Gemini answered with an error; `details` holds Google's `status` and `details`."""

    code = "gemini.error"
    service = "gemini"


class CloudflareError(ServiceError):
    """Cloudflare answered with an error."""

    code = "cloudflare.error"
    service = "cloudflare"


class InvalidRequestError(BaseError):
    """The request is wrong; sending it again will not help."""

    code = "request.invalid"
    severity = Severity.LOW


class AuthenticationError(BaseError):
    """The key or token was not accepted."""

    code = "auth.rejected"
    severity = Severity.HIGH


class PermissionDeniedError(BaseError):
    """The key is known, and may not do this."""

    code = "auth.forbidden"


class NotFoundError(BaseError):
    """The thing asked for is not there."""

    code = "resource.not_found"
    severity = Severity.LOW


class ConflictError(BaseError):
    """The present state of the service forbids it, for example a duplicate key."""

    code = "resource.conflict"
    severity = Severity.LOW


class RateLimitError(BaseError):
    """Too many requests: refused by the service, or by a local limit before anything was sent."""

    code = "rate_limit.exceeded"
    retryable = True
    neutral = True
    unapplied = True


class ServerError(BaseError):
    """The service failed, or answered with something that is not its protocol."""

    code = "server.error"
    severity = Severity.HIGH
    retryable = True


class TimeoutError(BaseError, builtins.TimeoutError):  # noqa: A001 - the blueprint's name, and it is the builtin one
    """No answer in time; `delivery` says whether the request had left."""

    code = "timeout"
    severity = Severity.HIGH
    retryable = True
    delivery = Delivery.UNKNOWN


class TransportError(BaseError):
    """The network failed: no connection, a reset, a cut answer."""

    code = "transport.error"
    severity = Severity.HIGH
    retryable = True
    delivery = Delivery.UNKNOWN


class StreamInterruptedError(BaseError):
    """A stream ended before its end: never taken for complete; `text`, `parts` and `usage` hold what came."""

    code = "stream.interrupted"
    severity = Severity.HIGH
    delivery = Delivery.UNKNOWN

    def __init__(
        self,
        message: str = "",
        *,
        text: str = "",
        parts: Sequence[Any] = (),
        usage: Any = None,
        **fields: Unpack[ErrorFields],
    ) -> None:
        super().__init__(message, **fields)
        self.text = text
        self.parts = tuple(parts)
        self.usage = usage


class CircuitOpenError(BaseError):
    """Not sent: the circuit of this service is open; `retry_after` seconds remain until the next probe."""

    code = "circuit.open"
    neutral = True
    delivery = Delivery.NOT_SENT

    def __init__(self, message: str = "", **fields: Unpack[ErrorFields]) -> None:
        # A rejection must cost less than a call: no checks, and no text until somebody asks for it.
        Exception.__init__(self, message)
        self.timestamp = time.time()
        self.__dict__.update(fields)

    @property
    def message(self) -> str:  # type: ignore[override]  # computed when asked for: see above
        """What happened and when to come back."""
        wait = "" if self.retry_after is None else f"; the next probe may go in {self.retry_after:.1f} s"
        return (
            self.args[0] or f"the circuit of {self.service or 'the service'} is open, nothing was sent{wait}"
        )


class ConfigurationError(BaseError):
    """Settings are missing or malformed; `problems` lists each with the variable to set."""

    code = "configuration.invalid"
    operational = False
    delivery = Delivery.NOT_SENT

    def __init__(
        self, message: str = "", *, problems: Sequence[str] = (), **fields: Unpack[ErrorFields]
    ) -> None:
        super().__init__("\n".join([message, *(f"  - {problem}" for problem in problems)]), **fields)
        self.problems = tuple(problems)


class InternalError(BaseError):
    """A defect in viber itself: please report it."""

    code = "internal.error"
    severity = Severity.CRITICAL
    operational = False
