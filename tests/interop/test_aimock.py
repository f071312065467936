"""Our client against a Gemini-speaking server that others wrote, with its own ideas of the protocol."""

import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from viber.errors import NotFoundError, RateLimitError, ServerError, StreamInterruptedError, TransportError
from viber.factory import ServiceFactory
from viber.machines import RetryConfig
from viber.services.gemini import GeminiConfig, GeminiService
from viber.settings import Settings

pytestmark = pytest.mark.timeout(300)  # the first run of a machine fetches the packages

STORY = "Once upon a time there was a lighthouse that counted every ship."


@pytest.fixture(scope="module")
def url(node: Callable[[str], list[str]], node_environment: dict[str, str]) -> Iterator[str]:
    """The address of the server, which ends when its standard input does."""
    pipe = subprocess.PIPE
    with subprocess.Popen(node("aimock.mjs"), env=node_environment, stdin=pipe, stdout=pipe) as server:
        assert server.stdout is not None
        yield server.stdout.readline().decode().strip()


@pytest.fixture
async def gemini(url: str) -> AsyncIterator[GeminiService]:
    """Our client, pointed at the server."""
    config = GeminiConfig(
        api_key="any-key", model="gemini-2.5-flash", base_url=url, retry=RetryConfig(max_attempts=1)
    )
    async with ServiceFactory(Settings(gemini=config)) as services:
        yield services.gemini


async def test_the_same_text_whole_and_in_pieces(gemini: GeminiService) -> None:
    """Its events end with LF alone; usage and finish reason arrive."""
    whole = await gemini.generate_content("story")
    async with gemini.stream("story") as tokens:
        texts = [token.text async for token in tokens]
    assert whole.text == tokens.text == "".join(texts) == STORY
    assert len(texts) == 10
    assert whole.finish_reason == tokens.finish_reason == "STOP"
    assert whole.usage.total_tokens == tokens.usage.total_tokens == 18


async def test_a_dropped_stream_is_told_with_what_came(gemini: GeminiService) -> None:
    """It resets the connection after three pieces; nothing partial is taken for complete."""
    with pytest.raises(StreamInterruptedError) as caught:
        await _read(gemini, "cut")
    assert 0 < len(caught.value.text) <= 21  # a reset may overtake the last of them
    assert STORY.startswith(caught.value.text)
    assert isinstance(caught.value.__cause__, TransportError)


async def _read(gemini: GeminiService, prompt: str) -> None:
    async with gemini.stream(prompt) as tokens:
        async for _ in tokens:
            pass


@pytest.mark.parametrize(
    ("prompt", "error", "retryable"),
    [
        ("drop", TransportError, True),
        ("garbage", ServerError, True),
        ("refuse", ServerError, True),
        ("quota", RateLimitError, True),
        ("nobody expects this", NotFoundError, False),
    ],
)
async def test_failures_are_typed_whole_and_streamed(
    gemini: GeminiService, prompt: str, error: type[Exception], *, retryable: bool
) -> None:
    """The same class for both ways to ask, whatever the server's own words are."""
    with pytest.raises(error) as whole:
        await gemini.generate_content(prompt)
    with pytest.raises(error) as streamed:
        await _read(gemini, prompt)
    assert {whole.value.retryable, streamed.value.retryable} == {retryable}  # type: ignore[attr-defined]


async def test_a_told_delay_is_heard(gemini: GeminiService) -> None:
    """Also from a header, which Google itself does not send."""
    with pytest.raises(RateLimitError) as caught:
        await gemini.generate_content("quota")
    assert caught.value.retry_after == 7


async def test_a_finish_reason_that_nobody_knows(gemini: GeminiService) -> None:
    """It ends calls with a reason outside Google's list; the call arrives, whole and streamed."""
    whole = await gemini.generate_content("tool")
    async with gemini.stream("tool") as tokens:
        async for _ in tokens:
            pass
    for answer in (whole, tokens.response):
        assert answer.finish_reason == "FUNCTION_CALL"
        (part,) = answer.parts
        assert part.function_call is not None
        assert (part.function_call.name, part.function_call.args) == ("weather", {"city": "Bern"})


async def test_thoughts_are_apart(gemini: GeminiService) -> None:
    """In both forms."""
    whole: Any = await gemini.generate_content("think")
    async with gemini.stream("think") as tokens:
        async for _ in tokens:
            pass
    for answer in (whole, tokens.response):
        assert (answer.text, answer.thoughts) == ("42", "Six times seven.")


async def test_what_it_does_not_speak_is_a_404(gemini: GeminiService) -> None:
    """No count of tokens, no list of models: typed, and not taken for something else."""
    with pytest.raises(NotFoundError):
        await gemini.count_tokens("x")
    with pytest.raises(NotFoundError):
        _ = [model async for model in gemini.models.list()]
    with pytest.raises(NotFoundError):
        await gemini.embed(["x"])
