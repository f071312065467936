"""What happened last, as lines for people; what repeats is one line with a count."""

from asyncio import CancelledError
from collections import OrderedDict, deque
from dataclasses import dataclass
from functools import singledispatch
from math import inf
from typing import Any, Final

from viber.errors import BaseError, CircuitOpenError
from viber.observability import (
    CallFinished,
    CallRejected,
    ChaosInjected,
    CircuitChanged,
    CircuitReconfigured,
    Event,
    FallbackUsed,
    LimitPaused,
    RetryScheduled,
    redact_text,
)

MOST: Final = 50
_TOGETHER: Final = 60.0
"""Seconds: what comes again after a longer silence is a new line."""
_LONGEST: Final = 200
_Key = tuple[str, str, str]


@dataclass(slots=True)
class Line:
    """Something that happened `count` times, on the clock of its events."""

    service: str
    kind: str
    text: str
    first: float
    last: float
    count: int = 1

    def to_json(self, now: float) -> dict[str, Any]:
        """As the page reads it: ages instead of moments, since no two clocks agree."""
        return {
            "service": self.service,
            "kind": self.kind,
            "text": self.text,
            "ago": round(max(0.0, now - self.last), 3),
            "began": round(max(0.0, now - self.first), 3),
            "count": self.count,
        }


class Feed:
    """A listener that keeps the last fifty things worth telling.

    Changes of a circuit are kept apart: no flood of failures pushes them out.

    Example:
        >>> feed = Feed()
        >>> for moment in (1.0, 2.0):
        ...     feed(CallRejected("quotes", "circuit", None, moment))
        >>> [(line.text, line.count) for line in feed.lines()]
        [('rejected: circuit', 2)]
    """

    def __init__(self) -> None:
        self._changes: deque[Line] = deque(maxlen=MOST)
        self._others: OrderedDict[_Key, Line] = OrderedDict()

    def __call__(self, event: Event) -> None:
        """Take note of it, if it is worth a line."""
        if isinstance(event, CallFinished) and event.error is None:
            return
        if isinstance(event, CircuitChanged):
            self.change(event)
        elif (told := _told(event)) is not None:
            self._note(event.service, *told, event.at)

    def change(self, event: CircuitChanged) -> None:
        """A circuit changed, now or earlier: the same change is told once."""
        text = f"{_words(event.before)} → {_words(event.after)}: {event.trigger.value}"
        line = Line(_shown(event.service), event.after.value, text, event.at, event.at)
        if line not in self._changes:
            self._changes.append(line)

    def lines(self) -> list[Line]:
        """The newest first."""
        lines = sorted((*self._changes, *self._others.values()), key=lambda line: line.last, reverse=True)
        return lines[:MOST]

    def _note(self, service: str, kind: str, text: str, at: float) -> None:
        key = service, kind, text
        line = self._others.get(key)
        if line is not None and at - line.last < _TOGETHER:
            line.last, line.count = at, line.count + 1
        else:
            self._others[key] = Line(_shown(service), kind, _shown(text), at, at)
        self._others.move_to_end(key)
        if len(self._others) > MOST:
            self._others.popitem(last=False)


@singledispatch
def _told(_: Event) -> tuple[str, str] | None:
    """The kind and the text of an event; None for what is not worth a line, or told elsewhere."""
    return None


@_told.register
def _(event: CallFinished) -> tuple[str, str] | None:
    if isinstance(event.error, CircuitOpenError | CancelledError):
        return None
    return "failure", f"{event.operation or 'call'} failed: {_code(event.error)}"


@_told.register
def _(event: CallRejected) -> tuple[str, str]:
    return "rejected", f"rejected: {event.gate}"


@_told.register
def _(event: RetryScheduled) -> tuple[str, str]:
    return "retry", f"{event.operation or 'call'} tried again: {_code(event.error)}"


@_told.register
def _(event: LimitPaused) -> tuple[str, str]:
    return "paused", "paused for good" if event.seconds == inf else f"paused for {event.seconds:.3g} s"


@_told.register
def _(event: FallbackUsed) -> tuple[str, str]:
    return "fallback", f"a fallback answered: {_code(event.error)}"


@_told.register
def _(_: CircuitReconfigured) -> tuple[str, str]:
    return "rules", "circuit goes on by other rules"


@_told.register
def _(event: ChaosInjected) -> tuple[str, str]:
    return "chaos", f"disturbed on purpose: {event.kind}"


def _code(error: BaseException | None) -> str:
    """Never the message of an error: it may hold what users wrote."""
    if error is None:
        return "not good enough"
    return error.code if isinstance(error, BaseError) else type(error).__name__


def _words(state: str) -> str:
    return state.replace("_", " ")


def _shown(text: str) -> str:
    return redact_text(text, limit=_LONGEST)
