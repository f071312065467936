"""What goes in and out of Gemini, as values: unknown fields and unknown enum values are kept.

Names are Google's in snake case; https://ai.google.dev/api/generate-content describes each.
"""

from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from viber.errors import ServerError
from viber.services.gemini._json import Json, is_object

_NAMES = {
    "prompt_tokens": "promptTokenCount",
    "cached_tokens": "cachedContentTokenCount",
    "candidates_tokens": "candidatesTokenCount",
    "thoughts_tokens": "thoughtsTokenCount",
    "tool_use_tokens": "toolUsePromptTokenCount",
    "reported_total": "totalTokenCount",
    "usage": "usageMetadata",
}


def _name_on_wire(field: str) -> str:
    return _NAMES.get(field) or to_camel(field)


class Wire(BaseModel):
    """Frozen; reads camelCase or snake_case, and gives back what it read, unknown fields included."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True,
        extra="allow",
        alias_generator=_name_on_wire,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    @classmethod
    def from_wire(cls, data: Json) -> Self:
        """What a JSON object of the server says.

        Raises:
            ServerError: a known field is of another type than Google documents.
        """
        try:
            return cls.model_validate(data)
        except ValidationError as refused:
            places = sorted(
                {".".join(map(str, error["loc"])) for error in refused.errors(include_input=False)}
            )
            message = "the answer is not what Gemini documents"
            raise ServerError(
                message, service="gemini", retryable=False, details={"fields": places}
            ) from None

    def to_wire(self) -> Json:
        """The JSON object it was read from."""
        return self.model_dump(by_alias=True, exclude_unset=True)


class Answered(Wire):
    """What the server may say with nulls, which are as good as nothing."""

    @model_validator(mode="before")
    @classmethod
    def _absent_is_nothing(cls, data: Any) -> Any:
        return {k: v for k, v in data.items() if v is not None} if is_object(data) else data


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


class UsageMetadata(Answered):
    """Tokens that an answer took.

    Example:
        >>> usage = UsageMetadata(prompt_tokens=10, cached_tokens=4, candidates_tokens=5, thoughts_tokens=7)
        >>> usage.input_tokens, usage.output_tokens, usage.total_tokens
        (10, 12, 22)
    """

    prompt_tokens: int = 0
    """The prompt, the cached part of it included."""
    cached_tokens: int = 0
    candidates_tokens: int = 0
    """The answer, thoughts not included."""
    thoughts_tokens: int = 0
    """The thinking, billed as output."""
    tool_use_tokens: int = 0
    """What tools added to the prompt."""
    reported_total: int | None = None

    @property
    def input_tokens(self) -> int:
        """Prompt and tool use."""
        return self.prompt_tokens + self.tool_use_tokens

    @property
    def output_tokens(self) -> int:
        """Answer and thoughts."""
        return self.candidates_tokens + self.thoughts_tokens

    @property
    def total_tokens(self) -> int:
        """What the server says, or the sum if it says nothing."""
        total = self.reported_total
        return self.input_tokens + self.output_tokens if total is None else total

    def __add__(self, other: Self) -> "UsageMetadata":
        return UsageMetadata(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            candidates_tokens=self.candidates_tokens + other.candidates_tokens,
            thoughts_tokens=self.thoughts_tokens + other.thoughts_tokens,
            tool_use_tokens=self.tool_use_tokens + other.tool_use_tokens,
            reported_total=self.total_tokens + other.total_tokens,
        )


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
