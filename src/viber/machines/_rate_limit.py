"""One limit of a rate limiter: so much in so long a time, or in a day."""

from datetime import datetime, timedelta
from math import floor, inf
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, PositiveInt, field_validator, model_validator

from viber._config import Config

_TICK = 0.001
"""Seconds: no window is shorter."""


class RateLimit(Config):
    """At most so many `requests`, or so many `tokens`, `per` so many seconds; or per day of a time zone.

    With `per` in seconds the promise is exact: never more in *any* stretch of that length. `guard` lengthens
    it by some seconds, for a server that sees arrival times and not ours. `per="day"` counts calendar days of
    `zone`, which are 23 or 25 hours long when its clocks change.

    Raises:
        ConfigurationError: not exactly one of requests and tokens, a time not above 0, an unknown zone.

    Example:
        >>> RateLimit(requests=60, per=60.0).amount
        60
        >>> RateLimit(requests=1000, per="day", zone="UTC").per
        'day'
    """

    requests: PositiveInt | None = None
    tokens: PositiveInt | None = None
    per: float | Literal["day"] = 60.0
    zone: str = "UTC"
    guard: Annotated[float, Field(ge=0)] = 0.0

    @field_validator("per", mode="plain")
    @classmethod
    def _is_span(cls, per: Any) -> float | Literal["day"]:
        if per == "day":
            return "day"
        try:
            seconds = float(per)
        except (TypeError, ValueError):
            seconds = 0.0
        if not _TICK <= seconds < inf:
            raise ValueError("takes seconds from 0.001 on, or 'day'")
        return seconds

    @field_validator("requests", "tokens", "per", "guard", mode="before")
    @classmethod
    def _is_no_flag(cls, value: Any) -> Any:
        if isinstance(value, bool):
            raise ValueError("takes a number, not True or False")  # noqa: TRY004 - pydantic collects these
        return value

    @field_validator("zone")
    @classmethod
    def _is_known(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError):
            raise ValueError("no such time zone, or no time zone data: pip install tzdata") from None
        return zone

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.requests is None) == (self.tokens is None):
            raise ValueError("set requests or tokens, one of them: several limits are several RateLimits")
        return self

    @property
    def amount(self) -> int:
        """How much may pass."""
        return self.requests or self.tokens or 0

    @property
    def counts_tokens(self) -> bool:
        """Whether it is tokens that are counted."""
        return self.tokens is not None

    def __str__(self) -> str:
        unit = "tokens" if self.counts_tokens else "requests"
        span = f"day ({self.zone})" if self.per == "day" else f"{self.per:g} s"
        return f"{self.amount} {unit} per {span}"


def day_around(wall: float, zone: str) -> tuple[float, float]:
    """When the calendar day of this moment began and when it ends, in seconds since the epoch.

    Example:
        >>> start, end = day_around(1_774_800_000.0, "Europe/Berlin")  # when the clocks went forward
        >>> (end - start) / 3600
        23.0
    """
    place = ZoneInfo(zone)
    midnight = datetime.fromtimestamp(floor(wall), place).replace(hour=0, minute=0, second=0, fold=0)
    return midnight.timestamp(), (midnight + timedelta(days=1)).replace(fold=0).timestamp()
