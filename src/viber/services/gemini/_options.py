"""What a caller may set for a generation."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypedDict

from pydantic import Field, ValidationError

from viber.services.gemini._errors import refusal
from viber.services.gemini._json import Json
from viber.services.gemini._models import Content, Wire

Finite = Annotated[float, Field(allow_inf_nan=False)]

ContentLike = str | Content | Mapping[str, Any]
"""Text, a `Content`, or Google's JSON for one."""
Prompt = ContentLike | Sequence[ContentLike]
"""What is asked: one thing, or the turns of a conversation."""


class GenerationConfig(Wire):
    """How to generate; a setting that is not listed here is sent as it is, in Google's spelling.

    Raises:
        InvalidRequestError: a value is out of range.

    Example:
        >>> GenerationConfig(temperature=0.2, responseLogprobs=True).to_wire()
        {'temperature': 0.2, 'responseLogprobs': True}
    """

    temperature: Annotated[Finite, Field(ge=0)] | None = None
    top_p: Annotated[Finite, Field(ge=0, le=1)] | None = None
    top_k: Annotated[int, Field(ge=1)] | None = None
    seed: int | None = None
    candidate_count: Annotated[int, Field(ge=1)] | None = None
    max_output_tokens: Annotated[int, Field(ge=1)] | None = None
    stop_sequences: tuple[str, ...] | None = None
    response_mime_type: str | None = None
    response_json_schema: Json | None = None
    thinking_config: Json | None = None

    def __init__(self, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except ValidationError as refused:
            problems = (
                f"{'.'.join(map(str, error['loc']))}: {error['msg']}"
                for error in refused.errors(include_input=False, include_url=False)
            )
            raise refusal("; ".join(problems)) from None


class GenerateOptions(TypedDict, total=False):
    """The keywords of a generation; None is the model's own default."""

    model: str | None
    system: ContentLike | None
    temperature: float | None
    top_p: float | None
    top_k: int | None
    seed: int | None
    max_output_tokens: int | None
    stop_sequences: Sequence[str] | None
    generation_config: GenerationConfig | Mapping[str, Any] | None
    safety_settings: Sequence[Mapping[str, Any]] | None
    tools: Sequence[Mapping[str, Any]] | None
    tool_config: Mapping[str, Any] | None


class StreamOptions(GenerateOptions, total=False):
    """The keywords of a streamed generation: its time limits too, in seconds."""

    first_event_timeout: float | None
    idle_timeout: float | None
    total_timeout: float | None


def check_names(options: Mapping[str, object], known: type[GenerateOptions]) -> None:
    """A keyword that does not exist is a mistake to be told, not to be sent.

    Raises:
        TypeError: there is one.
    """
    if unknown := options.keys() - known.__annotations__.keys():
        raise TypeError(f"no such option: {', '.join(sorted(unknown))}")
