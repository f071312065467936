"""Moments and durations as Google writes them. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from viber.sandbox._gemini_wire import invalid_argument

_DURATION: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s", re.ASCII)


def moment(seconds: float) -> str:
    """Return a moment, given in seconds since the epoch.

    Example:
        >>> moment(1_767_225_600.25)
        '2026-01-01T00:00:00.250000Z'
    """
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def read_moment(text: str, field: str) -> float:
    """Return seconds since the epoch (`GeminiRefusedError` when it is no moment)."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC).timestamp()
    except ValueError:
        raise invalid_argument(field, "expected a moment as in 2026-01-01T00:00:00Z") from None


def read_duration(text: str, field: str) -> float:
    """Return seconds (`GeminiRefusedError` when it is no duration).

    Example:
        >>> read_duration("300s", "ttl")
        300.0
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise invalid_argument(field, 'expected seconds as in "300s"')
    return float(match[1])
