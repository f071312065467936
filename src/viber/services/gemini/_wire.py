"""The request side: prompts and options to the JSON that Gemini reads."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self, cast
from urllib.parse import quote

from viber.http import Request
from viber.services.gemini._config import GeminiConfig
from viber.services.gemini._errors import refusal
from viber.services.gemini._json import Json, is_object
from viber.services.gemini._models import Content
from viber.services.gemini._options import ContentLike, GenerateOptions, GenerationConfig, Prompt

ROLES = frozenset({"user", "model"})
_KNOBS = frozenset({"temperature", "top_p", "top_k", "seed", "max_output_tokens", "stop_sequences"})
_TOP = {"safety_settings": "safetySettings", "tools": "tools", "tool_config": "toolConfig"}
_NO_NAMES = frozenset({"", ".", ".."})
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_JSON = ("content-type", "application/json")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where requests go, and the header fields they carry."""

    root: str
    model: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)

    @classmethod
    def of(cls, config: GeminiConfig) -> Self:
        """The endpoint that a configuration names."""
        key = config.api_key.get_secret_value()
        return cls(f"{config.base_url}/{config.api_version}", config.model, (("x-goog-api-key", key),))

    def get(self, path: str) -> Request:
        """A question without a body."""
        return Request("GET", f"{self.root}/{path}", self.headers)

    def post(self, model: str | None, verb: str, body: Json) -> Request:
        """A question to a model.

        Raises:
            InvalidRequestError: the body is not JSON, or there is no such model name.
        """
        path = model_path(self.model if model is None else model)
        return Request("POST", f"{self.root}/{path}:{verb}", (*self.headers, _JSON), encoded(body))


def model_path(model: str) -> str:
    """The path of a model, `models/` unless it names another collection; percent-encoded.

    Raises:
        InvalidRequestError: the name is empty.
    """
    collection, slash, name = model.rpartition("/")
    if name.strip() in _NO_NAMES or collection not in ("", "models", "tunedModels"):
        raise refusal(f"not a model name: {model!r}", suggestion="for example gemini-flash-latest")
    return f"{collection if slash else 'models'}/{quote(name, safe='')}"


def generate_body(prompt: Prompt, options: GenerateOptions) -> Json:
    """The body of a generation.

    Raises:
        InvalidRequestError: the prompt is empty, or an option is out of range.
    """
    body: Json = {"contents": contents(prompt)}
    if (system := options.get("system")) is not None:
        body["systemInstruction"] = {"parts": content(system)["parts"]}
    if settings := _generation_config(options):
        body["generationConfig"] = settings
    for name, wire in _TOP.items():
        if (value := options.get(name)) is not None:
            body[wire] = value
    return body


def count_body(prompt: Prompt, model: str, system: ContentLike | None) -> Json:
    """The body of a count; with a system instruction the whole request has to be sent.

    Raises:
        InvalidRequestError: the prompt is empty.
    """
    body = generate_body(prompt, {"system": system})
    return {"generateContentRequest": {"model": model_path(model), **body}} if system is not None else body


def continued(request: Request, body: Json, token: str) -> Request:
    """The request that goes on where an answer stopped."""
    return replace(request, body=encoded({**body, "continuationToken": token})) if token else request


def contents(prompt: Prompt) -> list[Json]:
    """The turns of a prompt.

    Raises:
        InvalidRequestError: there is none, or one is empty.
    """
    if isinstance(prompt, str | Content | Mapping):
        return [content(prompt)]
    turns = [content(turn) for turn in prompt]
    if not turns:
        raise refusal("the prompt is empty")
    return turns


def content(turn: ContentLike) -> Json:
    """One turn as JSON; who said it is the user unless it says otherwise.

    Raises:
        InvalidRequestError: it says nothing, or its role is unknown.
    """
    match turn:
        case str():
            wire: Json = {"parts": [{"text": turn}]}
        case Content():
            wire = turn.to_wire()
        case Mapping():
            wire = dict(turn)
        case _:  # a caller without a type checker
            raise TypeError(f"a prompt is text, a Content or a mapping, not {type(turn).__name__!r}")
    wire["role"] = wire.get("role") or "user"
    if wire["role"] not in ROLES:
        raise refusal(f"unknown role {wire['role']!r}", suggestion="it is 'user' or 'model'")
    if not _says_something(wire.get("parts")):
        raise refusal("the prompt is empty")
    return wire


def encoded(body: Json) -> bytes:
    """The body as it is sent.

    Raises:
        InvalidRequestError: it holds what JSON cannot say.
    """
    try:
        return _ENCODER.encode(body).encode()
    except (TypeError, ValueError) as error:
        raise refusal(f"the request cannot be written as JSON: {error}") from error


def _says_something(parts: object) -> bool:
    return isinstance(parts, Sequence) and any(map(_is_something, cast("Sequence[object]", parts)))


def _is_something(part: object) -> bool:
    return is_object(part) and (set(part) != {"text"} or bool(str(part["text"] or "").strip()))


def _generation_config(options: GenerateOptions) -> Json:
    given = options.get("generation_config") or {}
    knobs = {name: value for name, value in options.items() if name in _KNOBS and value is not None}
    if not given and not knobs:
        return {}
    base = given if isinstance(given, GenerationConfig) else GenerationConfig(**given)
    return {**base.to_wire(), **GenerationConfig(**knobs).to_wire()}
