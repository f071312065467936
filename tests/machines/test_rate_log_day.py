"""Limits per calendar day, with the clocks that people live by."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viber.machines import RateLimit, RateLog, Reservation
from viber.machines._rate_limit import day_around

HOUR = 3600.0
PACIFIC = "America/Los_Angeles"
ZONES = ("UTC", PACIFIC, "Asia/Beirut", "America/Sao_Paulo", "America/Havana")


def wall_at(zone: str, *when: int) -> float:
    return datetime(*when, tzinfo=ZoneInfo(zone)).timestamp()  # type: ignore[arg-type, misc]


def daily(zone: str = "UTC", **amount: int) -> RateLog:
    return RateLog([RateLimit(per="day", zone=zone, **(amount or {"requests": 2}))])


def grant(log: RateLog, now: float, wall: float, tokens: int = 0) -> Reservation:
    answer = log.take(tokens, now, wall)
    assert isinstance(answer, Reservation)
    return answer


def used(log: RateLog, now: float, wall: float) -> int:
    return log.status(now, wall)[0].used


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        pytest.param("UTC", (2026, 3, 8), 24, id="no-clock-changes"),
        pytest.param(PACIFIC, (2026, 3, 8), 23, id="spring"),
        pytest.param(PACIFIC, (2026, 11, 1), 25, id="autumn"),
        pytest.param("Africa/Cairo", (2026, 4, 24), 23, id="no-midnight"),
        pytest.param("America/Havana", (2026, 11, 1), 25, id="midnight-twice"),
        pytest.param("Australia/Lord_Howe", (2026, 4, 5), 24.5, id="half-an-hour"),
    ],
)
def test_a_day_is_as_long_as_its_zone_says(zone: str, day: tuple[int, int, int], hours: float) -> None:
    """23, 24 or 25 hours, also where the clocks change at midnight."""
    start, end = day_around(wall_at(zone, *day, 12), zone)
    assert (end - start) / HOUR == hours
    assert day_around(start, zone) == day_around(end - 1, zone) == (start, end)
    assert day_around(end, zone)[0] == end


@given(st.floats(wall_at("UTC", 1990, 1, 1), wall_at("UTC", 2040, 1, 1)), st.sampled_from(ZONES))
def test_every_moment_lies_in_its_day(wall: float, zone: str) -> None:
    """Days follow each other without a gap, and none is shorter than 22 hours or longer than 26."""
    start, end = day_around(wall, zone)
    assert start <= wall < end
    assert 22 * HOUR <= end - start <= 26 * HOUR


@pytest.mark.parametrize(
    ("day", "hours"), [((2026, 3, 8), 23), ((2026, 3, 9), 24), ((2026, 11, 1), 25)], ids=["23", "24", "25"]
)
def test_the_next_day_begins_at_midnight_there(day: tuple[int, int, int], hours: int) -> None:
    """Whoever comes too late is told how long it is to midnight, in the hours of that very day."""
    log, midnight = daily(PACIFIC), wall_at(PACIFIC, *day)
    for _ in range(2):
        grant(log, 0.0, midnight)
    wait = log.take(0, 0.0, midnight)
    assert wait == hours * HOUR
    assert log.take(0, wait - 1, midnight + wait - 1) == 1.0
    grant(log, wait, midnight + wait)


@given(
    st.lists(st.tuples(st.floats(0, 30 * HOUR), st.integers(0, 8)), max_size=40),
    st.sampled_from(["UTC", PACIFIC]),
)
def test_no_day_ever_has_more_than_its_share(arrivals: list[tuple[float, int]], zone: str) -> None:
    """Whatever comes when, no calendar day sees more than the limit; nor is anybody turned away who fits."""
    log, now, start = daily(zone, tokens=10), 0.0, wall_at(PACIFIC, 2026, 3, 5)
    spent: dict[float, int] = {}
    for gap, tokens in arrivals:
        now += gap
        today = day_around(start + now, zone)[0]
        if isinstance(log.take(tokens, now, start + now), Reservation):
            spent[today] = spent.get(today, 0) + tokens
        else:
            assert spent.get(today, 0) + tokens > 10
    assert max(spent.values(), default=0) <= 10


def test_a_clock_that_steps_back_opens_no_day_again() -> None:
    """Put back over midnight and forward again, the day is the same one, and as much of it is used."""
    log, midnight = daily(), wall_at("UTC", 2026, 5, 2)
    grant(log, 0.0, midnight + 5)
    grant(log, 1.0, midnight + 6)
    assert log.take(0, 2.0, midnight - 3) == 3.0
    assert log.take(0, 6.0, midnight + 1) == 24 * HOUR - 1
    assert used(log, 7.0, midnight + 2) == 2


def test_a_clock_that_was_wrong_by_years_blocks_nothing_for_years() -> None:
    """Set right again, it costs at most the day on which it was found out."""
    log, today = daily(), wall_at("UTC", 2026, 5, 2)
    for _ in range(2):
        grant(log, 0.0, wall_at("UTC", 2036, 1, 1))
    assert log.take(0, 1.0, today) == 24 * HOUR
    grant(log, 1.0 + 24 * HOUR, today + 24 * HOUR)


def test_a_clock_that_steps_forward_begins_the_next_day() -> None:
    """A machine that slept over midnight wakes up on another day."""
    log, evening = daily(), wall_at("UTC", 2026, 5, 2, 22)
    for _ in range(2):
        grant(log, 0.0, evening)
    grant(log, 1.0, evening + 9 * HOUR)
    assert used(log, 1.0, evening + 9 * HOUR) == 1


def test_a_bill_belongs_to_the_day_of_its_grant() -> None:
    """Yesterday's is not charged to today, and today's is."""
    log, midnight = daily(tokens=10), wall_at("UTC", 2026, 5, 2)
    yesterday = grant(log, 0.0, midnight - 1, tokens=5)
    today = grant(log, 2.0, midnight + 1, tokens=5)
    log.settle(yesterday, 9)
    log.settle(today, 6)
    log.give_back(yesterday)
    assert used(log, 2.0, midnight + 1) == 6


def test_what_is_owed_is_forgotten_at_midnight() -> None:
    """However far a day was overdrawn, the next one begins at nothing."""
    log, midnight = daily(tokens=10), wall_at("UTC", 2026, 5, 2)
    log.settle(grant(log, 0.0, midnight, tokens=1), 95)
    assert [log.take(tokens, 0.0, midnight) for tokens in (0, 1, 10)] == [24 * HOUR] * 3
    grant(log, 24 * HOUR, midnight + 24 * HOUR, tokens=10)


@pytest.mark.parametrize(("ahead", "days"), [(0, 0), (1, 1), (2, 1), (3, 2), (4, 2), (5, 3)])
def test_those_ahead_take_the_next_days(ahead: int, days: int) -> None:
    """Whoever stands behind more than a day's share waits for a later day."""
    log, midnight = daily(requests=2), wall_at("UTC", 2026, 5, 2)
    grant(log, 0.0, midnight)
    assert log.wait(0, 0.0, midnight, requests_ahead=ahead) == days * 24 * HOUR


def test_a_day_and_a_minute_are_charged_together() -> None:
    """What the day refuses is not charged to the minute, nor the other way round."""
    limits = [RateLimit(requests=3, per=60.0), RateLimit(requests=4, per="day")]
    log, morning = RateLog(limits), wall_at("UTC", 2026, 5, 2, 8)
    assert log.is_daily
    for _ in range(3):
        grant(log, 0.0, morning)
    assert log.take(0, 0.0, morning) == 60.0
    grant(log, 60.0, morning + 60)
    assert log.take(0, 60.0, morning + 60) == 16 * HOUR - 60
    assert [status.used for status in log.status(60.0, morning + 60)] == [1, 4]


def test_a_limit_by_seconds_does_not_ask_for_the_date() -> None:
    """The wall clock matters to days alone."""
    assert not RateLog([RateLimit(requests=1, per=86_400.0)]).is_daily
