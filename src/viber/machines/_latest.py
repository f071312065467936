"""The times of the last few events."""

from array import array
from math import inf


class Latest:
    """Remembers when the last `size` events were; the oldest of them is all that "N within a window" needs.

    Example:
        >>> latest = Latest(2)
        >>> latest.add(1.0)
        >>> latest.oldest
        -inf
        >>> latest.add(4.0)
        >>> latest.oldest, latest.count_within(2.0, now=5.0)
        (1.0, 1)
    """

    __slots__ = ("_place", "_times")

    def __init__(self, size: int) -> None:
        self._times = array("d", [-inf]) * size
        self._place = 0

    @property
    def oldest(self) -> float:
        """The time of the event `size` ago; minus infinity if there were not so many."""
        return self._times[self._place] if self._times else -inf

    def add(self, now: float) -> None:
        """One more event."""
        if self._times:
            self._times[self._place] = now
            self._place = (self._place + 1) % len(self._times)

    def count_within(self, span: float, *, now: float) -> int:
        """How many of them came within the last `span` seconds."""
        return sum(now - time < span for time in self._times)

    def resized(self, size: int) -> "Latest":
        """The same with room for another number; the newest are kept."""
        other = Latest(size)
        for time in (*self._times[self._place :], *self._times[: self._place]):
            other.add(time)
        return other
