"""Discrete events in virtual time: no loop, no tasks, no waiting."""

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from heapq import heappop, heappush
from itertools import count
from math import inf

Act = Callable[[], object]
"""What happens at one moment."""


class Calendar:
    """What will happen, in the order of an event loop on a fake clock.

    At each moment all its alarms ring, the first one noted first; whoever they wake acts after them, in the
    order of waking.

    Example:
        >>> calendar = Calendar()
        >>> calendar.wake(2.0, lambda: print("second, at", calendar.now))
        >>> calendar.wake(1.0, lambda: print("first, at", calendar.now))
        >>> calendar.run()
        first, at 1.0
        second, at 2.0
    """

    __slots__ = ("_alarms", "_awake", "_ranks", "now", "soon")

    def __init__(self) -> None:
        self.now = 0.0
        self._alarms: list[tuple[float, int, bool, Act]] = []
        self._ranks = count()
        self._awake = deque[Act]()
        self.soon: Callable[[Act], None] = self._awake.append
        """Has something done at this moment, after what is to be done already."""

    def ring(self, moment: float, act: Act) -> None:
        """Have something done as soon as that moment has come; at infinity nothing ever is."""
        if moment < inf:
            heappush(self._alarms, (moment, next(self._ranks), False, act))

    def wake(self, moment: float, act: Act) -> None:
        """Have something done at that moment by somebody who sleeps until then."""
        if moment <= self.now:
            self.soon(act)
        elif moment < inf:
            heappush(self._alarms, (moment, next(self._ranks), True, act))

    def wake_each(self, moments: Iterator[float], act: Act) -> None:
        """Have something done at each of these moments, in order, by who slept from the beginning."""
        moment = next(moments, inf)
        if moment < inf:
            go_on: Act = partial(self._wake_and_go_on, moments, act)
            heappush(self._alarms, (moment, -1, False, go_on))

    def run(self) -> None:
        """Let everything happen."""
        alarms, awake = self._alarms, self._awake
        while alarms:
            now = self.now = alarms[0][0]
            while alarms and alarms[0][0] <= now:
                _, _, sleeps, act = heappop(alarms)
                if sleeps:
                    awake.append(act)
                else:
                    act()
            while awake:
                awake.popleft()()

    def _wake_and_go_on(self, moments: Iterator[float], act: Act) -> None:
        self.soon(act)
        self.wake_each(moments, act)
