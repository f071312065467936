"""Numbers that are handed in, checked where they come in."""

from math import inf


def count_of(name: str, value: object, *, least: int) -> int:
    """A whole number from `least` on.

    Raises:
        TypeError: it is no whole number.
        ValueError: it is less.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} takes a whole number, not {value!r}")
    if value < least:
        raise ValueError(f"{name} takes a whole number from {least} on, not {value!r}")
    return value


def seconds_of(name: str, value: object, *, zero: bool = True) -> float | None:
    """Seconds, or None for no limit.

    Raises:
        TypeError: they are something else.
        ValueError: they are negative, infinite or no number, or 0 where that makes no sense.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | None):
        raise TypeError(f"{name} takes seconds, or None for no limit, not {value!r}")
    if value is None or (0 < value < inf) or (zero and value == 0):
        return value
    raise ValueError(
        f"{name} takes seconds {'from 0 on' if zero else 'above 0'}, or None for no limit, not {value!r}"
    )


def least_of(*limits: float | None) -> float:
    """The shortest of these limits; None is none, and where all are, infinity."""
    return min((limit for limit in limits if limit is not None), default=inf)
