"""Retry-After, and nothing else about time."""

import re
from datetime import UTC, datetime

LONGEST = 31 * 86_400.0
"""What is longer than the longest quota period is taken for this."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)})"
_TIME = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
_SHORT_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_LONG_DAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_SECONDS = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_FORMS = tuple(
    re.compile(form, re.ASCII)
    for form in (
        rf"{_SHORT_DAY}, (?P<day>\d\d) {_MONTH} (?P<year>\d{{4}}) {_TIME} GMT",
        rf"{_LONG_DAY}, (?P<day>\d\d)-{_MONTH}-(?P<year>\d\d) {_TIME} GMT",
        rf"{_SHORT_DAY} {_MONTH} (?P<day>[ \d]\d) {_TIME} (?P<year>\d{{4}})",
    )
)
_CENTURY = 100
_FUTURE = 50


def parse_retry_after(value: str | None, *, wall: float, date: str | None = None) -> float | None:
    """Seconds to wait, from a number or any of the three date forms (RFC 9110, sections 10.2.3 and 5.6.7).

    A date counts from the answer's own `date` field, so that a wrong clock on either side does no harm, and
    from `wall` (seconds since the epoch) where that is missing. The past is 0, nonsense is None.

    Example:
        >>> parse_retry_after("120", wall=0.0)
        120.0
        >>> parse_retry_after("Thu, 01 Jan 1970 00:01:00 GMT", wall=50.0)
        10.0
    """
    text = (value or "").strip()
    if _SECONDS.fullmatch(text):
        # Digits without end would overflow to infinity: the bound holds for that too.
        return min(float(text), LONGEST)
    if (until := _parse_date(text, wall)) is None:
        return None
    answered = _parse_date((date or "").strip(), wall)
    return min(max(0.0, until - (wall if answered is None else answered)), LONGEST)


def _parse_date(text: str, wall: float) -> float | None:
    match = next(filter(None, (form.fullmatch(text) for form in _FORMS)), None)
    if match is None:
        return None
    year = int(match["year"])
    if len(match["year"]) == len("94"):
        year = _full_year(year, wall)
    hour, minute, second = (int(match[name]) for name in ("hour", "minute", "second"))
    try:
        # A leap second is written as 60; no clock here can show one.
        moment = datetime(
            year,
            _MONTHS.index(match["month"]) + 1,
            int(match["day"]),
            hour,
            minute,
            min(second, 59),
            tzinfo=UTC,
        )
    except ValueError:
        return None
    return moment.timestamp() + (second == 60) if second <= 60 else None  # noqa: PLR2004


def _full_year(two_digits: int, wall: float) -> int:
    """The year with these last digits that is not more than 50 years ahead."""
    latest = datetime.fromtimestamp(wall, UTC).year + _FUTURE
    return latest - (latest - two_digits) % _CENTURY
