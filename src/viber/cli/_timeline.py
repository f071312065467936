"""What happened when: the events of a run, on one clock that starts at zero."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from viber.clock import SYSTEM_CLOCK, Clock
from viber.observability import CallFinished, CircuitChanged, Event, RetryScheduled


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline: seconds since the start, and what happened."""

    at: float
    what: str


@dataclass(slots=True)
class Timeline:
    """A listener that keeps what a person wants to see, and counts the rest."""

    show: Callable[[Moment], None]
    """Told of each moment at once."""
    clock: Clock = SYSTEM_CLOCK
    moments: list[Moment] = field(default_factory=list[Moment])
    counts: Counter[str] = field(default_factory=Counter[str])
    started: float = 0.0

    def __post_init__(self) -> None:
        self.started = self.clock.now()

    def __call__(self, event: Event) -> None:
        """Take note of one event."""
        match event:
            case CircuitChanged(service=service, before=before, after=after, trigger=trigger):
                self.counts[f"circuit {after.value}"] += 1
                self.note(f"circuit of {service}: {before.value} → {after.value} ({trigger.value})")
            case RetryScheduled():
                self.counts["retries"] += 1
            case CallFinished(error=None):
                self.counts["calls that succeeded"] += 1
            case CallFinished(error=error):
                self.counts[f"calls that ended in {type(error).__name__}"] += 1
            case _:
                pass

    def note(self, what: str) -> None:
        """Something worth a line happened now."""
        moment = Moment(self.clock.now() - self.started, what)
        self.moments.append(moment)
        self.show(moment)
