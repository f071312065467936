"""How long each part of a request took, as the transport tells."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from viber.errors import TransportError
from viber.http import ConnectionPool, HttpConfig, Request, Timing
from viber.testing import FakeClock


async def test_every_transport_times_the_answer(raw: Any, transport: Any) -> None:
    """Head and body take their time, and nothing is negative."""
    server = await raw.serve(raw.always(raw.answer(b"hello")))
    timing = Timing()
    await transport.send(Request("GET", server.url(), timing=timing))
    assert timing.head > 0
    assert min(timing.queue, timing.connect, timing.body) >= 0


async def test_only_a_new_connection_takes_time_to_connect(raw: Any, engine: Any) -> None:
    """Over a kept one there is nothing to connect."""
    server = await raw.serve(raw.always(raw.answer(), raw.answer()))
    pool = ConnectionPool(HttpConfig(transport=engine))
    first, second = Timing(), Timing()
    for timing in (first, second):
        await pool.send(Request("GET", server.url(), timing=timing))
    await pool.aclose()
    assert first.connect > 0
    assert second.connect == 0


async def test_the_wait_for_a_connection_is_told_apart(raw: Any, engine: Any) -> None:
    """Who finds the pool full waits in `queue`, and not in `head`."""
    server = await raw.serve(raw.always(raw.answer(), raw.answer()))
    clock = FakeClock()
    pool = ConnectionPool(HttpConfig(transport=engine, max_connections=1), clock=clock)
    stream = await pool.open(Request("GET", server.url()))
    timing = Timing()
    second = asyncio.create_task(pool.send(Request("GET", server.url(), timing=timing)))
    await clock.advance(5)
    assert await stream.read() == b"ok"
    assert await stream.read() == b""
    await second
    await pool.aclose()
    assert (timing.queue, timing.connect, timing.head, timing.body) == (5, 0, 0, 0)


async def test_a_failure_is_timed_too(raw: Any, engine: Any) -> None:
    """What took its time before it broke is known afterwards."""
    server = await raw.serve(raw.once(b""))
    pool = ConnectionPool(HttpConfig(transport=engine))
    timing = Timing()
    with pytest.raises(TransportError):
        await pool.send(Request("GET", server.url(), timing=timing))
    await pool.aclose()
    assert timing.connect > 0
    assert timing.head > 0
