"""The gateway in front of upstreams that misbehave in ways PostgREST does not on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import httpx
import pytest
from aiohttp import web

from viber.sandbox import _gateway
from viber.sandbox._faults import FaultBook
from viber.sandbox._gateway import ProjectKeys, gateway_app

KEYS = ProjectKeys(anon="anon-key", service_role="service-key")
Serve = Callable[[web.Application], Awaitable[str]]
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Ask = Callable[[Answer], Awaitable[httpx.Response]]


@pytest.fixture
async def ask(serve: Serve) -> AsyncIterator[Ask]:
    """Ask the gateway once, in front of an upstream that answers as told."""
    async with AsyncExitStack() as stack:

        async def ask(answer: Answer) -> httpx.Response:
            server = await asyncio.start_server(answer, "127.0.0.1", 0)
            stack.callback(server.close)
            upstream = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            url = await serve(gateway_app(upstream=upstream, keys=KEYS, faults=FaultBook()))
            client = await stack.enter_async_context(httpx.AsyncClient())
            return await client.post(f"{url}/rest/v1/rpc/work", headers={"apikey": KEYS.anon}, json={})

        yield ask


async def test_silence_becomes_a_504(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway's patience ends before the client's."""
    monkeypatch.setattr(_gateway, "_ANSWER_SECONDS", 0.1)

    async def be_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    assert (await ask(be_silent)).status_code == 504


async def test_a_cut_in_the_middle_is_passed_on(ask: Ask) -> None:
    """An answer that has begun cannot become an error any more: it breaks off."""

    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[1, 2")
        await writer.drain()
        writer.close()

    with pytest.raises(httpx.RemoteProtocolError):
        await ask(break_off)


async def test_a_connection_closed_without_an_answer_is_a_502(ask: Ask) -> None:
    """The upstream may have acted; the page says nothing about it."""

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    assert (await ask(hang_up)).status_code == 502
