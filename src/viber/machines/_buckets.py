"""Counts of the recent past, in slices of time."""

from math import floor, inf

SLICES = 10
COLUMNS = 3


class Buckets:
    """Sums over the last `span` seconds, in three columns, at a constant cost in time and memory.

    The span is cut into ten slices and forgotten slice by slice: what is counted lies within the span, and of
    its oldest tenth some may be forgotten early.

    Example:
        >>> recent = Buckets(10.0)
        >>> recent.add(0.0, 1)
        >>> recent.add(5.0, 2, 1)
        >>> recent.totals(5.0), recent.totals(10.0), recent.totals(15.0)
        ([3, 1, 0], [2, 1, 0], [0, 0, 0])
    """

    __slots__ = ("_end", "_slice", "_slices", "_turn", "_width", "sums")

    def __init__(self, span: float) -> None:
        self._width = span / SLICES
        self._turn = 0
        self._end = -inf
        self.clear()

    def add(self, now: float, first: int, second: int = 0, third: int = 0) -> None:
        """Count these amounts."""
        position = now / self._width
        if position >= self._end:
            self._advance(floor(position))
        current, sums = self._slice, self.sums
        current[0] += first
        sums[0] += first
        if second:
            current[1] += second
            sums[1] += second
        if third:
            current[2] += third
            sums[2] += third

    def totals(self, now: float) -> list[int]:
        """The sum of each column; reading changes nothing."""
        gone = min(SLICES, floor(now / self._width) - self._turn)
        forgotten = [self._slices[(self._turn + step) % SLICES] for step in range(1, gone + 1)]
        return [total - sum(old[column] for old in forgotten) for column, total in enumerate(self.sums)]

    def clear(self) -> None:
        """Forget everything."""
        self._slices = [[0] * COLUMNS for _ in range(SLICES)]
        self._slice = self._slices[self._turn % SLICES]
        self.sums: list[int] = [0] * COLUMNS
        """The sum of each column when something was last counted."""

    def _advance(self, turn: int) -> None:
        for passed in range(max(self._turn, turn - SLICES) + 1, turn + 1):
            old = self._slices[passed % SLICES]
            self.sums = [total - part for total, part in zip(self.sums, old, strict=True)]
            self._slices[passed % SLICES] = [0] * COLUMNS
        self._turn, self._end = turn, turn + 1
        self._slice = self._slices[turn % SLICES]
