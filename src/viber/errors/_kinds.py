"""The kinds of error: who spoke, and what happened."""

import builtins
import time
from collections.abc import Callable, Sequence
from typing import Any, Unpack

from viber.errors._base import BaseError, Delivery, ErrorFields, Severity

_bare: Callable[[type["CircuitOpenError"]], "CircuitOpenError"] = Exception.__new__


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


class TimeoutError(BaseError, builtins.TimeoutError):  # noqa: A001 - it is the builtin one too
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
        self.parts: tuple[Any, ...] = tuple(parts)
        self.usage = usage


class CircuitOpenError(BaseError):
    """Not sent: the circuit of this service is open; `retry_after` seconds remain until the next probe."""

    code = "circuit.open"
    neutral = True
    delivery = Delivery.NOT_SENT

    @staticmethod
    def reject(service: str, retry_after: float | None) -> "CircuitOpenError":
        """A new rejection, cheaper than a call: nothing is checked, no text made until somebody asks."""
        error = _bare(CircuitOpenError)
        error.service = service
        error.retry_after = retry_after
        error.timestamp = time.time()
        return error

    @property
    def message(self) -> str:
        """What happened and when to come back."""
        wait = "" if self.retry_after is None else f"; the next probe may go in {self.retry_after:.1f} s"
        told = self.args[0] if self.args else ""
        return told or f"the circuit of {self.service or 'the service'} is open, nothing was sent{wait}"

    @message.setter
    def message(self, text: str) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        self.args: tuple[Any, ...] = (text,)


class ConfigurationError(BaseError):
    """Settings are missing or malformed; `problems` lists each with the variable to set."""

    code = "configuration.invalid"
    operational = False
    delivery = Delivery.NOT_SENT

    def __init__(
        self, message: str = "", *, problems: Sequence[str] = (), **fields: Unpack[ErrorFields]
    ) -> None:
        super().__init__("\n".join([message, *(f"  - {problem}" for problem in problems)]), **fields)
        self.problems: tuple[str, ...] = tuple(problems)


class InternalError(BaseError):
    """A defect in viber itself: please report it."""

    code = "internal.error"
    severity = Severity.CRITICAL
    operational = False
