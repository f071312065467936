"""A streamed answer, from the call to each event's text, beside Google's own client and plain httpx."""

import asyncio
import json
import warnings
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib.util import find_spec

import httpx
from _canned import canned, streamed
from _harness import Candidate, Effort, Run, Table, compare
from _report import publish
from google import genai
from google.genai import types

from viber import ServiceFactory, Settings

PEER = "google-genai"
KEY = "key-of-the-benchmark"

Read = Callable[["Story"], Awaitable[int]]
"""Reads a whole stream; gives what it counted."""


@dataclass(frozen=True, slots=True)
class Story:
    """A stream of so many events of so many bytes; the name of the model says which one is wanted."""

    model: str
    events: int
    size: int

    @property
    def path(self) -> str:
        return f"/v1beta/models/{self.model}:streamGenerateContent"

    @property
    def pieces(self) -> list[bytes]:
        return [self.event(number) for number in range(self.events)]

    @property
    def letters(self) -> int:
        return sum(piece.count(b"z") for piece in self.pieces)

    def event(self, number: int) -> bytes:
        bare = self._event(number, "")
        return self._event(number, "z" * max(0, self.size - len(bare)))

    def _event(self, number: int, text: str) -> bytes:
        candidate: dict[str, object] = {"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}
        if number == self.events - 1:
            candidate["finishReason"] = "STOP"
        usage = {"promptTokenCount": 8, "candidatesTokenCount": number, "totalTokenCount": number + 8}
        payload = {"candidates": [candidate], "usageMetadata": usage, "modelVersion": self.model}
        return b"data: %b\r\n\r\n" % json.dumps(payload).encode()


STORIES = (Story("small", 1000, 300), Story("large", 50, 20_000), Story("single", 1, 300))


def google(stack: AsyncExitStack, url: str) -> Read:
    client = genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=url, api_version="v1beta"))
    stack.push_async_callback(client.aio.aclose)

    async def read(story: Story) -> int:
        letters = 0
        async for chunk in await client.aio.models.generate_content_stream(
            model=story.model, contents="Tell"
        ):
            letters += len(chunk.text or "")
        return letters

    return read


async def plain_httpx(stack: AsyncExitStack, url: str) -> Read:
    """Bytes only: no event is cut out, nothing is parsed."""
    client = await stack.enter_async_context(httpx.AsyncClient(headers={"x-goog-api-key": KEY}))

    async def read(story: Story) -> int:
        letters = 0
        body = {"contents": [{"parts": [{"text": "Tell"}]}]}
        async with client.stream("POST", f"{url}{story.path}?alt=sse", json=body) as answer:
            async for piece in answer.aiter_bytes():
                letters += piece.count(b"z")
        return letters

    return read


async def viber(stack: AsyncExitStack, url: str) -> Read:
    settings = Settings.from_env({"GEMINI_BASE_URL": url, "GEMINI_API_KEY": KEY})
    services = await stack.enter_async_context(ServiceFactory(settings))

    async def read(story: Story) -> int:
        letters = 0
        async with services.gemini.stream("Tell", model=story.model) as tokens:
            async for token in tokens:
                letters += len(token.text)
        return letters

    return read


def repeated(read: Read, story: Story) -> Run:
    """An operation is an event; every letter of every stream is counted."""
    letters = story.letters

    async def run(count: int) -> None:
        for _ in range(max(1, count // story.events)):
            if await read(story) != letters:
                raise AssertionError("a wrong answer")

    return run


async def main(effort: Effort) -> None:
    warnings.simplefilter("ignore", DeprecationWarning)  # the peer's own
    async with AsyncExitStack() as stack:
        url = stack.enter_context(canned({story.path: streamed(story.pieces) for story in STORIES}))
        reads = {
            PEER: google(stack, url),
            "httpx, bytes only": await plain_httpx(stack, url),
            "viber": await viber(stack, url),
        }
        tables = [await table(reads, story, effort) for story in STORIES]
    packages = [
        "google-genai",
        "httpx",
        "httpcore",
        "pydantic",
        *["aiohttp"] * (find_spec("aiohttp") is not None),
    ]
    publish("stream", tables, packages=packages, effort=effort)


async def table(reads: dict[str, Read], story: Story, effort: Effort) -> Table:
    title = f"{story.events} event{'s' * (story.events > 1)} of {story.size} bytes, per event"
    candidates = [Candidate(who, repeated(read, story)) for who, read in reads.items()]
    operations = {"small": 5000, "large": 500, "single": 200}[story.model]
    return await compare(title, candidates, yardstick=PEER, operations=operations, effort=effort)


if __name__ == "__main__":
    asyncio.run(main(Effort.parse()))
