"""The request side: prompts and options to the JSON that Gemini reads."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Self, cast
from urllib.parse import quote

from viber.http import Request
from viber.services.gemini._config import GeminiConfig
from viber.services.gemini._errors import refusal
from viber.services.gemini._options import ContentLike, FileLike, GenerateOptions, Prompt
from viber.services.gemini.content._json import Json, is_object
from viber.services.gemini.content._models import Content
from viber.services.gemini.content._part import Part
from viber.services.gemini.content._settings import GenerationConfig, SafetySetting, Setting, ThinkingConfig
from viber.services.gemini.content._shape import in_camel_case

ROLES = frozenset({"user", "model"})
_KNOBS = GenerateOptions.__annotations__.keys() & GenerationConfig.model_fields.keys()
_TOP = {
    "tool_config": "toolConfig",
    "cached_content": "cachedContent",
    "labels": "labels",
    "service_tier": "serviceTier",
}
_NO_NAMES = frozenset({"", ".", ".."})
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_JSON = ("content-type", "application/json")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where requests go, and the header fields they carry."""

    root: str
    model: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    max_request_bytes: int = 20 * 1024 * 1024
    is_vertex: bool = False

    @classmethod
    def of(cls, config: GeminiConfig) -> Self:
        """The endpoint that a configuration names."""
        key = config.api_key.get_secret_value()
        headers = (("x-goog-api-key", key),) if config.token is None else ()
        root, vertex = f"{config.base_url}/{config.api_version}", config.vertex
        if vertex is not None:
            root = f"{root}/{vertex.path}"
        return cls(root, config.model, headers, config.max_request_bytes, vertex is not None)

    def get(self, path: str) -> Request:
        """A question without a body."""
        return Request("GET", f"{self.root}/{path}", self.headers)

    def greeting(self) -> Request:
        """A question that costs nothing."""
        if self.is_vertex:  # which lists no models
            return self.post(None, "countTokens", {"contents": [content("Hi")]})
        return self.get("models?pageSize=1")

    def post(self, model: str | None, verb: str, body: Json) -> Request:
        """A question to a model.

        Raises:
            InvalidRequestError: the body is not JSON or too large, or there is no such model name.
        """
        data = encoded(body)
        if len(data) > self.max_request_bytes:
            size, most = len(data) / 1e6, self.max_request_bytes / 1e6
            raise refusal(
                f"the request has {size:.1f} MB, more than the {most:.1f} that Gemini takes",
                suggestion="upload large data as a file, and refer to it",
            )
        return Request("POST", self.url(model, verb), (*self.headers, _JSON), data)

    def url(self, model: str | None, verb: str) -> str:
        """Where a model is asked.

        Raises:
            InvalidRequestError: there is no such model name.
        """
        path = model_path(self.model if model is None else model)
        return f"{self.root}/{'publishers/google/' if self.is_vertex else ''}{path}:{verb}"


def model_path(model: str) -> str:
    """The path of a model, `models/` unless it names another collection; percent-encoded.

    Raises:
        InvalidRequestError: the name is empty.
    """
    collection, slash, name = model.rpartition("/")
    if name.strip() in _NO_NAMES or collection not in ("", "models", "tunedModels"):
        raise refusal(f"not a model name: {model!r}", suggestion="for example gemini-flash-latest")
    return f"{collection if slash else 'models'}/{quote(name, safe='')}"


def generate_body(
    prompt: Prompt, options: GenerateOptions, *, tools: Sequence[Json] = (), schema: Json | None = None
) -> Json:
    """The body of a generation, with tools as Google reads them; a schema demands JSON.

    Raises:
        InvalidRequestError: the prompt is empty, or an option is out of range.
    """
    body: Json = {"contents": contents(prompt)}
    if (system := options.get("system")) is not None:
        body["systemInstruction"] = {"parts": content(system)["parts"]}
    settings = _generation_config(options)
    if schema is not None:
        settings |= {"responseMimeType": "application/json", "responseJsonSchema": schema}
    if settings:
        body["generationConfig"] = settings
    if (safety := options.get("safety_settings")) is not None:
        body["safetySettings"] = [_on_wire(one, SafetySetting, "each of safety_settings") for one in safety]
    if tools:
        body["tools"] = list(tools)
    for name, wire in _TOP.items():
        if (value := options.get(name)) is not None:
            body[wire] = in_camel_case(value) if wire == "toolConfig" else value
    return body


