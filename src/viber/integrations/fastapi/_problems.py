"""Errors as answers: RFC 9457 problem details, or `ErrorResponse`."""

from collections.abc import Mapping
from http import HTTPStatus
from math import ceil, isfinite
from typing import Any, Literal

from fastapi.responses import JSONResponse

from viber import errors
from viber.errors import BaseError, Delivery, Severity

ErrorStyle = Literal["problem", "response"]
Statuses = Mapping[type[BaseError], int]

_STATUSES: Statuses = {
    errors.RateLimitError: 429,
    errors.CircuitOpenError: 503,
    errors.TimeoutError: 504,
    errors.NotFoundError: 404,
    errors.ConflictError: 409,
    errors.PermissionDeniedError: 403,
    errors.InvalidRequestError: 400,
    errors.AuthenticationError: 502,
    errors.ServerError: 502,
    errors.TransportError: 502,
    errors.StreamInterruptedError: 502,
    errors.ServiceError: 502,
}
"""The first class that fits decides. Our own key being refused is our fault, not that of who asked: 502."""


def status_of(error: BaseError, statuses: Statuses | None = None) -> int:
    """The status to answer an error with; `statuses` come before the usual ones.

    Example:
        >>> status_of(errors.CircuitOpenError("quotes")), status_of(errors.InternalError("?"))
        (503, 500)
    """
    for known in (statuses or {}, _STATUSES):
        for kind, status in known.items():
            if isinstance(error, kind):
                return status
    return 500


def error_response(
    error: BaseError, *, style: ErrorStyle = "problem", statuses: Statuses | None = None
) -> JSONResponse:
    """The error as an answer, with `Retry-After` where one is known.

    Neither debug text nor details leave the application: a database's details hold rows. Of a defect only
    that there is one is told.
    """
    status = status_of(error, statuses)
    body = problem_of(error, status) if style == "problem" else _response_of(error)
    media_type = "application/problem+json" if style == "problem" else "application/json"
    return JSONResponse(body, status, _headers_of(error), media_type)


def problem_of(error: BaseError, status: int) -> dict[str, Any]:
    """The problem details of an error (RFC 9457), with its code and request id beside them."""
    problem: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": _shown(error),
        "code": error.code,
        "requestId": error.request_id,
        "severity": error.severity.value,
        "timestamp": round(error.timestamp * 1000),
    }
    if error.delivery is Delivery.UNKNOWN:
        problem["outcome"] = "unknown"
    return problem


def unexpected(request_id: str) -> BaseError:
    """What is told of an exception that is not the library's."""
    return errors.InternalError("", request_id=request_id, severity=Severity.HIGH)


def _response_of(error: BaseError) -> dict[str, Any]:
    body = error.to_response().model_copy(update={"details": None, "message": _shown(error)})
    return body.model_dump(mode="json", by_alias=True)


def _shown(error: BaseError) -> str:
    return error.message if error.operational else "something went wrong on our side"


def _headers_of(error: BaseError) -> dict[str, str]:
    headers = {"cache-control": "no-store"}
    if error.retry_after is not None and isfinite(error.retry_after):
        headers["retry-after"] = str(max(0, ceil(error.retry_after)))
    return headers
