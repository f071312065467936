"""What the Gemini server has done so far, for tests that add it up. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from viber.sandbox._gemini_wire import Json


class Outcome(StrEnum):
    """How a stream ended."""

    FINISHED = "finished"  # the last event was sent
    ABANDONED = "abandoned"  # the client went away first
    BROKEN = "broken"  # a fault broke it


@dataclass(slots=True)
class GeminiStats:
    """Counts since the start, or since the last reset.

    ``usage`` adds up the usageMetadata of every answer the model gave, as far as a stream had come;
    ``tokens_sent`` counts the tokens of answers and thoughts that went out to a client.
    """

    requests: Counter[str] = field(default_factory=Counter[str])
    requests_open: int = 0
    streams_open: int = 0
    streams: Counter[Outcome] = field(default_factory=Counter[Outcome])
    tokens_sent: int = 0
    usage: Counter[str] = field(default_factory=Counter[str])

    def bill(self, usage: Json) -> None:
        """Add the usage of one answer."""
        self.usage.update({name: value for name, value in usage.items() if isinstance(value, int)})

    def end_stream(self, outcome: Outcome, usage: Json | None) -> None:
        """Count a stream that is over, with the last usage it told."""
        self.streams_open -= 1
        self.streams[outcome] += 1
        self.bill(usage or {})

    def reset(self) -> None:
        """Start anew; what is open stays counted as open."""
        self.requests.clear()
        self.streams.clear()
        self.usage.clear()
        self.tokens_sent = 0

    def snapshot(self) -> dict[str, Any]:
        """Return the counts as JSON."""
        return {
            "requests": dict(self.requests),
            "requests_open": self.requests_open,
            "streams_open": self.streams_open,
            **{f"streams_{outcome}": self.streams[outcome] for outcome in Outcome},
            "tokens_sent": self.tokens_sent,
            "usage": dict(self.usage),
        }
