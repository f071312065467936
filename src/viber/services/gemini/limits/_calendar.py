"""Days and months of a time zone, for quotas, bills and budgets."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final, Literal
from zoneinfo import ZoneInfo

PACIFIC: Final = "America/Los_Angeles"
"""Where Google's days begin."""
_SLACK: Final = 60.0
"""Seconds that the server's midnight may come after ours: who asks too early is shut out for a day."""

_STANDARD: Final = timezone(timedelta(hours=-8))
"""For systems without time zone data; in summer its midnight is an hour late, which harms nobody."""

Period = Literal["day", "month"]


def zone_of(name: str) -> tzinfo:
    """The time zone of this name; that of California is known everywhere, if need be without summer time.

    Raises:
        ValueError: there is none, or this system has no time zone data.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        if name == PACIFIC:
            return _STANDARD
        raise ValueError(f"no time zone {name!r}, or no time zone data: pip install tzdata") from None


def moment(wall: float, zone: tzinfo) -> datetime:
    """A moment in seconds since the epoch, as the clocks of a zone show it."""
    return datetime.fromtimestamp(wall, UTC).astimezone(zone)


def end_of(period: Period, wall: float, zone: tzinfo) -> float:
    """When the day or month of a moment ends, in seconds since the epoch.

    Example:
        >>> end_of("day", 0.0, zone_of("UTC"))
        86400.0
    """
    midnight = moment(wall, zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if period == "day":
        later = midnight + timedelta(days=1)
    else:
        later = (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)
    return later.replace(fold=0).timestamp()


def until_reset(wall: float) -> float:
    """Seconds until quotas of the day begin anew: a minute after midnight in California.

    Example:
        >>> until_reset(8 * 3600.0 - 30)  # half a minute before it
        90.0
    """
    return end_of("day", wall - _SLACK, zone_of(PACIFIC)) + _SLACK - wall
