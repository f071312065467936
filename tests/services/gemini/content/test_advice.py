from typing import Any

import pytest

from viber.services.gemini.content._advice import advice, advice_on_stranger

TYPE = "type.googleapis.com/google.rpc."
DISABLED = {
    "@type": f"{TYPE}ErrorInfo",
    "reason": "SERVICE_DISABLED",
    "metadata": {"activationUrl": "https://console.example/enable"},
}
PER_DAY = {"@type": f"{TYPE}QuotaFailure", "violations": [{"quotaId": "PerDay", "quotaValue": "20"}]}
PER_MINUTE = {"@type": f"{TYPE}QuotaFailure", "violations": [{"quotaId": "PerMinute", "quotaValue": "20"}]}


@pytest.mark.parametrize(
    ("status", "error", "hint"),
    [
        (400, {"message": "User location is not supported", "status": "FAILED_PRECONDITION"}, "Vertex AI"),
        (400, {"message": "Function call is missing a thought_signature"}, "answer.turns"),
        (400, {"message": "The input token count (9) exceeds the maximum"}, "count_tokens"),
        (403, {"message": "Your API key was reported as leaked."}, "new key"),
        (403, {"message": "You do not have permission to access the File abc"}, "two days"),
        (400, {"message": "The File abc is not in an ACTIVE state"}, "wait_active"),
        (403, {"message": "CachedContent not found (or permission denied)"}, "ttl"),
        (403, {"message": "not enabled", "details": [DISABLED]}, "https://console.example/enable"),
        (403, {"message": "no"}, "the key"),
        (404, {"message": "models/x is not found for API version v1beta"}, "models.list()"),
        (429, {"message": "slow down", "details": [PER_MINUTE]}, "limits"),
        (429, {"message": "no more today", "details": [PER_DAY]}, "retry_after"),
        (429, {"message": "Quota exceeded, limit: 0"}, "billing"),
        (503, {"message": "overloaded"}, "with_models"),
    ],
)
def test_an_error_says_what_to_do(status: int, error: dict[str, Any], hint: str) -> None:
    """By its words, its reason, its quota or its status, whichever tells most."""
    assert hint in advice(error, status)


@pytest.mark.parametrize("error", [{}, {"message": None}, {"message": 5}, {"details": [{"@type": 1}]}])
def test_nothing_general_can_be_said_of_a_wrong_request(error: dict[str, Any]) -> None:
    """Google's own message is all there is, whatever its shape."""
    assert advice(error, 400) == ""


def test_an_api_that_is_off_may_not_tell_where_to_turn_it_on() -> None:
    """The hint stands without the address."""
    error = {"details": [{"@type": f"{TYPE}ErrorInfo", "reason": "SERVICE_DISABLED", "metadata": 1}]}
    assert advice(error, 403) == "enable the API for the project"


@pytest.mark.parametrize(
    ("status", "hint"), [(200, "base_url"), (302, "base_url"), (404, "base_url"), (413, "file")]
)
def test_an_answer_of_somebody_else_asks_for_another_look_at_the_address(status: int, hint: str) -> None:
    """It is the likely cause."""
    assert hint in advice_on_stranger(status)


@pytest.mark.parametrize("status", [408, 429, 502, 503])
def test_a_gateway_in_trouble_is_no_wrong_address(status: int) -> None:
    """It may be well in a moment."""
    assert advice_on_stranger(status) == ""
