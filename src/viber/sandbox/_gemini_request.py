"""A request for generation, read and judged the way the Gemini API does. Pure."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from viber.sandbox._gemini_fields import (
    listed,
    pick,
    pick_number,
    pick_object,
    pick_objects,
    pick_text,
    refuse_unknown,
)
from viber.sandbox._gemini_wire import Json, dump, invalid_argument

# The fields of a request and of its generationConfig; the API refuses any other.
_FIELDS: Final = """
    model contents systemInstruction tools toolConfig safetySettings generationConfig cachedContent store
    serviceTier continuationToken labels
"""
_CONFIG: Final = """
    temperature topP topK seed candidateCount presencePenalty frequencyPenalty stopSequences maxOutputTokens
    responseMimeType responseSchema responseJsonSchema _responseJsonSchema responseModalities responseLogprobs
    logprobs responseFormat thinkingConfig speechConfig mediaResolution imageConfig audioTimestamp
    enableEnhancedCivicAnswers enableAffectiveDialog routingConfig modelSelectionConfig translationConfig
    audioTranscriptionConfig
"""
CACHED_TOKENS: Final = 1024  # what a cachedContent weighs of which nothing else is known
_ROLES: Final = frozenset({None, "user", "model", "function"})
_UNSIGNED: Final = ("gemini-2.",)  # families that do not ask for thought signatures
_PASSES: Final = frozenset({"skip_thought_signature_validator", "context_engineering_is_the_way_to_go"})


@dataclass(frozen=True, slots=True)
class Generation:
    """What is asked of the model; ``digest`` is the same for equal requests, streamed or not."""

    model: str
    contents: tuple[Json, ...]
    system: Json | None
    declarations: tuple[Json, ...]
    built_in_tools: int
    function_mode: str
    allowed_functions: frozenset[str] | None
    max_tokens: int | None
    stops: tuple[str, ...]
    mime_type: str
    schema: Json | None
    wants_thoughts: bool
    modalities: frozenset[str]
    searches: bool
    cached_tokens: int
    digest: bytes

    @property
    def prompt(self) -> str:
        """The text of the last message."""
        texts = (pick_text(part, "text") for part in pick_objects(self.contents[-1], "parts"))
        return "\n".join(text for text in texts if text)


def read_generation(model: str, body: Json) -> Generation:
    """Read the body of generateContent or streamGenerateContent.

    Raises:
        GeminiRefusedError: 400, with the field that is wrong.
    """
    refuse_unknown(body, _FIELDS.split(), "request")
    config = pick_object(body, "generationConfig")
    refuse_unknown(config, _CONFIG.split(), "generationConfig")
    if (pick_number(config, "candidateCount", least=1) or 1) > 1:
        raise invalid_argument("generationConfig.candidateCount", "this model gives one candidate")
    contents = read_contents(body)
    for content in contents:
        _check_signatures(content, model)
    tools = pick_objects(body, "tools")
    declarations = tuple(one for tool in tools for one in pick_objects(tool, "functionDeclarations"))
    calling = pick_object(pick_object(body, "toolConfig"), "functionCallingConfig")
    return Generation(
        model=model,
        contents=contents,
        system=pick_object(body, "systemInstruction") or None,
        declarations=declarations,
        built_in_tools=sum(1 for tool in tools for name in tool if not name.startswith("function")),
        function_mode=(pick_text(calling, "mode") or "AUTO").upper(),
        allowed_functions=_allowed(calling, declarations),
        max_tokens=pick_number(config, "maxOutputTokens", least=1),
        stops=tuple(str(stop) for stop in listed(pick(config, "stopSequences")) if stop),
        mime_type=pick_text(config, "responseMimeType") or "text/plain",
        schema=_schema(config),
        wants_thoughts=bool(pick(pick_object(config, "thinkingConfig"), "includeThoughts")),
        modalities=frozenset(str(name).upper() for name in listed(pick(config, "responseModalities"))),
        searches=any(pick(tool, "googleSearch") is not None for tool in tools),
        cached_tokens=CACHED_TOKENS if pick_text(body, "cachedContent") else 0,
        digest=sha256(f"{model}\n{dump(body)}".encode()).digest(),
    )


def read_contents(body: Json) -> tuple[Json, ...]:
    """Return the messages of a request, each of which has a known role and at least one part."""
    contents = pick_objects(body, "contents")
    if not contents:
        raise invalid_argument("contents", "contents are not specified")
    for place, content in enumerate(contents):
        role = pick_text(content, "role")
        if role not in _ROLES:
            raise invalid_argument(f"contents[{place}].role", "the role is user or model")
        check_parts(content, f"contents[{place}]")
    return tuple(contents)


def check_parts(content: Json, field: str) -> None:
    """Refuse a message without parts, or with a part that holds nothing."""
    parts = pick_objects(content, "parts")
    if not parts:
        raise invalid_argument(f"{field}.parts", "parts must not be empty")
    for place, part in enumerate(parts):
        if pick_text(part, "text") is None and not set(part) - {"text"}:
            raise invalid_argument(f"{field}.parts[{place}]", "the part holds no data")


def function_parameters(declaration: Json) -> Json:
    """Return the schema of a function's arguments, whichever field it came in."""
    return pick_object(declaration, "parametersJsonSchema") or pick_object(declaration, "parameters")


def sign(model: str, digest: bytes) -> str:
    """Return the thought signature that this model puts beside a function call."""
    return base64.b64encode(f"sandbox:{model}:".encode() + digest[:12]).decode()


def _allowed(calling: Json, declarations: tuple[Json, ...]) -> frozenset[str] | None:
    names = frozenset(str(name) for name in listed(pick(calling, "allowedFunctionNames")))
    unknown = names - {pick_text(one, "name") for one in declarations}
    if unknown:
        raise invalid_argument("allowedFunctionNames", f"{', '.join(sorted(unknown))} is not declared")
    return names or None


def _schema(config: Json) -> Json | None:
    for name in ("responseSchema", "responseJsonSchema", "_responseJsonSchema"):
        if pick(config, name) is not None:
            return pick_object(config, name)
    return None


def _check_signatures(content: Json, model: str) -> None:
    calls = [part for part in pick_objects(content, "parts") if pick(part, "functionCall") is not None]
    if model.startswith(_UNSIGNED) or not calls:
        return
    signature = pick_text(calls[0], "thoughtSignature")
    name = pick_text(pick_object(calls[0], "functionCall"), "name")
    if not signature:
        raise invalid_argument("contents", f"function call `{name}` is missing a thought_signature")
    if signature not in _PASSES and _signer(signature) not in {None, model}:
        raise invalid_argument("contents", f"the thought_signature of `{name}` is not valid")


def _signer(signature: str) -> str | None:
    try:
        raw = base64.b64decode(signature)
    except ValueError:
        return None
    owner, _, rest = raw.partition(b":")
    return rest.partition(b":")[0].decode("utf-8", "replace") if owner == b"sandbox" else None
