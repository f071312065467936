"""What goes in and out of Gemini, as values: unknown fields and unknown enum values are kept.

Names are Google's in snake case; https://ai.google.dev/api/generate-content describes each.
"""

from viber.services.gemini._json import Json
from viber.services.gemini._shape import Answered, Wire
from viber.services.gemini._usage import UsageMetadata


class Part(Wire):
    """A piece of content: one of text, data, a function call and so on."""

    text: str | None = None
    thought: bool | None = None
    """Text of the model's thinking, which is no part of the answer."""
    thought_signature: str | None = None
    """Must come back with the part when the conversation goes on."""
    inline_data: Json | None = None
    file_data: Json | None = None
    function_call: Json | None = None
    function_response: Json | None = None


class Content(Answered):
    """What one side said: role `user` or `model`."""

    role: str | None = None
    parts: tuple[Part, ...] = ()


class Candidate(Answered):
    """One of the answers; `finish_reason` is None only while a stream goes on."""

    content: Content = Content()
    finish_reason: str | None = None
    finish_message: str | None = None
    index: int = 0
    safety_ratings: tuple[Json, ...] = ()

    @property
    def text(self) -> str:
        """The text parts, thoughts left out."""
        return "".join(part.text or "" for part in self.content.parts if not part.thought)

    @property
    def thoughts(self) -> str:
        """The text of the model's thinking, if it was asked for."""
        return "".join(part.text or "" for part in self.content.parts if part.thought)


class GenerateContentResponse(Answered):
    """A whole answer. What is said of "the" answer is said of its first candidate."""

    candidates: tuple[Candidate, ...] = ()
    usage: UsageMetadata = UsageMetadata()
    model_version: str | None = None
    response_id: str | None = None

    @property
    def text(self) -> str:
        """The text, thoughts left out; empty if there is none."""
        return self.candidates[0].text if self.candidates else ""

    @property
    def thoughts(self) -> str:
        """The text of the model's thinking, if it was asked for."""
        return self.candidates[0].thoughts if self.candidates else ""

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts as they came, to be sent back when the conversation goes on."""
        return self.candidates[0].content.parts if self.candidates else ()

    @property
    def finish_reason(self) -> str | None:
        """Why the model stopped: `STOP`, `MAX_TOKENS`, `SAFETY`, or what else Google invents."""
        return self.candidates[0].finish_reason if self.candidates else None
