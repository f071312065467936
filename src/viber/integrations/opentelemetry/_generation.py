"""A call of Gemini in the words of the conventions for generative AI."""

from collections.abc import Mapping
from typing import Any, Final

from viber.errors import BaseError
from viber.integrations.opentelemetry import _names as names
from viber.integrations.opentelemetry._attributes import Attributes
from viber.services.gemini import UsageMetadata

_OPERATIONS: Final = {"stream": "generate_content", "embed": "embeddings"}
_MEDIA: Final = {"IMAGE": "image", "AUDIO": "speech", "TEXT": "text"}


def of_question(
    operation: str, asked: Mapping[str, Any], *, host: str, latest: bool
) -> tuple[str, Attributes]:
    """The name of the span, and what it says from the beginning."""
    model, name = asked.get("model"), _OPERATIONS.get(operation, operation)
    known: Attributes = {
        names.GEN_AI_OPERATION: name,
        names.GEN_AI_PROVIDER: names.VERTEX_AI if "aiplatform" in host else names.GEMINI,
    }
    if model is None:
        return f"gemini {name}", known
    known[names.GEN_AI_MODEL] = model
    if operation != "embed":  # which has no settings
        known |= _of_settings(asked, latest=latest)
    if operation == "stream":
        known[names.GEN_AI_STREAM] = True
    return f"{name} {model}", known


def _of_settings(asked: Mapping[str, Any], *, latest: bool) -> Attributes:
    said: Attributes = {
        name: asked[setting] for setting, name in names.GEN_AI_SETTINGS.items() if setting in asked
    }
    if (choices := asked.get("candidateCount", 1)) != 1:
        said[names.GEN_AI_CHOICES] = choices
    if wanted := _output_of(asked):
        said[names.GEN_AI_OUTPUT_TYPE] = wanted
    thinking: Mapping[str, Any] = asked.get("thinkingConfig") or {}
    if latest and "thinkingLevel" in thinking:
        said[names.LATEST_REASONING_LEVEL] = str(thinking["thinkingLevel"]).lower()
    return said


def _output_of(asked: Mapping[str, Any]) -> str | None:
    modalities: Any = asked.get("responseModalities") or ()
    for modality, kind in _MEDIA.items():
        if modality in modalities:
            return kind
    mime = asked.get("responseMimeType")
    return {"application/json": "json", "text/plain": "text"}.get(mime) if isinstance(mime, str) else None


class Answer:
    """What a model answered, as far as a span tells it; of running totals the last one holds."""

    __slots__ = ("_reasons", "_said", "_usage")

    def __init__(self) -> None:
        self._said: Attributes = {}
        self._reasons: dict[int, str] = {}
        self._usage: Any = None

    def add(self, chunk: Mapping[str, Any]) -> None:
        """All of it, or a piece."""
        if isinstance(response_id := chunk.get("responseId"), str):
            self._said[names.GEN_AI_RESPONSE_ID] = response_id
        if isinstance(version := chunk.get("modelVersion"), str):
            self._said[names.GEN_AI_RESPONSE_MODEL] = version
        for candidate in chunk.get("candidates") or ():
            if reason := candidate.get("finishReason"):
                self._reasons[candidate.get("index") or 0] = str(reason)
        self._usage = chunk.get("usageMetadata") or self._usage

    def attributes(self, *, latest: bool) -> Attributes:
        """What is known of it."""
        said = self._said | _of_usage(self._usage, latest=latest)
        if self._reasons:
            said[names.GEN_AI_FINISH_REASONS] = [self._reasons[index] for index in sorted(self._reasons)]
        return said


def _of_usage(told: Any, *, latest: bool) -> Attributes:
    """Cached tokens are part of the input, and thoughts of the output."""
    try:
        usage = UsageMetadata.from_wire(told) if told else None
    except BaseError:
        return {}
    if usage is None:
        return {}
    said: Attributes = {
        names.GEN_AI_INPUT_TOKENS: usage.input_tokens,
        names.GEN_AI_OUTPUT_TOKENS: usage.output_tokens,
    }
    if usage.cached_tokens:
        said[names.GEN_AI_CACHED_TOKENS] = usage.cached_tokens
    if usage.thoughts_tokens:
        said[names.GEN_AI_REASONING_TOKENS] = usage.thoughts_tokens
    return said | _by_modality(usage) if latest else said


def _by_modality(usage: UsageMetadata) -> Attributes:
    said: dict[str, int] = {}
    sides = (("input", usage.prompt_details + usage.tool_use_details), ("output", usage.candidates_details))
    for side, split in sides:
        for part in split:
            if name := names.LATEST_BY_MODALITY.get((part.modality, side)):
                said[name] = said.get(name, 0) + part.tokens
    return {**said}
