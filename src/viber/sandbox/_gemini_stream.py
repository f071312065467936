"""What a stream sends and how it ends, faults included. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from viber.sandbox._faults import Fault, FaultKind
from viber.sandbox._gemini_answer import Event, without_finish
from viber.sandbox._gemini_wire import Framing, Json, google_error, pretty


class Ending(StrEnum):
    """What happens to the connection behind the last frame."""

    CLOSE = "close"  # the body ends the way HTTP says
    CUT = "cut"  # the connection is dropped
    STALL = "stall"  # nothing more comes, and nothing ends


@dataclass(frozen=True, slots=True)
class Frame:
    """Some bytes of a stream, the tokens that are new in them and the usage they tell."""

    data: bytes
    tokens: int = 0
    usage: Json | None = None


def stream_frames(
    events: Iterable[Event], *, framing: Framing, fault: Fault | None = None, model: str = ""
) -> Iterator[Frame]:
    """Return the frames of a stream; a stream fault cuts them off and adds what it has to say."""
    count = 0
    for event in _shorten(events, fault):
        yield Frame(framing.frame(event.payload, first=count == 0), event.tokens, event.usage)
        count += 1
    if fault is None or fault.kind is FaultKind.END_STREAM:
        yield Frame(framing.closing(empty=count == 0))
        return
    yield from _complain(fault, google_error(fault, model=model), framing, first=count == 0)


def ending_of(fault: Fault | None) -> Ending:
    """Return how a stream with this fault ends."""
    if fault is None or fault.kind not in {FaultKind.CUT_STREAM, FaultKind.STALL}:
        return Ending.CLOSE
    return Ending.CUT if fault.kind is FaultKind.CUT_STREAM else Ending.STALL


def _shorten(events: Iterable[Event], fault: Fault | None) -> Iterator[Event]:
    for number, event in enumerate(events):
        if fault is not None and number >= fault.after_events:
            return
        # A clean end that were complete would be no fault.
        yield without_finish(event) if fault is not None and fault.kind is FaultKind.END_STREAM else event


def _complain(fault: Fault, body: Any, framing: Framing, *, first: bool) -> Iterator[Frame]:
    if fault.kind is FaultKind.ERROR_EVENT:
        yield Frame(framing.frame(body, first=first))
        yield Frame(framing.closing(empty=False))
    elif fault.kind is FaultKind.ERROR_TAIL:
        yield Frame((pretty(body) + "\n").encode())
