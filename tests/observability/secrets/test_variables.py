"""The variables of each frame of a traceback, as some frameworks print them."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from viber.errors import BaseError, TransportError
from viber.factory import ServiceFactory
from viber.http import HttpConfig
from viber.machines import RetryConfig
from viber.services.supabase import SupabaseConfig
from viber.settings import Settings
from viber.testing import Fail, Reply

Leaks = Callable[[str], list[str]]
SCRIPTS = ([Fail(TransportError("reset"))] * 2, [Reply(403, json={})] * 2, [Reply(200, body=b"[{")] * 2)


@pytest.mark.parametrize("script", SCRIPTS, ids=["broken", "refused", "unreadable"])
async def test_no_variable_shows_one(script: list[Any], world: Any, leaks: Leaks) -> None:
    """What is sent is held by objects that do not show it, whichever call fails."""
    calls: list[Callable[[], Awaitable[object]]] = []
    calls += [view.table("users").select("id").run for view in world.views]
    calls += [view.table("users").insert({"id": 1}).run for view in world.views]
    calls += [lambda model=model: model.generate_content("hello") for model in world.models]
    calls += [lambda model=model: model.stream("hello").__aenter__() for model in world.models]
    for call in calls:
        world.transport.add(*script)
        shown = await variables_of(call)
        assert "self = " in shown
        assert not leaks(shown)
        world.transport._script.clear()


@pytest.mark.parametrize("transport", ["httpcore", "aiohttp"])
@pytest.mark.parametrize("said", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n["])
async def test_no_variable_of_a_transport_shows_one(
    transport: Any, said: bytes, leaks: Leaks, seeds: Mapping[str, str]
) -> None:
    """Of our own ones: what is sent is held by objects that do not show it."""

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    config = SupabaseConfig(
        url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}",
        anon_key=seeds["anon key"],
        http=HttpConfig(transport=transport),
        retry=RetryConfig(max_attempts=1),
    )
    async with server, ServiceFactory(Settings(supabase=config)) as services:
        text = await variables_of(services.supabase.table("users").select("id").run)
    assert "TransportError" in text
    assert not leaks(text)


async def variables_of(call: Callable[[], Awaitable[object]]) -> str:
    """The traceback of a call that fails, with the variables of every frame below this one."""
    try:
        await call()
    except BaseError as error:
        below = error.__traceback__.tb_next if error.__traceback__ else None
        shown = traceback.TracebackException(type(error), error, below, capture_locals=True)
        return "".join(shown.format())
    return ""
