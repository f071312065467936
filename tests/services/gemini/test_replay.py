"""Answers in the shape in which Google gives them: each is complete, or an error with exactly what came."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viber.errors import BaseError
from viber.services import gemini
from viber.services.gemini import PromptBlockedError
from viber.services.gemini.content._failures import Failures
from viber.services.gemini.content._token import Token
from viber.services.gemini.streaming._reader import Reader
from viber.services.gemini.streaming._transcript import Transcript
from viber.testing import Reply, chunkings

Build = Callable[..., Any]
RECORDED: Final = Path(__file__).parent / "recorded"
STREAMS: Final[dict[str, list[Any]]] = json.loads((RECORDED / "streams.json").read_text())
ERRORS: Final[list[dict[str, Any]]] = json.loads((RECORDED / "errors.json").read_text())
FAILURES: Final = Failures(("key",), frozenset({408, 429, 500, 502, 503, 504}), lambda: 0.0)

FINISH_REASONS: Final = """
    STOP MAX_TOKENS SAFETY RECITATION LANGUAGE OTHER BLOCKLIST PROHIBITED_CONTENT SPII MALFORMED_FUNCTION_CALL
    IMAGE_SAFETY IMAGE_PROHIBITED_CONTENT IMAGE_OTHER NO_IMAGE IMAGE_RECITATION UNEXPECTED_TOOL_CALL
    TOO_MANY_TOOL_CALLS MISSING_THOUGHT_SIGNATURE MALFORMED_RESPONSE ESCALATION PUP_LIMITED_DISABLED
    MODEL_ARMOR FINISH_REASON_UNSPECIFIED SOMETHING_NEW
"""
BLOCK_REASONS: Final = """
    SAFETY OTHER BLOCKLIST PROHIBITED_CONTENT IMAGE_SAFETY MODEL_ARMOR JAILBREAK SOMETHING_NEW
