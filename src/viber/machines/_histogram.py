"""Durations counted in buckets that are narrow enough: percentiles within 2 %, whatever the shape.

An octave, from a power of two to the next, has 32 buckets of one width. So a bucket is at most 1/32 of its
lower end wide, and its middle at most 1/64 (1.6 %) from anything in it.
"""

from array import array
from collections import deque
from collections.abc import Iterator
from itertools import accumulate
from math import ceil, frexp, inf, ldexp
from typing import Final, Self

PER_OCTAVE: Final = 32
OCTAVES: Final = 32
FIRST_OCTAVE: Final = -20
"""The first bucket begins at 2**-20 seconds, about a microsecond, and takes what is shorter."""
_SIZE: Final = OCTAVES * PER_OCTAVE
_LONGEST: Final = 2.0 ** (FIRST_OCTAVE + OCTAVES)
_SPREAD: Final = 2 * PER_OCTAVE
_OFFSET: Final = -(FIRST_OCTAVE + 2) * PER_OCTAVE


class Histogram:
    """Counts durations in seconds; two are merged by adding them up, and memory is fixed (8 kB).

    Percentiles are within 2 % for durations from a microsecond to an hour. Count, sum, least and greatest
    are exact. What is longer is counted in the last bucket, and in `overflow`.

    Example:
        >>> latency = Histogram()
        >>> for milliseconds in range(1, 101):
        ...     latency.record(milliseconds / 1000)
        >>> latency.count, round(latency.percentile(0.5), 2), round(latency.percentile(0.99), 2)
        (100, 0.05, 0.1)
    """

    __slots__ = ("_buckets", "count", "greatest", "least", "overflow", "sum")

    def __init__(self) -> None:
        self._buckets = array("Q", bytes(8 * _SIZE))
        self.count: int = 0
        self.sum: float = 0.0
        self.least: float = inf
        self.greatest: float = 0.0
        self.overflow: int = 0

    def record(self, seconds: float) -> None:
        """One more duration.

        Raises:
            ValueError: it is negative, or no finite number.
        """
        if not 0.0 <= seconds < inf:
            raise ValueError(f"a duration is a finite number from 0, not {seconds}")
        self.count += 1
        self.sum += seconds
        # Calls of min() and max() would take half as long again as all the rest.
        if seconds < self.least:  # noqa: PLR1730
            self.least = seconds
        if seconds > self.greatest:  # noqa: PLR1730
            self.greatest = seconds
        fraction, exponent = frexp(seconds)
        index = exponent * PER_OCTAVE + int(fraction * _SPREAD) + _OFFSET
        if index >= _SIZE:
            self.overflow += 1
            index = _SIZE - 1
        self._buckets[index if index > 0 and fraction else 0] += 1

    def percentile(self, share: float) -> float:
        """The duration that this share of all is not longer than; 0.0 when there is none.

        Raises:
            ValueError: the share is not from 0 to 1.
        """
        return self.percentiles(share)[0]

    def percentiles(self, *shares: float) -> list[float]:
        """Several at once, for one walk through the buckets; the shares go up."""
        if not all(0.0 <= share <= 1.0 for share in shares) or sorted(shares) != list(shares):
            raise ValueError(f"shares go up from 0 to 1, not {shares}")
        if not self.count:
            return [0.0] * len(shares)
        found = self._at(ceil(share * self.count) for share in shares)
        return [min(max(seconds, self.least), self.greatest) for seconds in found]

    def at_most(self, *bounds: float) -> list[int]:
        """How many are no longer than each bound; what shares a bucket with a bound counts by its middle."""
        sums = [0, *accumulate(self._buckets)]
        return [sums[_buckets_up_to(bound)] for bound in bounds]

    def add(self, other: "Histogram") -> None:
        """Everything that the other counted, too."""
        self.count += other.count
        self.sum += other.sum
        self.overflow += other.overflow
        self.least = min(self.least, other.least)
        self.greatest = max(self.greatest, other.greatest)
        for index, number in enumerate(other._buckets):  # noqa: SLF001 - our own
            if number:
                self._buckets[index] += number

    def copy(self) -> Self:
        """The same counts, apart from this one."""
        twin = type(self)()
        twin.add(self)
        return twin

    def _at(self, ranks: Iterator[int]) -> Iterator[float]:
        sums = iter(enumerate(accumulate(self._buckets)))
        index, seen = next(sums)
        for rank in ranks:
            while seen < rank:
                index, seen = next(sums)
            yield _middle(index)


class RecentHistogram:
    """Counts durations for good, and those of the last minute or so apart; `now` in seconds.

    The window is `slots` times `width` seconds, the slot that is being filled included: so what is recent is
    that long at most, and a slot less at least.

    Example:
        >>> latency = RecentHistogram()
        >>> latency.record(0.0, 0.2), latency.record(90.0, 0.1)
        (None, None)
        >>> latency.total().count, latency.recent(90.0).count
        (2, 1)
    """

    __slots__ = ("_before", "_current", "_slots", "_tick", "_width")

    def __init__(self, *, slots: int = 6, width: float = 10.0) -> None:
        self._width = width
        self._slots: deque[tuple[int, Histogram]] = deque(maxlen=slots)
        self._before = Histogram()
        self._tick = -1
        self._current = Histogram()

    def record(self, now: float, seconds: float) -> None:
        """One more duration, that ended now.

        Raises:
            ValueError: it is negative, or no finite number.
        """
        tick = int(now / self._width)
        if tick != self._tick:
            self._turn(tick)
        self._current.record(seconds)

    def total(self) -> Histogram:
        """Everything since the beginning."""
        total = self._before.copy()
        total.add(self._current)
        return total

    def recent(self, now: float) -> Histogram:
        """What is not older than the window."""
        oldest = int(now / self._width) - (self._slots.maxlen or 0)
        recent = Histogram()
        for tick, slot in self._slots:
            if tick > oldest:
                recent.add(slot)
        return recent

    def _turn(self, tick: int) -> None:
        self._before.add(self._current)
        self._tick, self._current = tick, Histogram()
        self._slots.append((tick, self._current))


def _middle(index: int) -> float:
    octave, bucket = divmod(index, PER_OCTAVE)
    return ldexp(1.0 + (bucket + 0.5) / PER_OCTAVE, octave + FIRST_OCTAVE)


def _buckets_up_to(bound: float) -> int:
    """How many buckets have their middle at or below the bound."""
    fraction, exponent = frexp(min(bound, _LONGEST))
    octave = exponent - 1 - FIRST_OCTAVE
    if bound <= 0.0 or octave < 0:
        return 0
    whole = int(fraction * 2 * PER_OCTAVE) - PER_OCTAVE
    index = octave * PER_OCTAVE + whole
    return min(_SIZE, index + (index < _SIZE and _middle(index) <= bound))
