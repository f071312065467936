"""What a caller may ask, and set for a generation."""

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, Literal, Protocol, TypedDict, runtime_checkable

from viber.services.gemini.content._models import Content
from viber.services.gemini.content._part import Part
from viber.services.gemini.content._settings import GenerationConfig, SafetySetting, ThinkingConfig
from viber.services.gemini.tools._function_tool import FunctionTool


@runtime_checkable
class FileLike(Protocol):
    """A file that Google can read: one that was uploaded, for example."""

    @property
    def uri(self) -> str | None:
        """Where it is."""
        ...

    @property
    def mime_type(self) -> str | None:
        """What it is."""
        ...


_ELSEWHERE: Final = {
    "candidate_count": "generation_config={'candidateCount': ...}",
    "config": "generation_config, or keywords",
    "http_options": "with_options(...)",
    "max_tokens": "max_output_tokens",
    "response_schema": "generate_object",
    "stop": "stop_sequences",
    "system_instruction": "system",
    "thinking_config": "thinking",
    "timeout": "with_options(timeout=...)",
}
"""What other clients call it."""
ContentLike = str | Part | Content | FileLike | Mapping[str, Any]
"""Text, a part, a file, a `Content`, or Google's JSON for a part or a content."""
Prompt = ContentLike | Sequence[ContentLike]
"""What is asked: one thing, several things at once, or the turns of a conversation."""
BuiltInTool = Literal["google_search", "code_execution", "url_context", "google_maps"]
"""Tools that Google runs itself; others go in as Google's JSON, such as `{"fileSearch": {...}}`."""
ToolLike = Callable[..., Any] | FunctionTool | BuiltInTool | Mapping[str, Any]
"""A function that is called, a built-in tool, or Google's JSON for a declaration or a tool."""


class GenerateOptions(TypedDict, total=False):
    """The keywords of a generation; None is the model's own default.

    Of several models, each is asked if the one before it cannot answer. `automatic=False` leaves the calling
    of functions to the caller; else they are called in at most `max_tool_rounds` rounds (8), each call for at
    most `tool_timeout` seconds (30).
    """

    model: str | Sequence[str] | None
    system: ContentLike | None
    temperature: float | None
    top_p: float | None
    top_k: int | None
    seed: int | None
    presence_penalty: float | None
    frequency_penalty: float | None
    max_output_tokens: int | None
    stop_sequences: Sequence[str] | None
    response_modalities: Sequence[str] | None
    media_resolution: str | None
    thinking: ThinkingConfig | Mapping[str, Any] | None
    generation_config: GenerationConfig | Mapping[str, Any] | None
    safety_settings: Sequence[SafetySetting | Mapping[str, Any]] | None
    tools: Sequence[ToolLike] | None
    tool_config: Mapping[str, Any] | None
    cached_content: str | None
    labels: Mapping[str, str] | None
    service_tier: str | None
    automatic: bool
    max_tool_rounds: int
    tool_timeout: float | None


class StreamTimes(TypedDict, total=False):
    """The time limits of a stream, in seconds."""

    first_event_timeout: float | None
    idle_timeout: float | None
    total_timeout: float | None


class StreamOptions(GenerateOptions, StreamTimes, total=False):
    """The keywords of a streamed generation: its time limits too, in seconds."""


def check_names(options: Mapping[str, object], known: type[GenerateOptions]) -> None:
    """A keyword that does not exist is a mistake to be told, not to be sent.

    Raises:
        TypeError: there is one.
    """
    if unknown := [name for name in options if name not in known.__annotations__]:
        raise TypeError("; ".join(f"no such option: {name}{_meant(name, known)}" for name in sorted(unknown)))


def _meant(name: str, known: type[GenerateOptions]) -> str:
    close = _ELSEWHERE.get(name) or next(iter(get_close_matches(name, known.__annotations__, 1, 0.7)), "")
    return f" (did you mean {close}?)" if close else ""
