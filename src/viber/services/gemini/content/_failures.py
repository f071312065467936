"""The answer side where something went wrong: statuses and error bodies to typed errors."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Unpack

from viber import errors
from viber.errors import BaseError, Delivery, ErrorFields, GeminiError
from viber.http import parse_retry_after
from viber.observability import redact_text
from viber.services.gemini import _errors as gemini
from viber.services.gemini.content._advice import advice, advice_on_stranger
from viber.services.gemini.content._json import is_array, is_object, parsed
from viber.services.gemini.content._quota import delay_of, has_no_quota, is_hopeless, reasons_of
from viber.services.gemini.limits._calendar import until_reset

_SHOWN = 500
_ERROR = frozenset({"code", "message", "status"})
_OK = 200
_GATEWAY = frozenset({502, 504, 520, 522, 524})
"""Statuses of somebody in between who does not know whether Gemini acted."""
_STATUSES = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
_RPC_CODES = {
    1: 499, 3: 400, 4: 504, 5: 404, 6: 409, 7: 403, 8: 429, 9: 400, 10: 409, 11: 400, 14: 503, 16: 401,
}  # fmt: skip
"""What the codes of gRPC are as HTTP; batches tell their errors so."""
_KINDS: dict[int, tuple[type[BaseError], type[GeminiError]]] = {
    401: (errors.AuthenticationError, gemini.GeminiAuthenticationError),
    403: (errors.PermissionDeniedError, gemini.GeminiPermissionDeniedError),
    404: (errors.NotFoundError, gemini.GeminiNotFoundError),
    408: (errors.ServerError, gemini.GeminiServerError),
    409: (errors.ConflictError, gemini.GeminiConflictError),
    429: (errors.RateLimitError, gemini.GeminiRateLimitError),
    499: (errors.InvalidRequestError, GeminiError),
}
_INVALID = (errors.InvalidRequestError, gemini.GeminiInvalidRequestError)
_SERVER = (errors.ServerError, gemini.GeminiServerError)


@dataclass(frozen=True, slots=True)
class Failures:
    """Makes the error that an answer means; `secrets` appear in none of them."""

    secrets: tuple[str, ...] = field(repr=False)
    retryable_statuses: frozenset[int]
    wall: Callable[[], float]
    current: Callable[[], tuple[str, ...]] = tuple
    """Secrets that change: the access token as it is now."""

    def of_answer(self, status: int, headers: Mapping[str, str], body: bytes) -> BaseError:
        """The error of an answer that is none: of its body if that is Gemini's, else of its status."""
        value = parsed(body)
        error = error_in(value) or (None if status == _OK else _bare_error(value))
        wait = parse_retry_after(headers.get("retry-after"), wall=self.wall(), date=headers.get("date"))
        if error is not None:
            return self.of_error(error, status=status, wait=wait)
        if status == _OK:
            return self._of_foreign_body(body)
        return self._foreign(
            _kinds_of(status)[0],
            f"the answer is HTTP {status} and not from Gemini",
            body,
            status=status,
            retryable=status in self.retryable_statuses,
            retry_after=wait,
            delivery=Delivery.UNKNOWN if status in _GATEWAY else Delivery.ANSWERED,
            suggestion=advice_on_stranger(status),
        )

    def of_error(
        self, error: Mapping[str, Any], *, status: int = _OK, wait: float | None = None
    ) -> BaseError:
        """The error that Gemini describes; inside a stream the HTTP status says nothing.

        `wait` is what a header asks for: somebody in between may know where Gemini itself says nothing.
        """
        status = status if status != _OK else _status_in(error)
        invalid_key = any(reason.startswith("API_KEY_") for reason in reasons_of(error)) and status in (
            400,
            401,
        )
        kind = gemini.GeminiAuthenticationError if invalid_key else _kinds_of(status)[1]
        hopeless = status == 429 and is_hopeless(error)  # noqa: PLR2004 - too many requests
        return kind(
            self.shown(str(error.get("message") or "")) or f"Gemini answered HTTP {status}",
            status=status,
            retryable=status in self.retryable_statuses and not hopeless,
            retry_after=self._until_it_helps(error) if hopeless else self._longer(delay_of(error), wait),
            details={"status": error.get("status"), "details": self._scrubbed(error.get("details"))},
            suggestion=kind.suggestion or self.shown(advice(error, status)),
        )

    @staticmethod
    def _longer(told: float | None, wait: float | None) -> float | None:
        return max((seconds for seconds in (told, wait) if seconds is not None), default=None)

    def blocked(self, feedback: Mapping[str, Any], usage: object = None) -> BaseError:
        """The prompt was refused, and why; reading it may have cost something all the same."""
        reason = str(feedback.get("blockReason"))
        details = {"block_reason": reason, "safety_ratings": feedback.get("safetyRatings")}
        if is_object(usage):
            details["usage"] = usage
        return gemini.PromptBlockedError(f"the prompt was blocked: {reason}", details=details)

    def _until_it_helps(self, error: Mapping[str, Any]) -> float | None:
        """Seconds until a quota of the day begins anew; None where there is no quota."""
        return None if has_no_quota(error) else until_reset(self.wall())

    def shown(self, text: str) -> str:
        """Text of the server as it may be shown."""
        return redact_text(text, secrets=(*self.secrets, *self.current()), limit=_SHOWN)

    def told(self, error: object) -> str:
        """What Gemini says of something that failed later, to stand behind our own words."""
        message = error.get("message") if is_object(error) else None
        return f": {self.shown(message)}" if isinstance(message, str) and message else ""

    def _of_foreign_body(self, body: bytes) -> BaseError:
        text = body.strip()
        if not text:
            message, retryable = "the answer is empty", True
        elif text[:1] in b"{[":
            message, retryable = "the answer is not whole, or not what Gemini answers", True
        else:
            message, retryable = "the answer is not from Gemini", False
        return self._foreign(
            errors.ServerError,
            message,
            body,
            status=_OK,
            retryable=retryable,
            delivery=Delivery.UNKNOWN,
            suggestion="" if retryable else advice_on_stranger(_OK),
        )

    def _foreign(
        self, kind: type[BaseError], message: str, body: bytes, **fields: Unpack[ErrorFields]
    ) -> BaseError:
        excerpt = self.shown(body[: 4 * _SHOWN].decode("utf-8", "replace"))
        fields["details"] = {"body": excerpt} if excerpt else None
        fields["service"] = "gemini"
        return kind(message, **fields)

    def _scrubbed(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.shown(value)
        if is_object(value):
            return {name: self._scrubbed(item) for name, item in value.items()}
        if is_array(value):
            return [self._scrubbed(item) for item in value]
        return value


def error_in(value: Any) -> Mapping[str, Any] | None:
    """Gemini's error, which is an object of one key, or a list of one such object."""
    if is_array(value) and len(value) == 1:
        value = value[0]
    error = value.get("error") if is_object(value) else None
    return error if is_object(error) else None


def _bare_error(value: Any) -> Mapping[str, Any] | None:
    """The error without the object around it, as some gateways pass it on."""
    return value if is_object(value) and value.keys() >= _ERROR else None


def _kinds_of(status: int) -> tuple[type[BaseError], type[GeminiError]]:
    return _KINDS.get(status) or (_INVALID if 400 <= status < 500 else _SERVER)  # noqa: PLR2004 - 4xx


def _status_in(error: Mapping[str, Any]) -> int:
    told = error.get("code")
    code = told if isinstance(told, int) else 0
    if 400 <= code <= 599:  # noqa: PLR2004 - an error status
        return code
    return _STATUSES.get(str(error.get("status"))) or _RPC_CODES.get(code, 500)
