"""Clients that read a streamed answer, each over the HTTP library that its name says."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import aiohttp
import httpx
from _harness import Watch
from _stories import Story
from google import genai
from google.genai import types

KEY = "key-of-the-benchmark"
BODY = {"contents": [{"parts": [{"text": "Tell"}]}]}
FIELDS = {"x-goog-api-key": KEY}

Read = Callable[[Story, Watch], Awaitable[int]]
"""Reads a whole stream, stops the watch at its first piece, and gives what it counted."""


@dataclass(frozen=True, slots=True)
class Client:
    """A way to read a stream; a bare one counts bytes, cuts out no event and parses nothing."""

    read: Read
    is_bare: bool = False

    def due(self, story: Story) -> int:
        """What it has to count."""
        return story.events * story.size if self.is_bare else story.letters


async def google_over_httpx(stack: AsyncExitStack, url: str) -> Client:
    return google(stack, url, httpx_async_client=await stack.enter_async_context(httpx.AsyncClient()))


async def google_over_aiohttp(stack: AsyncExitStack, url: str) -> Client:
    return google(stack, url, aiohttp_client=await stack.enter_async_context(aiohttp.ClientSession()))


def google(stack: AsyncExitStack, url: str, **over: Any) -> Client:
    options = types.HttpOptions(base_url=url, api_version="v1beta", **over)
    client = genai.Client(api_key=KEY, http_options=options)
    stack.push_async_callback(client.aio.aclose)

    async def read(story: Story, first: Watch) -> int:
        chunks = await client.aio.models.generate_content_stream(model=story.model, contents="Tell")
        letters = len((await anext(chunks)).text or "")
        first.stop()
        async for chunk in chunks:
            letters += len(chunk.text or "")
        return letters

    return Client(read)


async def bare_httpx(stack: AsyncExitStack, url: str) -> Client:
    client = await stack.enter_async_context(httpx.AsyncClient(headers=FIELDS))

    async def read(story: Story, first: Watch) -> int:
        async with client.stream("POST", f"{url}{story.path}?alt=sse", json=BODY) as answer:
            pieces = answer.aiter_bytes()
            size = len(await anext(pieces))
            first.stop()
            async for piece in pieces:
                size += len(piece)
        return size

    return Client(read, is_bare=True)


async def bare_aiohttp(stack: AsyncExitStack, url: str) -> Client:
    session = await stack.enter_async_context(aiohttp.ClientSession(headers=FIELDS))

    async def read(story: Story, first: Watch) -> int:
        async with session.post(f"{url}{story.path}?alt=sse", json=BODY) as answer:
            size = len(await answer.content.readany())
            first.stop()
            async for piece in answer.content.iter_any():
                size += len(piece)
        return size

    return Client(read, is_bare=True)
