"""Errors as answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from viber import errors
from viber.errors import BaseError, Delivery
from viber.integrations.fastapi import error_response, status_of
from viber.services.supabase import SupabaseNotFoundError, SupabaseRateLimitError


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.RateLimitError("slow down"), 429),
        (SupabaseRateLimitError("slow down"), 429),
        (errors.CircuitOpenError("quotes"), 503),
        (errors.TimeoutError("late"), 504),
        (SupabaseNotFoundError("none"), 404),
        (errors.ConflictError("twice"), 409),
        (errors.PermissionDeniedError("no"), 403),
        (errors.InvalidRequestError("what?"), 400),
        (errors.AuthenticationError("our key"), 502),
        (errors.ServerError("broken"), 502),
        (errors.TransportError("gone"), 502),
        (errors.StreamInterruptedError("cut"), 502),
        (errors.ConfigurationError("no url"), 500),
        (errors.InternalError("a defect"), 500),
    ],
)
def test_what_happened_decides_the_status(error: BaseError, status: int) -> None:
    """Not who spoke: and the service refusing our own key is not the fault of who asked us."""
    assert (status_of(error), error_response(error).status_code) == (status, status)


def test_a_status_of_ones_own_comes_first() -> None:
    """A class says it for all that are one of it."""
    statuses = {errors.NotFoundError: 410}
    assert error_response(SupabaseNotFoundError("none"), statuses=statuses).status_code == 410


def body_of(error: BaseError, style: Any = "problem") -> dict[str, Any]:
    body: dict[str, Any] = json.loads(bytes(error_response(error, style=style).body))
    return body


def test_a_problem_says_what_happened_and_where_to_look() -> None:
    """By RFC 9457, with code and request id beside it; details, which may hold rows, stay inside."""
    error = errors.ConflictError("a duplicate", request_id="r-1", details={"key": "ada@example.com"})
    error.timestamp = 1.5
    assert body_of(error) == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "a duplicate",
        "code": error.code,
        "requestId": "r-1",
        "severity": error.severity.value,
        "timestamp": 1500,
    }


def test_an_unknown_outcome_is_told() -> None:
    """Who repeats it might do it twice."""
    assert body_of(errors.TransportError("reset", delivery=Delivery.UNKNOWN))["outcome"] == "unknown"


def test_the_shape_of_an_error_response_can_be_asked_for() -> None:
    """Its names are in camel case, and its details empty."""
    body = body_of(errors.ConflictError("a duplicate", details={"key": "ada"}), "response")
    assert (body["message"], body["details"]) == ("a duplicate", None)
    assert body.keys() == {"code", "message", "details", "requestId", "severity", "timestamp"}


@pytest.mark.parametrize("style", ["problem", "response"])
def test_of_a_defect_only_that_there_is_one_is_told(style: Any) -> None:
    """What a variable is called is nobody's business outside."""
    assert "SUPABASE" not in str(body_of(errors.ConfigurationError("SUPABASE_URL: not set"), style))


@pytest.mark.parametrize(("seconds", "header"), [(2.1, "3"), (0.0, "0"), (None, None), (float("inf"), None)])
def test_a_wait_is_a_whole_number_of_seconds(seconds: float | None, header: str | None) -> None:
    """Rounded up, and left out where nobody knows it."""
    assert (
        error_response(errors.RateLimitError("x", retry_after=seconds)).headers.get("retry-after") == header
    )
