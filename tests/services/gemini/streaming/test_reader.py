"""The pure half of a stream: bytes to tokens, or to the error that ends it."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viber.errors import BaseError, ServerError
from viber.machines import SseDecoder
from viber.services.gemini import GeminiServerError, PromptBlockedError
from viber.services.gemini.content._failures import Failures
from viber.services.gemini.streaming._reader import Reader
from viber.testing import chunkings

STATUSES = frozenset({429, 500, 503})
FAILURES = Failures(("key",), STATUSES, lambda: 0.0)
ERROR = {"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}


def said(text: str, finish: str | None = None, index: int = 0, **top: Any) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": [{"text": text}]}, "index": index}
    return {"candidates": [candidate | ({"finishReason": finish} if finish else {})], **top}


def sse(*chunks: Any, end: bytes = b"\r\n") -> bytes:
    return b"".join(b"data: " + json.dumps(c, ensure_ascii=False).encode() + end * 2 for c in chunks)


def replay(pieces: Iterable[bytes]) -> tuple[list[str], BaseError | None]:
    """The texts that came, and how it ended: None is complete."""
    reader = Reader(FAILURES)
    texts: list[str] = []
    try:
        for piece in pieces:
            reader.feed(piece)
            while (token := reader.next()) is not None:
                texts.append(token.text)
        reader.close()
        while (token := reader.next()) is not None:
            texts.append(token.text)
    except BaseError as error:
        return texts, error
    return texts, None


STORY = [
    said("Once"),
    said(" upon ä \u2028 time"),
    said("", usageMetadata={"promptTokenCount": 1}),
    said(" ✓", finish="STOP"),
]
TEXTS = ["Once", " upon ä \u2028 time", "", " ✓"]


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
def test_a_stream_cut_at_any_byte_is_complete_or_an_error(end: bytes) -> None:
    """What came before the cut is delivered, exactly; without the finish reason nothing is complete."""
    stream = sse(*STORY, end=end)
    whole = len(stream) - 2 * len(end)
    for size in range(len(stream) + 1):
        texts, error = replay([stream[:size]])
        assert texts == TEXTS[: len(texts)]
        assert (error is None) == (texts == TEXTS) == (size >= whole)
        if error is not None:
            assert error.retryable, "a cut may pass"
            assert type(error) is ServerError


def test_a_stream_cut_at_any_byte_gives_every_event_that_was_whole() -> None:
    """Nothing that arrived is held back."""
    ends = [len(sse(*STORY[:count])) - 4 for count in range(1, 5)]
    stream = sse(*STORY)
    for size in range(len(stream) + 1):
        assert len(replay([stream[:size]])[0]) == sum(size >= end for end in ends)


@given(chunkings(sse(*STORY) + b": ping\n\n" + sse({"usageMetadata": {"promptTokenCount": 1}})))
def test_any_chunking_gives_the_same_tokens(pieces: list[bytes]) -> None:
    """The network's cuts mean nothing; what follows the finish reason is read too."""
    assert replay(pieces) == ([*TEXTS, ""], None)


@given(chunkings(sse(*STORY[:2], ERROR)))
def test_an_error_event_ends_a_stream_at_its_place(pieces: list[bytes]) -> None:
    """What came before it is delivered first, at any chunking."""
    texts, error = replay(pieces)
    assert texts == TEXTS[:2]
    assert isinstance(error, GeminiServerError)
    assert (error.message, error.status) == ("overloaded", 503)


def test_error_need_not_be_the_first_key() -> None:
    """Nor the only one."""
    _, error = replay([sse({"a": 1, **ERROR, "candidates": []})])
    assert isinstance(error, GeminiServerError)


@given(chunkings(sse(*STORY[:2]) + json.dumps(ERROR, indent=2).encode()))
def test_a_bare_error_at_the_end_is_understood(pieces: list[bytes]) -> None:
    """It is no event, only pretty-printed JSON behind the events."""
    texts, error = replay(pieces)
    assert texts == TEXTS[:2]
    assert isinstance(error, GeminiServerError)


@pytest.mark.parametrize("body", [ERROR, [ERROR]])
def test_an_error_instead_of_a_stream_is_the_ordinary_error(body: Any) -> None:
    """Plain JSON although events were promised, alone or in an array."""
    for text in (json.dumps(body), json.dumps(body, indent=2)):
        assert isinstance(replay([text.encode()])[1], GeminiServerError)


