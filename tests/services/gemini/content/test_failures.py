import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viber import errors
from viber.errors import BaseError, Delivery, GeminiError
from viber.machines import RetryConfig
from viber.services import gemini
from viber.services.gemini.content._failures import Failures
from viber.services.gemini.limits._calendar import until_reset

KEY = "AIza-made-up-for-tests"
FAILURES = Failures((KEY,), RetryConfig().retryable_statuses, lambda: 0.0)


def answered(status: int, body: Any = None, **headers: str) -> BaseError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return FAILURES.of_answer(status, headers, raw)


def google(status: int, name: str = "", *details: Any, message: str = "no") -> Any:
    return {"error": {"code": status, "message": message, "status": name, "details": list(details)}}


def info(reason: str) -> Any:
    return {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}


RETRY_IN_7 = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7.5s"}
PER_DAY = {
    "@type": "type.googleapis.com/google.rpc.QuotaFailure",
    "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier", "quotaValue": "20"}],
}


@pytest.mark.parametrize(
    ("status", "body", "kind", "retryable"),
    [
        (400, google(400, "INVALID_ARGUMENT"), gemini.GeminiInvalidRequestError, False),
        (
            400,
            google(400, "INVALID_ARGUMENT", info("API_KEY_INVALID")),
            gemini.GeminiAuthenticationError,
            False,
        ),
        (400, google(400, "FAILED_PRECONDITION"), gemini.GeminiInvalidRequestError, False),
        (401, google(401, "UNAUTHENTICATED"), gemini.GeminiAuthenticationError, False),
        (403, google(403, "PERMISSION_DENIED"), gemini.GeminiPermissionDeniedError, False),
        (404, google(404, "NOT_FOUND"), gemini.GeminiNotFoundError, False),
        (408, google(408), gemini.GeminiServerError, True),
        (409, google(409, "ABORTED"), gemini.GeminiConflictError, False),
        (413, google(413), gemini.GeminiInvalidRequestError, False),
        (429, google(429, "RESOURCE_EXHAUSTED"), gemini.GeminiRateLimitError, True),
        (499, google(499, "CANCELLED"), GeminiError, False),
        (500, google(500, "INTERNAL"), gemini.GeminiServerError, True),
        (501, google(501), gemini.GeminiServerError, False),
        (502, google(502), gemini.GeminiServerError, True),
        (503, google(503, "UNAVAILABLE"), gemini.GeminiServerError, True),
        (504, google(504, "DEADLINE_EXCEEDED"), gemini.GeminiServerError, True),
        (503, [google(503, "UNAVAILABLE")], gemini.GeminiServerError, True),
    ],
)
def test_what_gemini_says(status: int, body: Any, kind: type[BaseError], *, retryable: bool) -> None:
    """Each status is one class; what Gemini itself says has a known outcome."""
    error = answered(status, body)
    assert type(error) is kind
    assert (error.status, error.retryable, error.delivery) == (status, retryable, Delivery.ANSWERED)
    assert error.service == "gemini"


@pytest.mark.parametrize(
    ("status", "body", "kind", "retryable", "delivery"),
    [
        (200, b"", errors.ServerError, True, Delivery.UNKNOWN),
        (200, b" \r\n", errors.ServerError, True, Delivery.UNKNOWN),
        (200, b'{"candidates": [{', errors.ServerError, True, Delivery.UNKNOWN),
        (200, b"<html>sign in</html>", errors.ServerError, False, Delivery.UNKNOWN),
        (302, b"", errors.ServerError, False, Delivery.ANSWERED),
        (401, b"<html>", errors.AuthenticationError, False, Delivery.ANSWERED),
        (404, b"nginx", errors.NotFoundError, False, Delivery.ANSWERED),
        (429, b"slow down", errors.RateLimitError, True, Delivery.ANSWERED),
        (502, b"<html>bad gateway</html>", errors.ServerError, True, Delivery.UNKNOWN),
        (503, b'{"error": "text"}', errors.ServerError, True, Delivery.ANSWERED),
        (504, b"\xff\xfe", errors.ServerError, True, Delivery.UNKNOWN),
    ],
)
def test_what_somebody_else_says(
    status: int, body: bytes, kind: type[BaseError], delivery: Delivery, *, retryable: bool
) -> None:
    """An answer that is not Gemini's is no GeminiError, and a gateway does not know what happened."""
    error = answered(status, body)
    assert type(error) is kind
    assert (error.retryable, error.delivery, error.service) == (retryable, delivery, "gemini")


