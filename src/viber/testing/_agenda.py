"""Time that stands still until it is moved, and what is to happen at which moment."""

import math
from bisect import bisect_left, insort
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

_SECOND = 1_000_000_000

Ring = Callable[[], object]
"""What an alarm does."""


def nanoseconds(seconds: float) -> float:
    """Whole nanoseconds (or infinity): ten times 0.1 is 1, and something is never rounded to nothing."""
    if math.isinf(seconds):
        return seconds
    return round(seconds * _SECOND) or math.ceil(seconds)


def in_seconds(moment: float) -> float:
    """The seconds in so many nanoseconds."""
    return moment / _SECOND


@dataclass(frozen=True, slots=True, order=True)
class Alarm:
    """What happens at one moment; of two at the same moment the elder comes first."""

    due: float
    rank: int
    ring: Ring = field(compare=False)


class Agenda:
    """The present moment, and the alarms that wait for theirs, in order; moments are in nanoseconds."""

    __slots__ = ("_alarms", "_ranks", "now")

    def __init__(self, now: float) -> None:
        self.now: float = now
        self._alarms: list[Alarm] = []
        self._ranks = count()

    def __len__(self) -> int:
        return len(self._alarms)

    @property
    def next_due(self) -> float:
        """The moment of the next alarm; infinity when there is none."""
        return self._alarms[0].due if self._alarms else math.inf

    def add(self, due: float, ring: Ring) -> Alarm:
        """Note what is to happen at that moment."""
        alarm = Alarm(due, next(self._ranks), ring)
        insort(self._alarms, alarm)
        return alarm

    def discard(self, alarm: Alarm) -> None:
        """Strike it out, unless it has rung."""
        place = bisect_left(self._alarms, alarm)
        if self._alarms[place : place + 1] == [alarm]:
            del self._alarms[place]

    def clear(self) -> None:
        """Strike out everything."""
        self._alarms.clear()

    def move_to(self, moment: float) -> None:
        """Let it be that moment, never an earlier one than now, and ring whatever is due, in order."""
        self.now = max(self.now, moment)
        while self.next_due <= self.now:
            self._alarms.pop(0).ring()
