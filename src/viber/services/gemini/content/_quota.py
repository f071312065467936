"""What Google says about quotas and waiting, read out of an error body."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from viber.services.gemini.content._json import Json, objects_in

_DELAY = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s", re.ASCII)
_IN_TEXT = re.compile(
    r"retry in (?=\d)(?:(?P<h>\d{1,6})h)?(?:(?P<m>\d{1,6})m(?!s))?"
    r"(?:(?P<s>\d{1,9}(?:\.\d{1,9})?)(?P<unit>ms|s))?",
    re.ASCII | re.IGNORECASE,
)
_LONG = 19
_NO_QUOTA = re.compile(r"\blimit: ?0(?![\d.])", re.ASCII)


def details_of(error: Mapping[str, Any], kind: str) -> Iterator[Json]:
    """The details of one kind, by the end of their type's name."""
    for detail in objects_in(error.get("details")):
        if str(detail.get("@type", "")).endswith(kind):
            yield detail


def delay_of(error: Mapping[str, Any]) -> float | None:
    """Seconds that the server asks to wait, from its details or else from its text.

    Example:
        >>> delay_of({"message": "Quota exceeded. Please retry in 1m41.5s."})
        101.5
    """
    for detail in details_of(error, "RetryInfo"):
        if match := _DELAY.fullmatch(str(detail.get("retryDelay", ""))):
            return float(match[1])
    if match := _IN_TEXT.search(str(error.get("message", ""))):
        seconds = float(match["s"] or 0) / (1000 if match["unit"] == "ms" else 1)
        return int(match["h"] or 0) * 3600 + int(match["m"] or 0) * 60 + seconds
    return None


def is_hopeless(error: Mapping[str, Any]) -> bool:
    """The quota is one of the day, or there is none at all: waiting as told would not help.

    Example:
        >>> is_hopeless({"message": "Quota exceeded for metric: requests, limit: 0"})
        True
    """
    return has_no_quota(error) or any("PerDay" in quota.id for quota in quotas_of(error))


def has_no_quota(error: Mapping[str, Any]) -> bool:
    """There is none at all, however long one waits."""
    without = any(quota.value == 0 for quota in quotas_of(error))
    return without or bool(_NO_QUOTA.search(str(error.get("message", ""))))


@dataclass(frozen=True, slots=True)
class LearnedQuota:
    """A limit that a refusal named; its `value` if it told one."""

    id: str
    value: int | None


def quotas_of(error: Mapping[str, Any]) -> Iterator[LearnedQuota]:
    """The limits that were exceeded."""
    for detail in details_of(error, "QuotaFailure"):
        for violation in objects_in(detail.get("violations")):
            value = str(violation.get("quotaValue", ""))
            number = int(value) if value.isascii() and value.isdigit() and len(value) < _LONG else None
            yield LearnedQuota(str(violation.get("quotaId", "")), number)


def reasons_of(error: Mapping[str, Any]) -> frozenset[str]:
    """The machine-readable reasons, such as `API_KEY_INVALID`."""
    return frozenset(str(detail.get("reason", "")) for detail in details_of(error, "ErrorInfo"))
