"""Answers and stream events as JSON, with usage that always adds up. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from viber.sandbox._gemini_model import Reply, Step
from viber.sandbox._gemini_tokens import Counts, Modality, details
from viber.sandbox._gemini_wire import Json

TOKENS_PER_EVENT: Final = 4


@dataclass(frozen=True, slots=True)
class Event:
    """One answer of a stream and how many tokens are new in it."""

    payload: Json
    tokens: int

    @property
    def usage(self) -> Json:
        """The running totals that it carries."""
        totals: Json = self.payload["usageMetadata"]
        return totals


@dataclass(frozen=True, slots=True)
class _Spent:
    answered: int = 0
    thought: int = 0
    drawn: int = 0
    """Those of the answered ones that are images."""

    def __add__(self, more: _Spent) -> _Spent:
        return _Spent(self.answered + more.answered, self.thought + more.thought, self.drawn + more.drawn)


def whole_answer(reply: Reply) -> Event:
    """Return the answer of generateContent."""
    parts = [_merge(group) for group in _groups(reply.steps, most=None)]
    return _event(reply, parts, _spend(reply.steps), last=True)


def stream_events(reply: Reply) -> Iterator[Event]:
    """Return the answers of streamGenerateContent: a few tokens and the totals so far in each."""
    groups = list(_groups(reply.steps, most=TOKENS_PER_EVENT)) or [()]
    total = _Spent()
    for number, group in enumerate(groups, start=1):
        new = _spend(group)
        total += new
        event = _event(reply, [_merge(group)] if group else [], total, last=number == len(groups))
        yield replace(event, tokens=new.answered + new.thought)


def without_finish(event: Event) -> Event:
    """Return the event as if the stream were to go on."""
    candidates = [_drop(candidate, "finishReason") for candidate in event.payload.get("candidates", [])]
    return Event({**_drop(event.payload, "promptFeedback"), "candidates": candidates}, event.tokens)


def usage(reply: Reply, *, answered: int, thought: int, drawn: int = 0) -> Json:
    """Return usageMetadata; the total is prompt, answer, thoughts and tool use, and zeros are left out."""
    prompt = reply.prompt.total()
    counts = {
        "promptTokenCount": prompt,
        "cachedContentTokenCount": reply.cached_tokens,
        "candidatesTokenCount": answered,
        "thoughtsTokenCount": thought,
        "toolUsePromptTokenCount": reply.tool_tokens,
        "totalTokenCount": prompt + answered + thought + reply.tool_tokens,
    }
    split = {
        "promptTokensDetails": details(reply.prompt),
        "cacheTokensDetails": details(_text_only(reply.cached_tokens)),
        "candidatesTokensDetails": details(Counts({Modality.TEXT: answered - drawn, Modality.IMAGE: drawn})),
        "toolUsePromptTokensDetails": details(_text_only(reply.tool_tokens)),
    }
    return {name: value for name, value in (counts | split).items() if value}


def _event(reply: Reply, parts: list[Json], spent: _Spent, *, last: bool) -> Event:
    payload: Json = {
        **_outcome(reply, parts, last=last),
        "usageMetadata": usage(reply, answered=spent.answered, thought=spent.thought, drawn=spent.drawn),
        "modelVersion": reply.model,
        "responseId": reply.response_id,
    }
    return Event(payload, spent.answered + spent.thought)


def _spend(steps: tuple[Step, ...]) -> _Spent:
    thought = sum(step.tokens for step in steps if step.is_thought)
    drawn = sum(step.tokens for step in steps if step.is_image)
    return _Spent(sum(step.tokens for step in steps) - thought, thought, drawn)


def _outcome(reply: Reply, parts: list[Json], *, last: bool) -> Json:
    if reply.block is not None:
        return {"promptFeedback": {"blockReason": reply.block, "safetyRatings": [_rating()]}}
    candidate: Json = {"content": {"parts": parts, "role": "model"}} if parts else {}
    if last:
        candidate |= {"finishReason": reply.finish, **reply.evidence}
    if reply.finish == "SAFETY":
        candidate["safetyRatings"] = [_rating()]
    if last and reply.finish == "CONTINUATION":
        candidate["continuationToken"] = reply.response_id
    return {"candidates": [candidate | {"index": 0}]}


def _rating() -> Json:
    return {"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH", "blocked": True}


def _groups(steps: tuple[Step, ...], *, most: int | None) -> Iterator[tuple[Step, ...]]:
    group: list[Step] = []
    for step in steps:
        if group and (not _joins(group[-1], step) or len(group) == most):
            yield tuple(group)
            group = []
        group.append(step)
    if group:
        yield tuple(group)


def _joins(left: Step, right: Step) -> bool:
    return "text" in left.part and "text" in right.part and left.is_thought == right.is_thought


def _merge(group: tuple[Step, ...]) -> Json:
    first = group[0].part
    return {**first, "text": "".join(step.part["text"] for step in group)} if "text" in first else first


def _text_only(tokens: int) -> Counts:
    return Counts({Modality.TEXT: tokens})


def _drop(value: Json, name: str) -> Json:
    return {key: item for key, item in value.items() if key != name}
