"""Over real connections, against the sandbox's Gemini server and its faults."""

import asyncio
from typing import Any

import pytest

from viber.errors import BaseError, ServerError, StreamInterruptedError, TransportError
from viber.services.gemini import (
    GeminiAuthenticationError,
    GeminiConfig,
    GeminiNotFoundError,
    GeminiRateLimitError,
    GeminiServerError,
    GeminiService,
    PromptBlockedError,
)

COUNT = "count to 30"
COUNTED = " ".join(str(number) for number in range(1, 31))


async def test_answers_streams_and_counts(live: Any) -> None:
    """The same text whole and in pieces; the tokens are those the server has counted, to the last one."""
    whole = await live.gemini.generate_content(COUNT)
    async with live.gemini.stream(COUNT) as tokens:
        texts = [token.text async for token in tokens]
    assert whole.text == tokens.text == "".join(texts) == COUNTED
    assert len(texts) > 3
    assert whole.finish_reason == tokens.finish_reason == "STOP"
    assert whole.usage.prompt_tokens == await live.gemini.count_tokens(COUNT)
    usage = (await live.quiet())["usage"]
    assert usage["totalTokenCount"] == whole.usage.total_tokens + tokens.usage.total_tokens
    assert usage["candidatesTokenCount"] == whole.usage.candidates_tokens + tokens.usage.candidates_tokens


async def test_thoughts_are_apart(live: Any) -> None:
    """Not in the text, and counted as output."""
    prompt = f"[[think]] {COUNT}"
    async with live.gemini.stream(
        prompt, generation_config={"thinkingConfig": {"includeThoughts": True}}
    ) as tokens:
        async for _ in tokens:
            pass
    assert tokens.response.thoughts
    assert tokens.usage.thoughts_tokens > 0
    assert tokens.usage.output_tokens == tokens.usage.candidates_tokens + tokens.usage.thoughts_tokens


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("cut-stream={}", TransportError),
        ("cut-stream={};reset", TransportError),
        ("end-stream={}", ServerError),
        ("error-event={}", GeminiServerError),
        ("error-event={};status=429", GeminiRateLimitError),
        ("error-tail={}", GeminiServerError),
        ("stall={}", TimeoutError),
    ],
)
async def test_a_broken_stream_is_told_with_what_came(
    live: Any, fault: str, cause: type[BaseException], count: int
) -> None:
    """Every fault after the first event: the text so far, exactly, and no connection left."""
    gemini = live.suffering(fault.format(count))
    with pytest.raises(StreamInterruptedError) as caught:
        await _drain(gemini, idle_timeout=0.2)
    assert caught.value.text == COUNTED[: len(caught.value.text)]
    assert len(caught.value.parts) == count
    assert isinstance(caught.value.__cause__, cause)
    stats = await live.quiet()
    assert stats["requests"]["streamGenerateContent"] == 1
    assert caught.value.usage.candidates_tokens == stats["tokens_sent"]


async def _drain(gemini: GeminiService, **options: Any) -> None:
    async with gemini.stream(COUNT, **options) as tokens:
        async for _ in tokens:
            pass


@pytest.mark.parametrize(
    "fault",
    [
        "cut-stream=0",
        "end-stream=0",
        "error-event=0",
        "error-tail=0",
        "status=503",
        "status=429;retry-delay=0.01",
        "cut-before",
        "cut-after",
        "cut-before;reset",
        "truncate=20",
        "html",
        "empty",
        "hang",
        "stall=0",
    ],
)
async def test_what_fails_before_the_first_event_is_retried(live: Any, fault: str) -> None:
    """Twice broken, then whole: the caller sees nothing of it."""
    gemini = live.suffering(f"{fault};times=2;key=a", timeout=0.3)
    gemini = gemini.with_options(headers={"x-viber-fault-key": "a"})
    async with gemini.stream(COUNT) as tokens:
        async for _ in tokens:
            pass
    assert tokens.text == COUNTED
    stats = await live.quiet()
    assert stats["requests"]["streamGenerateContent"] == 3


@pytest.mark.parametrize("leave", ["break", "cancel"])
async def test_a_stream_that_is_left_is_seen_to_end(live: Any, leave: str) -> None:
    """The server stops working for a client that has gone."""
    gemini = live.gemini.with_options(headers={"x-viber-token-delay": "0.02"})

    begun = asyncio.Event()

    async def use() -> None:
        async with gemini.stream(COUNT) as tokens:
            async for _ in tokens:
                begun.set()
                if leave == "break":
                    return

    task = asyncio.ensure_future(use())
    await begun.wait()
    if leave == "cancel":
        task.cancel()
    await asyncio.wait([task])
    stats = await live.quiet()
    assert stats["streams_abandoned"] == 1
    assert stats["tokens_sent"] < 30


@pytest.mark.parametrize(
    ("prompt", "options", "error"),
    [
        ("[[block]] x", {}, PromptBlockedError),
        ("x", {"model": "no-such-model"}, GeminiNotFoundError),
    ],
)
async def test_refusals_are_typed_whole_and_streamed(
    live: Any, prompt: str, options: Any, error: type[BaseError]
) -> None:
    """The same class for both ways to ask."""
    with pytest.raises(error):
        await live.gemini.generate_text(prompt, **options)
    with pytest.raises(error):
        await live.gemini.stream(prompt, **options).__aenter__()


async def test_a_wrong_key_is_told_without_the_key(live: Any) -> None:
    """By a call, by a stream and by a health check."""
    config = live.gemini._config.model_copy(update={"api_key": GeminiConfig(api_key="wrong-key-1").api_key})
    gemini = GeminiService(config, live.gemini._channel)
    with pytest.raises(GeminiAuthenticationError):
        await gemini.generate_text("x")
    with pytest.raises(GeminiAuthenticationError) as caught:
        await gemini.stream("x").__aenter__()
    health = await gemini.health_check()
    assert not health.healthy
    assert "wrong-key-1" not in f"{caught.value!r} {caught.value.details} {health}"
    assert (await live.gemini.health_check()).healthy


async def test_many_streams_at_once(live: Any) -> None:
    """Each gets its own answer, and all connections come back."""

    async def one(number: int) -> str:
        async with live.gemini.stream(f"count to {number}") as tokens:
            return "".join([token.text async for token in tokens])

    texts = await asyncio.gather(*(one(number) for number in range(1, 41)))
    assert [text.split()[-1] for text in texts] == [str(number) for number in range(1, 41)]
    stats = await live.quiet()
    assert stats["streams_finished"] == 40
