from typing import Any

import pytest

from viber.services.gemini.content._quota import (
    LearnedQuota,
    delay_of,
    has_no_quota,
    is_hopeless,
    quotas_of,
    reasons_of,
)


def retry_info(delay: object) -> dict[str, Any]:
    return {"details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}]}


def quota(**violation: Any) -> dict[str, Any]:
    kind = "type.googleapis.com/google.rpc.QuotaFailure"
    return {"details": [{"@type": kind, "violations": [{"quotaId": "PerMinute"}, violation]}]}


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (retry_info("53s"), 53.0),
        (retry_info("45.837906927s"), 45.837906927),
        (retry_info("0s"), 0.0),
        (retry_info("soon"), None),
        (retry_info({"seconds": 5}), None),
        ({**retry_info("7s"), "message": "Please retry in 41.8s."}, 7.0),
        ({"message": "Quota exceeded. Please retry in 41.8s."}, 41.8),
        ({"message": "Please retry in 606.389ms."}, 0.606389),
        ({"message": "please retry in 1h2m3.5s"}, 3723.5),
        ({"message": "Please retry in 2m."}, 120.0),
        ({"message": "Please retry in vain"}, None),
        ({"message": None, "details": "none"}, None),
        ({"details": [1, None, {"@type": 3}]}, None),
        ({}, None),
    ],
    ids=repr,
)
def test_the_told_delay(error: dict[str, Any], seconds: float | None) -> None:
    """RetryInfo says it, with fractions; the text is asked where that is missing; nonsense is nothing."""
    assert delay_of(error) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (quota(quotaId="GenerateRequestsPerMinutePerProjectPerModel-FreeTier", quotaValue="10"), False),
        (quota(quotaId="GenerateRequestsPerDayPerProjectPerModel-FreeTier", quotaValue="50"), True),
        (quota(quotaId="GenerateRequestsPerMinute", quotaValue="0"), True),
        ({"message": "Quota exceeded for metric: x, limit: 0, model: y"}, True),
        ({"message": "Quota exceeded for metric: x, limit: 0"}, True),
        ({"message": "Quota exceeded for metric: x, limit: 05"}, False),
        ({"message": "Quota exceeded for metric: x, limit: 0.5"}, False),
        ({"message": "Quota exceeded for metric: x, limit: 20"}, False),
        ({"details": [{"@type": "x.QuotaFailure", "violations": "none"}]}, False),
        ({}, False),
    ],
    ids=repr,
)
def test_a_quota_for_which_waiting_is_useless(error: dict[str, Any], *, expected: bool) -> None:
    """One of the day, or one of nothing at all."""
    assert is_hopeless(error) is expected


def test_reasons_are_read_from_error_info() -> None:
    """Other details have reasons of other kinds."""
    details = [{"@type": "a.ErrorInfo", "reason": "API_KEY_INVALID"}, {"@type": "b.Help", "reason": "x"}]
    assert reasons_of({"details": details}) == {"API_KEY_INVALID"}


def test_a_refusal_names_the_limits_that_were_exceeded() -> None:
    """With their values, where they are told as numbers."""
    ids = ("RequestsPerMinute", "15"), ("TokensPerMinute", "many"), ("RequestsPerDay", "9" * 30), ("X", None)
    violations = [{"quotaId": name, "quotaValue": value} for name, value in ids]
    error = {"details": [{"@type": "google.rpc.QuotaFailure", "violations": violations}]}
    assert list(quotas_of(error)) == [
        LearnedQuota("RequestsPerMinute", 15),
        LearnedQuota("TokensPerMinute", None),
        LearnedQuota("RequestsPerDay", None),
        LearnedQuota("X", None),
    ]


def test_no_quota_at_all_is_told_from_one_of_the_day() -> None:
    """The one ends at midnight, the other never."""
    assert has_no_quota(quota(quotaId="PerMinute", quotaValue="0"))
    assert not has_no_quota(quota(quotaId="RequestsPerDay", quotaValue="50"))