@pytest.mark.parametrize(
    ("body", "retryable"),
    [
        (b"", True),
        (b": ping\n\n: ping\n\n", True),
        (b"data: [DONE]\n\n", True),
        (b"\n\n\n", True),
        (b'{"error": {"code": 5', True),
        (b"<html>\n<p>sign in\n</html>", False),
        (b"data: <html>\n\n", False),
        (b"data: 5\n\n", False),
        (b'data: {"candidates": 5}\n\n', False),
        (b'data: {"candidates": [{"content": {"parts": [{"text": 5}]}}]}\n\n', False),
        (b'data: {"candidates": [{}, {"index": 1, "content": "text"}]}\n\n', False),
        (b'data: {"candidates": [{}, "text"]}\n\n', False),
        (b'data: {"candidates": [{"index": [1]}]}\n\n', False),
    ],
)
def test_a_body_without_an_answer_is_an_error(body: bytes, *, retryable: bool) -> None:
    """Nothing at all may pass; something that is not Gemini's will not."""
    texts, error = replay([body])
    assert texts == []
    assert type(error) is ServerError
    assert error.retryable is retryable


def test_done_is_tolerated() -> None:
    """The mark of other services means nothing, and is no error."""
    stream = b"data: [DONE]\n\n" + sse(*STORY) + b"data: [DONE]\n\n"
    assert replay([stream]) == (TEXTS, None)


def test_done_is_no_end() -> None:
    """A finish reason is the only end."""
    assert replay([sse(*STORY[:2]) + b"data: [DONE]\n\n"])[1] is not None


def test_every_candidate_has_to_finish() -> None:
    """One that broke off makes the answer partial."""
    both = [said("a"), said("b", index=1), said("", "STOP", index=1)]
    assert replay([sse(*both)])[1] is not None
    assert replay([sse(*both, said("", "STOP"), said("", index=1))]) == (["a", "", "", "", ""], None)


def test_numbers_may_be_text() -> None:
    """An index in quotation marks is an index: the text is that of the first candidate."""
    chunk = said("a", finish="STOP")
    chunk["candidates"][0]["index"] = "0"
    other = said("b", finish="STOP")
    other["candidates"][0]["index"] = "1"
    assert replay([sse(other, chunk)]) == (["", "a"], None)


@pytest.mark.parametrize("index", [[0], {"a": 1}, "first", float("inf")], ids=repr)
def test_an_index_that_is_none_is_an_error(index: Any) -> None:
    """Candidates could not be told apart."""
    chunk = said("a", finish="STOP")
    chunk["candidates"][0]["index"] = index
    assert isinstance(replay([sse(chunk)])[1], ServerError)


def test_an_error_that_is_null_is_none() -> None:
    """Some gateways spell out every field."""
    assert replay([sse(said("a", error=None), said("b", finish="STOP", error=None))]) == (["a", "b"], None)


def test_a_blocked_prompt_is_an_error() -> None:
    """No candidates and a reason: there is no answer to wait for."""
    _, error = replay([sse({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {}})])
    assert isinstance(error, PromptBlockedError)


@pytest.mark.parametrize("rest", [b"data: junk\n\n", sse(ERROR), json.dumps(ERROR).encode()])
def test_what_goes_wrong_after_the_end_takes_nothing_back(rest: bytes) -> None:
    """A complete answer stays complete."""
    assert replay([sse(*STORY) + rest]) == (TEXTS, None)


def test_an_event_too_large_after_the_end_takes_nothing_back() -> None:
    """The answer is here already."""
    reader = Reader(FAILURES)
    reader._decoder = SseDecoder(max_event_bytes=500)
    reader.feed(sse(*STORY))
    with pytest.raises(ServerError):
        reader.feed(b"x" * 501)
    reader.close()
    texts = [token.text for token in iter(reader.next, None)]
    assert texts == TEXTS


def test_bad_utf8_is_replaced() -> None:
    """A byte that is no text costs that byte."""
    stream = sse(said("caf#", "STOP")).replace(b"#", b"\xe9")
    assert replay([stream]) == (["caf\ufffd"], None)


@given(st.lists(st.binary(max_size=40) | st.sampled_from([b"data: ", b"\n\n", sse(STORY[0])]), max_size=8))
def test_any_bytes_end_in_tokens_or_in_one_of_our_errors(pieces: list[bytes]) -> None:
    """No server can make it raise anything else, or take noise for an answer."""
    _, error = replay(pieces)
    assert error is not None
