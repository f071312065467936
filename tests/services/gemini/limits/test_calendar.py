from datetime import UTC, datetime
from zoneinfo import ZoneInfoNotFoundError

import pytest

from viber.services.gemini.limits._calendar import end_of, until_reset, zone_of


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-11-26T07:59:59", "2026-11-26T08:00:00"),
        ("2026-11-26T08:00:00", "2026-11-27T08:00:00"),
        ("2026-03-08T08:00:00", "2026-03-09T07:00:00"),
        ("2026-11-01T07:00:00", "2026-11-02T08:00:00"),
    ],
)
def test_a_day_ends_at_midnight_in_california(now: str, end: str) -> None:
    """After 23 or 25 hours when its clocks change."""
    assert end_of("day", at(now), zone_of("America/Los_Angeles")) == at(end)


@pytest.mark.parametrize(
    ("now", "end"),
    [("2026-02-28T23:59", "2026-03-01T00:00"), ("2026-12-01T00:00", "2027-01-01T00:00")],
)
def test_a_month_ends_with_its_last_day(now: str, end: str) -> None:
    """However many it has."""
    assert end_of("month", at(now), zone_of("UTC")) == at(end)


@pytest.mark.parametrize(
    ("now", "seconds"),
    [("2026-11-26T07:59:00", 120), ("2026-11-26T08:00:10", 50), ("2026-11-26T08:01:00", 24 * 3600)],
)
def test_quotas_begin_anew_a_minute_after_midnight(now: str, seconds: int) -> None:
    """Who is refused just after midnight met yesterday's quota, on a server whose clock is behind."""
    assert until_reset(at(now)) == seconds


def test_california_is_known_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without time zone data it has no summer time: quotas open an hour late then, and never early."""

    def missing(name: str) -> None:
        raise ZoneInfoNotFoundError(name)

    monkeypatch.setattr("viber.services.gemini.limits._calendar.ZoneInfo", missing)
    assert until_reset(at("2026-11-26T07:59:00")) == 120
    assert until_reset(at("2026-07-01T06:59:00")) == 3600 + 120
    with pytest.raises(ValueError, match="pip install tzdata"):
        zone_of("Europe/Berlin")


def test_an_unknown_zone_is_told() -> None:
    """By its name."""
    with pytest.raises(ValueError, match="Mars/Olympus"):
        zone_of("Mars/Olympus")
