"""The pure half of embeddings."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viber.errors import BaseError, InvalidRequestError, ServerError
from viber.http import Response
from viber.services.gemini import EmbeddingsInterruptedError, GeminiServerError
from viber.services.gemini.content._failures import Failures
from viber.services.gemini.generating._estimate import estimate
from viber.services.gemini.resources._embedding import (
    Vectors,
    check_texts,
    chunks,
    embed_body,
    embed_settings,
    read_vectors,
)
from viber.services.gemini.resources._resource_errors import interrupted

FAILURES = Failures((), frozenset({429, 500, 503}), lambda: 0.0)


@given(
    texts=st.lists(st.text(min_size=1, max_size=40), max_size=40),
    items=st.integers(1, 7),
    tokens=st.integers(1, 100),
)
def test_chunks_hold_every_text_once_in_order_and_keep_to_both_limits(
    texts: list[str], items: int, tokens: int
) -> None:
    """Only a text that is too long by itself is over the limit, and then it is alone."""
    cut = list(chunks(texts, items=items, tokens=tokens))
    assert [text for chunk in cut for text in chunk.texts] == texts
    for chunk in cut:
        assert texts[chunk.places] == list(chunk.texts)
        assert 1 <= len(chunk.texts) <= items
        assert chunk.tokens == sum(estimate({"text": text}) for text in chunk.texts)
        assert chunk.tokens <= tokens or len(chunk.texts) == 1


def test_a_request_names_model_and_options_with_each_text() -> None:
    """As Google's own clients do."""
    settings = embed_settings("RETRIEVAL_DOCUMENT", "Physics", 8)
    assert embed_body(["a"], "gemini-embedding-001", settings) == {
        "requests": [
            {
                "model": "models/gemini-embedding-001",
                "content": {"parts": [{"text": "a"}]},
                "taskType": "RETRIEVAL_DOCUMENT",
                "title": "Physics",
                "outputDimensionality": 8,
            }
        ]
    }


@pytest.mark.parametrize("options", [("RETRIEVAL_QUERY", "x", None), (None, None, 0)])
def test_options_that_make_no_sense_are_refused(options: Any) -> None:
    """A title belongs to a document, and a vector has a length."""
    with pytest.raises(InvalidRequestError):
        embed_settings(*options)


@pytest.mark.parametrize("text", ["", " \n"])
def test_an_empty_text_is_refused_by_its_place(text: str) -> None:
    """Nobody has to look for it."""
    with pytest.raises(InvalidRequestError, match="text 1 is empty"):
        check_texts(["a", text])


def test_what_is_no_text_is_a_mistake() -> None:
    """Of the caller's code."""
    texts: Any = ["a", 5]
    with pytest.raises(TypeError, match="text 1 is a 'int'"):
        check_texts(texts)


def answer(body: str, status: int = 200) -> Response:
    return Response(status, {}, body.encode())


def test_vectors_are_read() -> None:
    """Whole numbers are numbers too."""
    body = '{"embeddings": [{"values": [1, 0.5]}, {"values": [0]}]}'
    assert read_vectors(answer(body), FAILURES, count=2) == Vectors([[1, 0.5], [0]], {})


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        '{"embeddings": []}',
        '{"embeddings": [{"values": []}]}',
        '{"embeddings": [{"values": ["0.5"]}]}',
        '{"embeddings": [{"values": [true]}]}',
        '{"embeddings": [{"values": [1]}, {"values": [1]}]}',
        '{"embeddings": [[1]]}',
    ],
)
def test_an_answer_without_a_vector_for_each_text_is_an_error(body: str) -> None:
    """Too few, too many, empty ones, and what is no number."""
    with pytest.raises(ServerError, match="not what Gemini answers"):
        read_vectors(answer(body), FAILURES, count=1)


def test_an_error_is_typed() -> None:
    """As for every other call."""
    with pytest.raises(GeminiServerError):
        read_vectors(answer('{"error": {"code": 503, "message": "busy"}}', 503), FAILURES, count=1)


def test_an_interruption_is_as_retryable_as_its_cause() -> None:
    """It tells what is there and what is missing."""
    cause = BaseError("busy", retryable=True, retry_after=5.0, attempts=3, service="gemini")
    error = interrupted([[1.0], None, [2.0], None], cause)
    assert isinstance(error, EmbeddingsInterruptedError)
    assert (error.done, error.missing) == ((0, 2), (1, 3))
    assert (error.retryable, error.retry_after, error.attempts) == (True, 5.0, 3)
    assert error.details == {"missing": [1, 3]}
