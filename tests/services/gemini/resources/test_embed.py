"""Embeddings as an application awaits them."""

import asyncio
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from viber.errors import AuthenticationError, InvalidRequestError, RateLimitError
from viber.http import Request
from viber.services.gemini import Budget, BudgetError, EmbeddingsInterruptedError, GeminiServerError
from viber.testing import Fail, Hang, Reply

Build = Callable[..., Any]
BUSY = {"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}}


def texts_of(request: Request) -> list[str]:
    return [each["content"]["parts"][0]["text"] for each in json.loads(request.body or b"")["requests"]]


def vectors(request: Request) -> Reply:
    """Each text's number is its vector."""
    return Reply(json={"embeddings": [{"values": [float(text)]} for text in texts_of(request)]})


async def test_one_text_one_vector(build: Build) -> None:
    """By the model of the configuration, with the key in its header."""
    rig = build(vectors)
    assert await rig.gemini.embed("7") == [7.0]
    assert rig.sent.url.endswith("/v1beta/models/gemini-embedding-001:batchEmbedContents")
    assert ("x-goog-api-key", "AIza-made-up-for-tests") in rig.sent.headers


async def test_a_list_for_a_list(build: Build) -> None:
    """Also for a list of one, and for an empty one, for which nothing is sent."""
    rig = build(vectors)
    assert await rig.gemini.embed(["7"]) == [[7.0]]
    assert await rig.gemini.embed([]) == []
    assert len(rig.transport.requests) == 1


async def test_many_texts_go_out_in_several_requests_and_come_back_in_order(build: Build) -> None:
    """Whatever order the answers come in."""
    slow = lambda request: Reply(json=json.loads(vectors(request).pieces[0]), delay=5.0)  # noqa: E731
    rig = build(slow, vectors, vectors)
    texts = [str(number) for number in range(25)]
    assert await rig.gemini.embed(texts, chunk_items=10) == [[float(text)] for text in texts]
    assert [len(texts_of(request)) for request in rig.transport.requests] == [10, 10, 5]


async def test_a_bounded_number_of_requests_is_under_way(build: Build) -> None:
    """The others wait for their turn."""
    rig = build(*[Hang()] * 3, clock=None)
    task = asyncio.ensure_future(
        rig.gemini.with_options(timeout=None, total_timeout=None).embed(
            list("123456789"), chunk_items=1, concurrency=3
        )
    )
    await rig.clock.settle()
    assert rig.transport.in_flight == 3
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert rig.transport.in_flight == 0


async def test_a_failed_request_is_told_with_what_the_others_brought(build: Build) -> None:
    """Nothing that was paid for is lost, and nothing new is begun."""
    rig = build(vectors, Reply(503, json=BUSY))
    gemini = rig.gemini.with_options(max_attempts=1)
    with pytest.raises(EmbeddingsInterruptedError) as caught:
        await gemini.embed([str(number) for number in range(8)], chunk_items=2, concurrency=1)
    error = caught.value
    assert error.vectors == ([0.0], [1.0], None, None, None, None, None, None)
    assert (error.done, error.missing) == ((0, 1), (2, 3, 4, 5, 6, 7))
    assert isinstance(error.__cause__, GeminiServerError)
    assert (error.retryable, error.service, error.operation) == (True, "gemini", "embed")
    assert len(rig.transport.requests) == 2


async def test_what_is_under_way_when_another_fails_is_kept(build: Build) -> None:
    """It is awaited, not thrown away."""
    late = Reply(json={"embeddings": [{"values": [1.0]}]}, delay=3.0)
    rig = build(Reply(503, json=BUSY, delay=1.0), late)
    with pytest.raises(EmbeddingsInterruptedError) as caught:
        await rig.gemini.with_options(max_attempts=1).embed(["0", "1", "2"], chunk_items=1, concurrency=2)
    assert caught.value.done == (1,)


async def test_an_interruption_can_be_pickled(build: Build) -> None:
    """With its vectors."""
    rig = build(vectors, Reply(400, json={"error": {"code": 400, "message": "no"}}))
    with pytest.raises(EmbeddingsInterruptedError) as caught:
        await rig.gemini.embed(["0", "1"], chunk_items=1, concurrency=1)
    assert pickle.loads(pickle.dumps(caught.value)).vectors == ([0.0], None)


async def test_a_single_request_fails_with_its_own_error(build: Build) -> None:
    """There is nothing else to tell."""
    quota = {"error": {"code": 429, "message": "Quota exceeded, limit: 0", "status": "RESOURCE_EXHAUSTED"}}
    rig = build(Reply(429, json=quota))
    with pytest.raises(RateLimitError):
        await rig.gemini.embed(["1", "2"])


async def test_an_embedding_is_repeated_after_a_failure(build: Build) -> None:
    """It is stateless."""
    rig = build(Reply(503, json=BUSY), vectors)
    assert await rig.gemini.embed("1") == [1.0]


async def test_a_defect_is_raised_as_it_is(build: Build) -> None:
    """Not inside a group of exceptions."""
    rig = build(vectors, Fail(RuntimeError("closed")))
    with pytest.raises(RuntimeError, match="closed"):
        await rig.gemini.embed(["1", "2"], chunk_items=1, concurrency=1)


@pytest.mark.parametrize("options", [{"chunk_items": 0}, {"chunk_tokens": 0}, {"concurrency": 0}])
async def test_a_limit_of_nothing_is_refused(build: Build, options: Any) -> None:
    """It would never end."""
    with pytest.raises(InvalidRequestError):
        await build().gemini.embed("x", **options)


async def test_an_unknown_option_is_a_mistake(build: Build) -> None:
    """Of the caller's code, told before anything is sent."""
    with pytest.raises(TypeError, match="no such option: size"):
        await build().gemini.embed("x", size=5)


async def test_against_the_sandbox(live: Any) -> None:
    """Texts that share words are nearer to each other; all vectors have the length that was asked for."""
    sky, blue, bread = await live.gemini.embed(
        ["the sky is blue", "a blue sky", "bread and butter"], dimensions=64, task_type="RETRIEVAL_QUERY"
    )
    assert len(sky) == len(bread) == 64

    def nearness(left: list[float], right: list[float]) -> float:
        return sum(a * b for a, b in zip(left, right, strict=True))

    assert nearness(sky, blue) > nearness(sky, bread)
    many = await live.gemini.embed([f"text {number}" for number in range(250)], dimensions=2)
    assert len(many) == 250
    assert (await live.stats())["requests"]["batchEmbedContents"] == 4


async def test_what_embeddings_took_is_written_down(live: Any) -> None:
    """Beside the generations, by their own model; it adds up with what the server counted."""
    await live.gemini.embed(["one two three", "four"], chunk_items=1)
    (row,) = live.gemini.usage.rows()
    assert (row.model, row.totals.usage.prompt_tokens) == ("gemini-embedding-001", 4)


async def test_a_spent_budget_refuses_embeddings(live: Any) -> None:
    """As it refuses generations; an embedding takes its prompt alone."""
    gemini = live.gemini.with_options(budget=Budget(tokens=100))
    await gemini.embed("one two three")
    with pytest.raises(BudgetError):
        await gemini.embed("word " * 200)


async def test_a_wrong_key_is_an_authentication_error(live: Any) -> None:
    """Although it is HTTP 400."""
    gemini = live.gemini.with_options(headers={"x-goog-api-key": "wrong"})
    with pytest.raises(AuthenticationError):
        await gemini.embed("x")