"""

OVERLOADED: Final = {"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}
MID_STREAM: Final = {
    "an event that is an error": b"data: " + json.dumps({"x": 1, **OVERLOADED}).encode() + b"\r\n\r\n",
    "bare JSON behind the events": json.dumps(OVERLOADED, indent=2).encode() + b"\n",
    "a clean end": b"",
    "half an event": b'data: {"candidates": [{"content": {"parts": [{"te',
}
"""What may come where the next event was due."""


class Outcome(NamedTuple):
    """What a stream gave, and how it ended: None is complete."""

    tokens: list[Token]
    error: BaseError | None

    @property
    def transcript(self) -> Transcript:
        whole = Transcript()
        for token in self.tokens:
            whole.add(token.chunk, token.text)
        return whole


def wire(chunks: Iterable[Any], end: bytes = b"\r\n") -> bytes:
    return b"".join(b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + end * 2 for chunk in chunks)


def replay(pieces: Iterable[bytes]) -> Outcome:
    reader, tokens = Reader(FAILURES), list[Token]()
    try:
        for piece in pieces:
            reader.feed(piece)
            tokens += iter(reader.next, None)
        reader.close()
        tokens += iter(reader.next, None)
    except BaseError as error:
        return Outcome(tokens, error)
    return Outcome(tokens, None)


def finished_by(chunks: list[Any]) -> int:
    """After how many events every candidate has said why it stopped."""
    return next(count for count in range(1, len(chunks) + 1) if replay([wire(chunks[:count])]).error is None)


by_stream = pytest.mark.parametrize("chunks", STREAMS.values(), ids=STREAMS)


@by_stream
def test_a_whole_stream_is_complete(chunks: list[Any]) -> None:
    """Every event arrives verbatim, with any of the line ends that are ones."""
    for end in (b"\r\n", b"\n", b"\r"):
        outcome = replay([wire(chunks, end)])
        assert outcome.error is None
        assert [token.chunk for token in outcome.tokens] == chunks


@by_stream
@given(data=st.data())
def test_any_chunking_gives_the_same_events(chunks: list[Any], data: st.DataObject) -> None:
    """Where the network cuts means nothing."""
    outcome = replay(data.draw(chunkings(wire(chunks))))
    assert outcome.error is None
    assert [token.chunk for token in outcome.tokens] == chunks


@by_stream
def test_a_stream_cut_at_any_byte_is_complete_or_an_error_with_what_came(chunks: list[Any]) -> None:
    """No event that was whole is lost, none is made up, and only a finish reason makes it complete."""
    stream, enough = wire(chunks), finished_by(chunks)
    for size in range(len(stream) + 1):
        outcome = replay([stream[:size]])
        # The last event that has come may lack its blank line, too.
        came = sum(size >= len(wire(chunks[:count])) - 4 for count in range(1, len(chunks) + 1))
        assert [token.chunk for token in outcome.tokens] == chunks[:came]
        assert (outcome.error is None) == (came >= enough), size
        assert outcome.error is None or outcome.error.retryable


@by_stream
@pytest.mark.parametrize("failure", MID_STREAM)
def test_a_failure_in_the_middle_is_an_error_with_what_came(chunks: list[Any], failure: str) -> None:
    """Before the finish reason every form of it is told; behind it the answer is complete."""
    enough = finished_by(chunks)
    for count in range(1, len(chunks) + 1):
        outcome = replay([wire(chunks[:count]) + MID_STREAM[failure]])
        assert [token.chunk for token in outcome.tokens] == chunks[:count]
        assert (outcome.error is None) == (count >= enough)


@by_stream
def test_what_came_is_put_together_without_a_loss(chunks: list[Any]) -> None:
    """Every part with its signature, every unknown field; the last usage that was told."""
    whole = replay([wire(chunks)]).transcript
    first = [one for chunk in chunks for one in chunk.get("candidates", ()) if one.get("index", 0) == 0]
    parts = [part for one in first for part in one.get("content", {}).get("parts", ())]
    assert [part.to_wire() for part in whole.parts] == parts
    shown = [part for part in parts if not part.get("thought")]
    assert whole.text == "".join(part.get("text", "") for part in shown)
    told = [chunk["usageMetadata"] for chunk in chunks if "usageMetadata" in chunk]
    assert whole.usage.total_tokens == told[-1]["totalTokenCount"]


def answer(finish: str, text: str = "so far") -> dict[str, Any]:
    content = {"parts": [{"text": text}], "role": "model"}
    usage = {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}
    return {"candidates": [{"content": content, "finishReason": finish, "index": 0}], "usageMetadata": usage}


@pytest.mark.parametrize("reason", FINISH_REASONS.split())
async def test_every_finish_reason_arrives(build: Build, reason: str) -> None:
    """Whole and streamed, with the text and the tokens; none of them is unknown to us."""
    whole = await build(Reply(json=answer(reason))).gemini.generate_content("x")
    async with build(Reply(body=wire([answer(reason)]))).gemini.stream("x") as tokens:
        async for _ in tokens:
            pass
    for said in (whole, tokens.response):
        assert (said.finish_reason, said.text, said.usage.total_tokens) == (reason, "so far", 5)


@pytest.mark.parametrize("reason", BLOCK_REASONS.split())
async def test_every_blocked_prompt_says_why(build: Build, reason: str) -> None:
    """Whole and streamed, with the ratings."""
    ratings = [{"category": "HARM_CATEGORY_HARASSMENT", "probability": "HIGH"}]
    blocked = {"promptFeedback": {"blockReason": reason, "safetyRatings": ratings}}
    with pytest.raises(PromptBlockedError) as whole:
        await build(Reply(json=blocked)).gemini.generate_content("x")
    with pytest.raises(PromptBlockedError) as streamed:
        await build(Reply(body=wire([blocked]))).gemini.stream("x").__aenter__()
    for caught in (whole, streamed):
        assert caught.value.details is not None
        assert caught.value.details["block_reason"] == reason
        assert caught.value.details["safety_ratings"] == ratings


@pytest.mark.parametrize("recorded", ERRORS, ids=[each["name"] for each in ERRORS])
async def test_every_error_is_typed(build: Build, recorded: dict[str, Any]) -> None:
    """The same class, and the same judgement of what a repetition would bring, whole and streamed."""
    body = recorded["body"]
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()

    def service() -> Any:
        return build(Reply(recorded["status"], body=raw)).gemini.with_options(max_attempts=1)

    expected = getattr(gemini, recorded["error"], None) or BaseError
    for ask in (lambda: service().generate_content("x"), lambda: service().stream("x").__aenter__()):
        with pytest.raises(expected) as caught:
            await ask()
        assert type(caught.value).__name__ == recorded["error"]
        assert caught.value.retryable == recorded["retryable"]
        assert caught.value.retry_after == recorded["retry_after"]
