"""How long to wait before the next attempt: pure arithmetic."""

from collections.abc import Callable
from typing import Literal

Jitter = Literal["full", "equal", "none"]
"""How much of a delay is left to chance: all of it, half of it, nothing."""

Rng = Callable[[], float]
"""Chance: a function that returns a number in [0, 1)."""


def exponential(step: int, *, initial: float, multiplier: float, maximum: float) -> float:
    """`initial * multiplier ** step`, at most `maximum`, at any step.

    Example:
        >>> [exponential(step, initial=1.0, multiplier=2.0, maximum=5.0) for step in (0, 1, 2, 5000)]
        [1.0, 2.0, 4.0, 5.0]
    """
    if initial == 0:
        return 0.0
    try:
        return min(maximum, initial * float(multiplier) ** step)
    except OverflowError:
        return maximum


def jittered(delay: float, jitter: Jitter, rng: Rng) -> float:
    """The delay after chance had its part.

    Full jitter spreads callers over the whole interval, equal jitter over its upper half
    (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).

    Example:
        >>> [jittered(8.0, jitter, lambda: 0.5) for jitter in ("full", "equal", "none")]
        [4.0, 6.0, 8.0]
    """
    if jitter == "full":
        return delay * rng()
    if jitter == "equal":
        return delay / 2 + delay / 2 * rng()
    return delay