def continued(request: Request, body: Json, token: str) -> Request:
    """The request that goes on where an answer stopped."""
    return replace(request, body=encoded({**body, "continuationToken": token})) if token else request


def contents(prompt: Prompt) -> list[Json]:
    """The turns of a prompt; texts, parts and files that follow each other are said at once.

    Raises:
        InvalidRequestError: there is none, or one is empty.
    """
    if isinstance(prompt, str | Content | Part | Mapping | FileLike):
        return [content(prompt)]
    _refuse_others(prompt)
    turns: list[Json] = []
    for is_turn, group in groupby(prompt, _is_turn):
        said = list(group)
        turns += map(content, said) if is_turn else [_turn({"parts": list(map(_part, said))})]
    if not turns:
        raise refusal("the prompt is empty")
    return turns


def content(said: ContentLike) -> Json:
    """One turn as JSON; who said it is the user unless it says otherwise.

    Raises:
        InvalidRequestError: it says nothing, or its role is unknown.
    """
    if isinstance(said, Content):
        return _turn(said.to_wire())
    if isinstance(said, Mapping) and _is_turn(said):
        return _turn(dict(said))
    return _turn({"parts": [_part(said)]})


def _is_turn(said: ContentLike) -> bool:
    return isinstance(said, Content) or (isinstance(said, Mapping) and (not said or "parts" in said))


def _part(said: ContentLike) -> Json:
    match said:
        case str():
            return {"text": said}
        case Part():
            return said.to_wire()
        case Mapping():
            if "role" in said:
                raise refusal("a turn without parts", suggestion='{"role": ..., "parts": [{"text": ...}]}')
            return dict(said)
        case FileLike(uri=str(uri)):
            return Part.of_file(uri, said.mime_type).to_wire()
        case FileLike():
            raise refusal("the file has no address yet", suggestion="wait until it is ACTIVE")
        case _:  # a caller without a type checker
            raise _no_prompt(said)


def _refuse_others(prompt: object) -> None:
    if isinstance(prompt, bytes) or not isinstance(prompt, Iterable):  # a caller without a type checker
        raise _no_prompt(prompt)


def _no_prompt(said: object) -> TypeError:
    hint = ": Part.of_bytes(data, mime_type)" if isinstance(said, bytes) else ""
    kind = type(said).__name__
    return TypeError(f"a prompt is text, a Part, a file, a Content or a mapping, not {kind!r}{hint}")


def _turn(wire: Json) -> Json:
    wire["role"] = wire.get("role") or "user"
    if wire["role"] not in ROLES:
        hint = "it is 'user' or 'model'; instructions go into system="
        raise refusal(f"unknown role {wire['role']!r}", suggestion=hint)
    if not (_says_something(wire.get("parts")) if wire["role"] == "user" else wire.get("parts")):
        raise refusal("the prompt is empty", suggestion="give it a text, a part or a file")
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
    knobs: Json = {name: value for name, value in options.items() if name in _KNOBS and value is not None}
    if (thinking := options.get("thinking")) is not None:
        knobs["thinking_config"] = _on_wire(thinking, ThinkingConfig, "thinking")
    if not given and not knobs:
        return {}
    chosen = _on_wire(knobs, GenerationConfig, "options")
    return _on_wire(given, GenerationConfig, "generation_config") | chosen


def _is_mapping(value: object) -> bool:
    return isinstance(value, Mapping)


def _on_wire(given: Setting | Mapping[str, object], kind: type[Setting], name: str) -> Json:
    if isinstance(given, Setting):
        return given.to_wire()
    if not _is_mapping(given):  # a caller without a type checker
        raise TypeError(f"{name} takes a {kind.__name__} or a mapping, not {type(given).__name__!r}")
    return kind.model_validate(given).to_wire()
