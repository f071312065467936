"""What happened in a simulation, moment by moment."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from viber.machines import BreakerState, Transition


@dataclass(frozen=True, slots=True)
class Slice:
    """What happened in the `width` seconds from `start` on."""

    start: float
    width: float
    attempts: int
    """The load that the service saw."""
    successes: int
    failures: int
    rejections: int


@dataclass(frozen=True, slots=True, repr=False)
class Timeline:
    """The moments of a simulated life, in seconds and in order; what can be counted is counted from them.

    Example:
        >>> from viber import Pipeline
        >>> from viber.testing import Outage, simulate
        >>> timeline = simulate(Pipeline(timeout=1.0), [Outage(10, 20)], rate=1.0, duration=30.0)
        >>> timeline.successes, timeline.failures, [piece.failures for piece in timeline.series(10.0)]
        (20, 10, [0, 10, 0])
    """

    duration: float
    """For how long calls were made; the last of them may have ended later."""
    called: Sequence[float]
    """When each call was made."""
    sent: Sequence[float]
    """When each attempt reached the service."""
    succeeded: Sequence[float]
    """When each call that ended well did."""
    failed: Sequence[float]
    """When each call that ended in the error of its last attempt did."""
    rejected: Sequence[float]
    """When each call was turned away of which nothing was sent."""
    transitions: Sequence[Transition]
    """What the circuit did."""

    @property
    def calls(self) -> int:
        """How many calls were made."""
        return len(self.called)

    @property
    def attempts(self) -> int:
        """How often the service was asked."""
        return len(self.sent)

    @property
    def wasted(self) -> int:
        """Attempts that brought nothing: all but the last one of each call that succeeded."""
        return len(self.sent) - len(self.succeeded)

    @property
    def successes(self) -> int:
        """Calls that ended well."""
        return len(self.succeeded)

    @property
    def failures(self) -> int:
        """Calls that ended in the error of their last attempt."""
        return len(self.failed)

    @property
    def rejections(self) -> int:
        """Calls that were turned away before anything was sent: by circuit, limit or deadline."""
        return len(self.rejected)

    @property
    def unfinished(self) -> int:
        """Calls that wait for ever, since nothing bounds them."""
        return self.calls - self.successes - self.failures - self.rejections

    def state_at(self, moment: float) -> BreakerState:
        """The state of the circuit after whatever happened at that moment."""
        place = bisect_right(self.transitions, moment, key=lambda change: change.at)
        return self.transitions[place - 1].after if place else BreakerState.CLOSED

    def time_to_recover(self, after: float) -> float | None:
        """Seconds from a moment until a call succeeded and the circuit was closed; None if that never was.

        Ask it for the end of an outage.
        """
        for moment in self.succeeded[bisect_left(self.succeeded, after) :]:
            if self.state_at(moment) is BreakerState.CLOSED:
                return moment - after
        return None

    def worst_window(self, seconds: float) -> int:
        """The most attempts that reached the service within any stretch of so many seconds."""
        worst = first = 0
        for last, moment in enumerate(self.sent):
            while self.sent[first] + seconds <= moment:
                first += 1
            worst = max(worst, last - first + 1)
        return worst

    def series(self, width: float) -> tuple[Slice, ...]:
        """The same in slices of so many seconds, from 0 to the last thing that happened."""
        counts = [
            Counter(int(moment // width) for moment in moments)
            for moments in (self.sent, self.succeeded, self.failed, self.rejected)
        ]
        turns = max(ceil(self.duration / width), *(max(count, default=-1) + 1 for count in counts))
        return tuple(Slice(turn * width, width, *(count[turn] for count in counts)) for turn in range(turns))

    def __str__(self) -> str:
        ends = f"{self.successes} succeeded, {self.failures} failed, {self.rejections} were turned away"
        unfinished = f", {self.unfinished} never ended" if self.unfinished else ""
        lines = [
            f"{self.calls} calls in {self.duration:g} s: {ends}{unfinished}",
            f"{self.attempts} attempts, {self.wasted} of them wasted",
            *map(_line, self.transitions),
        ]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Timeline calls={self.calls} successes={self.successes} attempts={self.attempts}>"


def _line(change: Transition) -> str:
    return f"{change.at:10.1f} s  {change.before.value} → {change.after.value}: {change.trigger.value}"
