from __future__ import annotations

from math import inf, nan
from typing import Any

import pytest

from viber.errors import ConfigurationError
from viber.machines import RateLimit


def test_the_defaults() -> None:
    """Per minute, in Greenwich, without a guard."""
    limit = RateLimit(requests=5)
    assert (limit.amount, limit.per, limit.zone, limit.guard, limit.counts_tokens) == (
        5,
        60.0,
        "UTC",
        0.0,
        False,
    )


def test_it_counts_requests_or_tokens() -> None:
    """Several limits are several objects, each of one unit."""
    assert RateLimit(tokens=5).counts_tokens
    for fields in ({}, {"requests": 1, "tokens": 1}):
        with pytest.raises(ConfigurationError, match="requests or tokens"):
            RateLimit(**fields)


@pytest.mark.parametrize("field", ["requests", "tokens"])
@pytest.mark.parametrize("amount", [0, -1, 1.5, nan, inf, True, False, "many"], ids=repr)
def test_an_amount_is_a_whole_number_above_zero(field: str, amount: Any) -> None:
    """Anything else is refused, and the field is named."""
    with pytest.raises(ConfigurationError, match=field):
        RateLimit(**{field: amount})


@pytest.mark.parametrize("per", [0, -1.0, 0.0001, nan, inf, True, None, "week"], ids=repr)
def test_a_span_is_a_time_or_a_day(per: Any) -> None:
    """Nothing shorter than a tick, nothing without an end, and no other word."""
    with pytest.raises(ConfigurationError, match="per"):
        RateLimit(requests=1, per=per)


@pytest.mark.parametrize("guard", [-1.0, nan, inf, True, None], ids=repr)
def test_a_guard_is_a_time(guard: Any) -> None:
    """From 0 on."""
    with pytest.raises(ConfigurationError, match="guard"):
        RateLimit(requests=1, guard=guard)


@pytest.mark.parametrize(
    "zone", ["", "Mars/Olympus", "../etc/passwd", "/etc/localtime", "a" * 1000, 5], ids=repr
)
def test_a_zone_is_one_that_is_known(zone: Any) -> None:
    """A misspelt one would begin the day at the wrong hour."""
    with pytest.raises(ConfigurationError, match="zone"):
        RateLimit(requests=1, per="day", zone=zone)


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        (RateLimit(requests=60, per=60.0), "60 requests per 60 s"),
        (RateLimit(tokens=5, per=0.5), "5 tokens per 0.5 s"),
        (RateLimit(requests=9, per="day", zone="Asia/Tokyo"), "9 requests per day (Asia/Tokyo)"),
    ],
)
def test_it_reads_as_people_say_it(limit: RateLimit, text: str) -> None:
    """Errors and descriptions show it so."""
    assert str(limit) == text


def test_equal_limits_are_equal() -> None:
    """A value: it may stand in a set, and nobody changes it."""
    assert (
        len({RateLimit(requests=1, per=1.0), RateLimit(requests=1, per=1), RateLimit(tokens=1, per=1)}) == 2
    )
