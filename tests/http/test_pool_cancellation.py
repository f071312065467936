"""Cancellation where httpcore's own pool and backend leak a socket or lose a place: here neither happens."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from typing import Any

import pytest

from viber.http import ConnectionPool, HttpConfig, Request

pytestmark = pytest.mark.parametrize("again", [None, 0, 1, 2, 4], ids=lambda ticks: f"again-after-{ticks}")


@pytest.fixture
async def pool(engine: Any) -> AsyncIterator[ConnectionPool]:
    pool = ConnectionPool(HttpConfig(max_connections=1, verify=False, trust_env=False, transport=engine))
    yield pool
    assert repr(pool).endswith("busy=0)>")
    await pool.aclose()


async def cancel(task: asyncio.Task[Any], again: int | None) -> None:
    """Cancel, perhaps twice, so many turns apart."""
    task.cancel()
    if again is not None:
        for _ in range(again):
            await asyncio.sleep(0)
        task.cancel()
    await asyncio.wait((task,), timeout=5)


async def test_during_the_tls_handshake(raw: Any, pool: ConnectionPool, again: int | None) -> None:
    """A connection that is just being secured is closed, and its place is free."""

    async def deaf(visit: Any) -> None:
        await visit.server.note(await visit.reader.read(1))
        await visit.gone()

    server = await raw.serve(deaf)
    task = asyncio.create_task(pool.send(Request("GET", f"https://127.0.0.1:{server.port}/")))
    await server.arrived(1)
    await cancel(task, again)
    assert task.cancelled()
    await server.empty()
    server.handler = raw.always(raw.answer())
    assert (await pool.send(Request("GET", server.url()))).body == b"ok"
    gc.collect()


async def test_at_every_turn_of_a_request(raw: Any, pool: ConnectionPool, again: int | None) -> None:
    """Whatever turn of the loop it comes in, a cancellation leaves nothing behind."""
    server = await raw.serve(raw.always(raw.answer()))
    for turns in range(40):
        for _ in range(2):
            task = asyncio.create_task(pool.send(Request("GET", server.url())))
            for _ in range(turns):
                await asyncio.sleep(0)
            await cancel(task, again)
            assert task.cancelled() or task.result().body == b"ok"
            assert repr(pool).endswith("busy=0)>")
        assert (await pool.send(Request("GET", server.url()))).body == b"ok"
    gc.collect()
