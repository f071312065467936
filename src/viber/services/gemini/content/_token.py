"""One piece of a streamed answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from viber.services.gemini.content._json import Json
from viber.services.gemini.content._models import GenerateContentResponse
from viber.services.gemini.content._part import Part
from viber.services.gemini.content._usage import UsageMetadata


@dataclass(slots=True)
class Token:
    """What one event of a stream said; `text` may be empty, and more than a word.

    Example:
        >>> token = Token("Hi", chunk={"candidates": [{"content": {"parts": [{"text": "Hi"}]}}]})
        >>> token.text, token.finish_reason
        ('Hi', None)
    """

    text: str
    """The text of the first candidate, thoughts left out."""
    chunk: Json = field(repr=False)
    """The event's JSON, verbatim."""

    @property
    def finish_reason(self) -> str | None:
        """Why the model stopped, in the event that says so."""
        first = first_candidate(self.chunk)
        return first.get("finishReason") if first else None

    @property
    def thoughts(self) -> str:
        """The text of the model's thinking in this event."""
        return self.response.thoughts

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts of the first candidate in this event."""
        return self.response.parts

    @property
    def usage(self) -> UsageMetadata | None:
        """The running totals, in an event that tells them."""
        return self.response.usage if self.chunk.get("usageMetadata") else None

    @property
    def response(self) -> GenerateContentResponse:
        """The event as a partial answer."""
        return GenerateContentResponse.from_wire(self.chunk)

    def __str__(self) -> str:
        return self.text


def candidates_of(chunk: Json) -> Sequence[Json]:
    """The candidates of an event, absent ones being none."""
    candidates: Sequence[Json] = chunk.get("candidates") or ()
    return candidates


def index_of(candidate: Json) -> int:
    """Which of the answers it is; one that does not say is the first."""
    index = candidate.get("index") or 0
    return index if index.__class__ is int else int(index)


def first_candidate(chunk: Json) -> Json | None:
    """The candidate that "the" text is of."""
    for candidate in candidates_of(chunk):
        if index_of(candidate) == 0:
            return candidate
    return None


def text_of(chunk: Json) -> str:
    """The text of the first candidate, thoughts left out; looks at every part of every other one too.

    Raises:
        AttributeError, OverflowError, TypeError, ValueError: the event has not the shape of an answer.
    """
    text = ""
    for candidate in chunk.get("candidates") or ():
        index = index_of(candidate) if candidate.get("index") else 0
        content: Json = candidate.get("content") or {}
        for part in content.get("parts") or ():
            if not (part.get("thought") or index):
                text += part.get("text") or ""
    return text
