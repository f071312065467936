"""How the Gemini API puts things on the wire: errors, and the two ways to frame a stream. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Final

from viber.sandbox._faults import Fault

Json = dict[str, Any]

_TYPES: Final = "type.googleapis.com/google.rpc."
_OTHER: Final = "UNKNOWN"
_STATUS_NAMES: Final[Mapping[int, str]] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


_RPC_CODES: Final[Mapping[int, int]] = {400: 3, 403: 7, 404: 5, 429: 8, 500: 13, 503: 14}


class GeminiRefusedError(Exception):
    """A request that the API does not serve, with the HTTP status and the details it answers."""

    def __init__(self, http: int, message: str, *, details: Sequence[Json] = ()) -> None:
        super().__init__(message)
        self.http = http
        self.message = message
        self.details = tuple(details)

    def body(self) -> Json:
        """Return the JSON that goes out."""
        return error_body(self.http, self.message, details=self.details)


class Framing(Enum):
    """How a stream is cut into pieces: events of ``alt=sse``, or one JSON array."""

    SSE = "text/event-stream"
    ARRAY = "application/json"

    def frame(self, payload: Json, *, first: bool) -> bytes:
        """Return the bytes of one answer in the stream."""
        if self is Framing.SSE:
            return f"data: {dump(payload)}\r\n\r\n".encode()
        return (("[" if first else ",\r\n") + pretty(payload)).encode()

    def closing(self, *, empty: bool) -> bytes:
        """Return the bytes that end the stream properly."""
        if self is Framing.SSE:
            return b""
        return b"[]\n" if empty else b"]\n"

    def error(self, body: Any) -> Any:
        """Return an error that comes before the first answer, as this stream carries it."""
        return body if self is Framing.SSE else [body]


def invalid_argument(field: str, description: str) -> GeminiRefusedError:
    """Return the refusal of one field of a request."""
    violations = [{"field": field, "description": description}]
    detail = {"@type": _TYPES + "BadRequest", "fieldViolations": violations}
    return GeminiRefusedError(400, f"Invalid value at '{field}': {description}", details=[detail])


def no_key() -> GeminiRefusedError:
    """Return the refusal of a caller without a key."""
    return GeminiRefusedError(403, "This method needs an API key: send one in x-goog-api-key.")


def wrong_key() -> GeminiRefusedError:
    """Return the refusal of a key that is not known: a 400, told from others by its reason."""
    detail = {
        "@type": _TYPES + "ErrorInfo",
        "reason": "API_KEY_INVALID",
        "domain": "googleapis.com",
        "metadata": {"service": "generativelanguage.googleapis.com"},
    }
    return GeminiRefusedError(400, "API key not valid.", details=[detail])


def wrong_token() -> GeminiRefusedError:
    """Return the refusal of an access token that is not known, or not any more."""
    return GeminiRefusedError(401, "The access token is not valid.")


def error_body(http: int, message: str, *, status: str | None = None, details: Sequence[Json] = ()) -> Json:
    """Return Google's error object; the status name follows from the number unless it is given.

    Example:
        >>> error_body(503, "Overloaded")["error"]["status"]
        'UNAVAILABLE'
    """
    error: Json = {"code": http, "message": message, "status": status or _STATUS_NAMES.get(http, _OTHER)}
    return {"error": error | ({"details": list(details)} if details else {})}


def operation_error(http: int, message: str) -> Json:
    """Return the error of work that failed afterwards, which has the code of gRPC in place of HTTP's.

    Example:
        >>> operation_error(500, "It broke.")
        {'code': 13, 'message': 'It broke.'}
    """
    return {"code": _RPC_CODES.get(http, 2), "message": message}


def google_error(fault: Fault, *, model: str = "") -> Any:
    """Return the JSON of a fault with a status, with RetryInfo and QuotaFailure where it asks for them."""
    if fault.body is not None:
        return fault.body
    details: list[Json] = []
    if fault.quota_id is not None:
        details.append(_quota_failure(fault, model))
    if fault.retry_delay is not None:
        details.append({"@type": _TYPES + "RetryInfo", "retryDelay": duration(fault.retry_delay)})
    message = fault.message or f"The sandbox was asked for {fault.status}."
    return error_body(fault.status, message, status=fault.code, details=details)


def duration(seconds: float) -> str:
    """Return seconds as Google writes them: up to nine decimals, and an ``s``.

    Example:
        >>> duration(53), duration(45.837906927)
        ('53s', '45.837906927s')
    """
    text = f"{seconds:.9f}".rstrip("0").rstrip(".")
    return f"{text}s"


def dump(payload: Any) -> str:
    """Return JSON on one line, text beyond ASCII left as it is."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))


def pretty(payload: Any) -> str:
    """Return JSON over many lines."""
    return json.dumps(payload, ensure_ascii=False, indent=2)


def _quota_failure(fault: Fault, model: str) -> Json:
    violation: Json = {
        "quotaMetric": "generativelanguage.googleapis.com/generate_content_requests",
        "quotaId": fault.quota_id,
        "quotaDimensions": {"location": "global", "model": model},
    }
    if fault.quota_value is not None:
        violation["quotaValue"] = str(fault.quota_value)
    return {"@type": _TYPES + "QuotaFailure", "violations": [violation]}
