"""The sandbox's model: the same answer to the same request, step by step, as a stream would give it. Pure.

Marks in the last message steer it: ``[[block]]`` refuses the prompt, ``[[safety]]`` stops without a word,
``[[think]]`` thinks first, ``[[call]]`` calls every declared function, ``[[finish:REASON]]`` ends for that
reason. ``block`` and ``call`` take a name in the same way. ``[[image]]`` adds an image, ``[[code]]`` code
that was run, ``[[cite]]`` a citation; ``[[wrong]]`` answers with JSON that fits no schema.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from viber.sandbox._gemini_fields import pick_object, pick_objects, pick_text
from viber.sandbox._gemini_request import Generation, function_parameters, sign
from viber.sandbox._gemini_schema import small_instance
from viber.sandbox._gemini_text import compose, prose
from viber.sandbox._gemini_tokens import (
    Counts,
    Modality,
    count_contents,
    count_part,
    count_text,
    split_tokens,
)
from viber.sandbox._gemini_wire import Json, dump

TOOL_TOKENS: Final = 16  # what one built-in tool adds to the prompt
_MARK: Final = re.compile(r"\[\[(block|safety|think|call|finish|image|code|cite|wrong)(?::(\w+))?\]\]")
_STOP: Final = "STOP"
_IMAGE_TOKENS: Final = 1290
_GREY_PIXEL: Final = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)


_CODE: Final[tuple[Json, ...]] = (
    {"executableCode": {"language": "PYTHON", "code": "print(6 * 7)"}},
    {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "42\n"}},
)


@dataclass(frozen=True, slots=True)
class Step:
    """The least that a stream can send: one token of text or of thought, or a whole function call."""

    part: Json
    tokens: int = 1

    @property
    def is_thought(self) -> bool:
        """Whether the step is thought, not answer."""
        return "thought" in self.part

    @property
    def is_image(self) -> bool:
        """Whether the step is an image."""
        return "inlineData" in self.part


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it is cut into events; ``finish`` is None when the prompt was blocked."""

    model: str
    response_id: str
    prompt: Counts
    cached_tokens: int
    tool_tokens: int
    steps: tuple[Step, ...] = ()
    finish: str | None = _STOP
    block: str | None = None
    evidence: Json = field(default_factory=dict[str, Any])
    """What stands beside the answer: citations, and what a search found."""


def reply_to(asked: Generation) -> Reply:
    """Answer a request."""
    marks = {name: detail or None for name, detail in _MARK.findall(asked.prompt)}
    if "block" in marks:
        return _reply(asked, finish=None, block=marks["block"] or "SAFETY")
    if "safety" in marks:
        return _reply(asked, finish="SAFETY")
    steps, finish = _cut_short(tuple(_steps(asked, marks)), asked.max_tokens)
    reply = _reply(asked, steps=steps, finish=finish or marks.get("finish") or _STOP)
    return replace(reply, evidence=_evidence(asked, marks))


def count_prompt(asked: Generation) -> Counts:
    """Count everything that the model reads, the cached content included."""
    counts = count_contents(asked.contents)
    if asked.system is not None:
        counts += count_contents([asked.system])
    counts[Modality.TEXT] += sum(count_text(dump(one)) for one in asked.declarations)
    counts[Modality.TEXT] += asked.cached_tokens
    return counts


def _reply(
    asked: Generation, *, steps: tuple[Step, ...] = (), finish: str | None, block: str | None = None
) -> Reply:
    return Reply(
        model=asked.model,
        response_id=base64.urlsafe_b64encode(asked.digest[:15]).decode(),
        prompt=count_prompt(asked),
        cached_tokens=asked.cached_tokens,
        tool_tokens=TOOL_TOKENS * asked.built_in_tools,
        steps=steps,
        finish=finish,
        block=block,
    )


def _steps(asked: Generation, marks: Mapping[str, str | None]) -> Iterator[Step]:
    if asked.wants_thoughts or "think" in marks:
        for token in split_tokens(prose(asked.digest[::-1], sentences=1)):
            yield Step({"text": token, "thought": True})
    calls = list(_calls(asked, marks))
    yield from calls
    if not calls:
        if "code" in marks:
            yield from map(_whole, _CODE)
        text = '{"wrong": true}' if "wrong" in marks else _text(asked)
        for token in split_tokens(_stop_at(text, asked.stops)):
            yield Step({"text": token})
        if "image" in marks or "IMAGE" in asked.modalities:
            yield Step({"inlineData": {"mimeType": "image/png", "data": _GREY_PIXEL}}, tokens=_IMAGE_TOKENS)


def _whole(part: Json) -> Step:
    return Step(part, tokens=count_part(part)[1])


def _evidence(asked: Generation, marks: Mapping[str, str | None]) -> Json:
    found: Json = {}
    if "cite" in marks:
        source = {"startIndex": 0, "endIndex": 4, "uri": "https://example.com/source"}
        found["citationMetadata"] = {"citationSources": [source]}
    if asked.searches:
        chunk = {"web": {"uri": "https://example.com/found", "title": "example.com"}}
        found["groundingMetadata"] = {
            "webSearchQueries": [_MARK.sub("", asked.prompt).strip()],
            "groundingChunks": [chunk],
        }
    return found


def _calls(asked: Generation, marks: Mapping[str, str | None]) -> Iterator[Step]:
    names = asked.allowed_functions
    meant = [one for one in asked.declarations if names is None or pick_text(one, "name") in names]
    if asked.function_mode == "ANY":
        meant = meant[:1]
    elif "call" not in marks or asked.function_mode == "NONE":
        return
    wanted = marks.get("call")
    for place, one in enumerate(one for one in meant if wanted in {None, pick_text(one, "name")}):
        yield _call(one, asked, place)


def _call(declaration: Json, asked: Generation, place: int) -> Step:
    arguments = small_instance({"type": "object", **function_parameters(declaration)})
    call_id = f"call-{asked.digest[:6].hex()}-{place}"
    part: Json = {"functionCall": {"id": call_id, "name": pick_text(declaration, "name"), "args": arguments}}
    # Only the first of several calls is signed.
    signed = part | ({"thoughtSignature": sign(asked.model, asked.digest)} if place == 0 else {})
    return Step(signed, tokens=count_part(part)[1])


def _text(asked: Generation) -> str:
    prompt = _MARK.sub("", asked.prompt).strip()
    if asked.schema is not None:
        instance = small_instance(asked.schema)
        return instance if asked.mime_type == "text/x.enum" and isinstance(instance, str) else dump(instance)
    text = compose(prompt, seed=asked.digest) if prompt else _report(asked)
    return dump({"answer": text}) if asked.mime_type == "application/json" else text


def _report(asked: Generation) -> str:
    parts = pick_objects(asked.contents[-1], "parts")
    results = [pick_object(part, "functionResponse") for part in parts]
    told = [f"{pick_text(one, 'name')} returned {dump(_result(one))}." for one in results if one]
    return " ".join(told) or prose(asked.digest)


def _result(response: Json) -> Any:
    return pick_object(response, "response")


def _stop_at(text: str, stops: tuple[str, ...]) -> str:
    places = [place for place in (text.find(stop) for stop in stops) if place >= 0]
    return text[: min(places)] if places else text


def _cut_short(steps: tuple[Step, ...], most: int | None) -> tuple[tuple[Step, ...], str | None]:
    """Keep what fits into the budget, thoughts included, and say so when something did not."""
    spent = 0
    for place, step in enumerate(steps):
        spent += step.tokens
        if most is not None and spent > most:
            return steps[:place], "MAX_TOKENS"
    return steps, None
