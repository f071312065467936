"""Retry-After in all its forms."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viber.http import parse_retry_after

WALL = datetime(1994, 11, 6, 8, 49, 7, tzinfo=UTC).timestamp()
MOMENTS = st.datetimes(datetime(1975, 1, 1), datetime(2070, 1, 1)).map(  # noqa: DTZ001 - UTC is added below
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("1.5", 1.5),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 30.0),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 30.0),
        ("Sun Nov  6 08:49:37 1994", 30.0),
        ("Sun, 06 Nov 1994 08:49:60 GMT", 53.0),
        ("Sun, 06 Nov 1994 08:00:00 GMT", 0.0),
        ("9" * 500, 31 * 86400.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 31 * 86400.0),
    ],
)
def test_forms(value: str, seconds: float) -> None:
    """Seconds and the three date forms; the past is 0, and what never ends is a month."""
    assert parse_retry_after(value, wall=WALL) == seconds


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "soon",
        "-5",
        "+5",
        "1e3",
        "nan",
        "inf",
        "٣",
        "5 s",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 25:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 1994 08:49:37 +0100",
        "Sun, 06 Nov 0000 08:49:37 GMT",
    ],
)
def test_nonsense(value: str | None) -> None:
    """What is neither seconds nor an HTTP date says nothing."""
    assert parse_retry_after(value, wall=WALL) is None


def test_the_answers_own_date_counts() -> None:
    """A date is relative to the answer's `date`, so that wrong clocks do no harm; a broken one is not."""
    value = "Sun, 06 Nov 1994 08:49:37 GMT"
    assert parse_retry_after(value, wall=WALL + 9e8, date="Sun, 06 Nov 1994 08:49:17 GMT") == 20.0
    assert parse_retry_after(value, wall=WALL, date="yesterday") == 30.0


@given(moment=MOMENTS, wait=st.integers(0, 86400))
def test_dates_against_the_standard_library(moment: datetime, wait: int) -> None:
    """A date that the standard library writes is that many seconds away."""
    value = format_datetime(moment, usegmt=True)
    assert parse_retry_after(value, wall=moment.timestamp() - wait) == wait


@given(moment=MOMENTS, wait=st.integers(0, 86400))
def test_two_digits_of_a_year(moment: datetime, wait: int) -> None:
    """Two digits mean the year that is not more than 50 years ahead."""
    value = moment.strftime("%A, %d-%b-%y %H:%M:%S GMT")
    assert parse_retry_after(value, wall=moment.timestamp() - wait) == wait


@given(value=st.text(), date=st.none() | st.text(), wall=st.floats(0, 4e9))
def test_any_text(value: str, date: str | None, wall: float) -> None:
    """Whatever a server writes, the result is None or a finite wait."""
    seconds = parse_retry_after(value, wall=wall, date=date)
    assert seconds is None or 0 <= seconds <= 31 * 86400