def test_an_error_may_come_unwrapped() -> None:
    """Some gateways pass on what stands within `error`, and nothing around it."""
    body = google(429, "RESOURCE_EXHAUSTED", RETRY_IN_7)["error"]
    error = answered(429, body)
    assert isinstance(error, gemini.GeminiRateLimitError)
    assert error.retry_after == 7.5
    assert not isinstance(answered(200, body), GeminiError)


def test_a_told_delay_is_kept() -> None:
    """RetryInfo counts; a gateway's header counts where there is no body of Gemini's."""
    assert answered(429, google(429, "RESOURCE_EXHAUSTED", RETRY_IN_7)).retry_after == 7.5
    assert answered(503, b"", **{"retry-after": "3"}).retry_after == 3.0


def test_a_quota_of_the_day_is_not_waited_for() -> None:
    """The short delay that comes with it is useless: told is when the day is over."""
    error = answered(429, google(429, "RESOURCE_EXHAUSTED", PER_DAY, RETRY_IN_7))
    assert isinstance(error, gemini.GeminiRateLimitError)
    assert (error.retryable, error.retry_after) == (False, until_reset(FAILURES.wall()))


def test_without_any_quota_nothing_helps() -> None:
    """No time is told, whatever the server says."""
    nothing = google(429, "RESOURCE_EXHAUSTED", RETRY_IN_7)
    nothing["error"]["message"] = "Quota exceeded, limit: 0"
    error = answered(429, nothing)
    assert (error.retryable, error.retry_after) == (False, None)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ({"code": 429}, 429),
        ({"status": "UNAVAILABLE"}, 503),
        ({"code": "x"}, 500),
        ({"code": [3]}, 500),
        ({"code": 200}, 500),
        ({"code": 3}, 400),
        ({"code": 14}, 503),
    ],
)
def test_an_error_within_a_stream_says_its_status_itself(error: dict[str, Any], status: int) -> None:
    """The HTTP status was 200 by then; a batch tells gRPC's codes."""
    assert FAILURES.of_error(error).status == status


def test_our_key_is_not_echoed() -> None:
    """A server that repeats the key puts it into no message, detail, repr or pickle."""
    body = google(400, "INVALID_ARGUMENT", info(KEY), {"a": [{"b": f"x{KEY}y"}]}, message=f"bad key {KEY}")
    for error in (answered(400, body), answered(502, f"<p>{KEY}</p>".encode()), answered(200, KEY.encode())):
        shown = f"{error!r} {error} {error.details} {error.to_response()} {error.debug_message}"
        assert KEY not in shown
        assert KEY.encode() not in pickle.dumps(error)


def test_what_is_shown_is_short() -> None:
    """A page of a gateway fills no log."""
    error = answered(502, b"x" * 100_000)
    assert error.details is not None
    assert len(error.details["body"]) < 600


def test_a_blocked_prompt_says_why() -> None:
    """The reason and the ratings are in the details."""
    error = FAILURES.blocked({"blockReason": "SAFETY", "safetyRatings": [{"category": "X"}]})
    assert isinstance(error, gemini.PromptBlockedError)
    assert error.details == {"block_reason": "SAFETY", "safety_ratings": [{"category": "X"}]}


def test_a_blocked_prompt_says_what_reading_it_took() -> None:
    """If the server does."""
    error = FAILURES.blocked({"blockReason": "OTHER"}, {"promptTokenCount": 9})
    assert error.details is not None
    assert error.details["usage"] == {"promptTokenCount": 9}
    assert not error.retryable


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["error", "code", "message", "status", "details", "@type", "violations", "retryDelay"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.integers(200, 599), st.binary(max_size=50) | json_values)
def test_any_answer_has_an_error(status: int, body: Any) -> None:
    """Whatever a server says, the result is one of our errors that can be shown."""
    error = answered(status, body)
    assert str(error)
    assert isinstance(error, BaseError)


def test_the_longer_of_two_told_delays_counts() -> None:
    """Google sends no header; somebody in between may, with or without Google's words."""
    assert answered(429, google(429), **{"retry-after": "9"}).retry_after == 9.0
    assert answered(429, google(429, "", RETRY_IN_7), **{"retry-after": "9"}).retry_after == 9.0
    assert answered(429, google(429, "", RETRY_IN_7), **{"retry-after": "5"}).retry_after == 7.5
