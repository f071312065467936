"""Answers, as values: names are Google's in snake case.

https://ai.google.dev/api/generate-content describes each.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from pydantic import PrivateAttr

from viber.services.gemini.content._evidence import CitationMetadata, GroundingMetadata, SafetyRating
from viber.services.gemini.content._json import Json
from viber.services.gemini.content._part import FunctionCall, Media, Part
from viber.services.gemini.content._shape import Answered
from viber.services.gemini.content._usage import UsageMetadata
from viber.services.gemini.generating._receipt import Receipt
from viber.services.gemini.tools._tool_call import ToolCall


class Content(Answered):
    """What one side said: role `user` or `model`."""

    role: str | None = None
    parts: tuple[Part, ...] = ()

    def of_model(self) -> Self:
        """The same as the model's turn, which not every server says, as every server takes it back.

        Parts that are an empty text, or nothing at all, are left out.
        """
        heard = tuple(part for part in self.parts if part.text or part.model_fields_set - {"text"})
        if self.role == "model" and len(heard) == len(self.parts):
            return self
        return self.model_copy(update={"role": "model", "parts": heard})


class Candidate(Answered):
    """One of the answers; `finish_reason` is None only while a stream goes on."""

    content: Content = Content()
    finish_reason: str | None = None
    finish_message: str | None = None
    index: int = 0
    safety_ratings: tuple[SafetyRating, ...] = ()
    citation_metadata: CitationMetadata | None = None
    grounding_metadata: GroundingMetadata | None = None
    url_context_metadata: Json | None = None
    avg_logprobs: float | None = None
    logprobs_result: Json | None = None

    @property
    def text(self) -> str:
        """The text parts, thoughts left out."""
        return "".join(part.text or "" for part in self.content.parts if not part.thought)

    @property
    def thoughts(self) -> str:
        """The text of the model's thinking, if it was asked for."""
        return "".join(part.text or "" for part in self.content.parts if part.thought)


class PromptFeedback(Answered):
    """What Google thinks of the prompt."""

    block_reason: str | None = None
    safety_ratings: tuple[SafetyRating, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """What was said and called between the prompt and the answer."""

    turns: tuple[Content, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()


class GenerateContentResponse(Answered):
    """A whole answer. What is said of "the" answer is said of its first candidate."""

    candidates: tuple[Candidate, ...] = ()
    usage: UsageMetadata = UsageMetadata()
    """What it took, with the continuations and the tool rounds that led to it."""
    prompt_feedback: PromptFeedback | None = None
    model_version: str | None = None
    response_id: str | None = None
    _record: Record = PrivateAttr(default_factory=Record)
    _receipt: Receipt = PrivateAttr(default_factory=Receipt)

    @property
    def model(self) -> str:
        """The model that was asked and answered, as you named it."""
        return self._receipt.model

    @property
    def receipt(self) -> Receipt:
        """Both in one."""
        return self._receipt

    @property
    def cost(self) -> Decimal | None:
        """What it cost with all that led to it; None when a price, or the usage, is unknown."""
        return self._receipt.cost

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
    def images(self) -> tuple[Media, ...]:
        """The images among the parts.

        Raises:
            ServerError: one is not base64.
        """
        media = (part.media for part in self.parts if not part.thought)
        return tuple(found for found in media if found is not None and found.mime_type.startswith("image/"))

    @property
    def function_calls(self) -> tuple[FunctionCall, ...]:
        """What the model wants to have called, and nobody has yet."""
        return tuple(part.function_call for part in self.parts if part.function_call is not None)

    @property
    def finish_reason(self) -> str | None:
        """Why the model stopped: `STOP`, `MAX_TOKENS`, `SAFETY`, or what else Google invents."""
        return self.candidates[0].finish_reason if self.candidates else None

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """What was called on the way to this answer, and what came of it."""
        return self._record.tool_calls

    @property
    def turns(self) -> tuple[Content, ...]:
        """All that followed the prompt, tool rounds and the answer: with them a conversation goes on."""
        said = self.candidates[0].content.of_model() if self.candidates else Content()
        return (*self._record.turns, said) if said.parts else self._record.turns

    @classmethod
    def of(cls, wire: Json, receipt: Receipt) -> Self:
        """What a JSON object says, with who said it and for how much.

        Raises:
            ServerError: a known field is of another type than Google documents.
        """
        answer = cls.from_wire(wire)
        answer._receipt = receipt  # noqa: SLF001 - its own kind
        return answer

    def recorded(self, record: Record, spent: UsageMetadata, receipt: Receipt) -> Self:
        """The same answer, with what went before it, and what all of it took and cost."""
        copy = self.model_copy(update={"usage": spent})
        copy._record, copy._receipt = record, receipt  # noqa: SLF001 - its own kind
        return copy
