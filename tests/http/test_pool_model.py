"""Any mixture of fates, any number at once: the bound holds, and only clean connections are used again."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from viber.errors import BaseError
from viber.http import ConnectionPool, HttpConfig, Request

FATES = ("ok", "chunked", "close", "cut", "reset", "garbage", "stray", "cancelled", "unread", "huge")
LIMIT = 3


async def misbehave(raw: Any, visit: Any) -> None:
    """Do what the target of each request says; after anything but a clean answer nothing may follow."""
    while True:
        fate = (await visit.request()).split()[1].decode().strip("/")
        answer = {
            "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            "close": raw.answer(fields="Connection: close\r\n"),
            "cut": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut",
            "garbage": b"garbage\r\n\r\n",
            "huge": raw.answer(b"x" * 200_000),
            "unread": raw.answer(b"x" * 50_000),
        }.get(fate, raw.answer())
        if fate == "cancelled":
            await visit.gone()
            return
        await visit.say(answer)
        if fate == "stray":
            await visit.say(raw.answer(b"stray"))
        if fate == "reset":
            visit.reset()
        if fate in {"cut", "reset"}:
            return
        if fate not in {"ok", "chunked", "stray"}:
            assert await visit.reader.read(1) == b"", f"a connection was used again after {fate}"
            return


async def one(pool: ConnectionPool, url: str, fate: str) -> None:
    """One request; any may fail, since the one before may have left a stray answer, but none may be wrong."""
    request = Request("GET", f"{url}{fate}")
    with suppress(BaseError):
        if fate == "cancelled":
            task = asyncio.create_task(pool.send(request))
            await asyncio.sleep(0.002)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        elif fate == "unread":
            (await pool.open(request)).abort()
        else:
            assert (await pool.send(request)).body == b"ok"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fates=st.lists(st.sampled_from(FATES), max_size=16), together=st.integers(1, 6))
def test_the_pool_keeps_its_word(raw_class: Any, fates: list[str], together: int, engine: Any) -> None:
    """No wrong answer is taken, no spoiled connection used, nothing stays busy, the pool still works."""

    async def play() -> None:
        raw = raw_class()
        server = await raw.serve(lambda visit: misbehave(raw, visit))
        pool = ConnectionPool(
            HttpConfig(max_connections=LIMIT, max_response_bytes=100_000, trust_env=False, transport=engine)
        )
        try:
            await challenge(pool, server.url("/"), fates, together)
            await pool.aclose()
            await server.empty()
        finally:
            await pool.aclose()
            await raw.stop()

    asyncio.run(play())


async def challenge(pool: ConnectionPool, url: str, fates: list[str], together: int) -> None:
    for start in range(0, len(fates), together):
        await asyncio.gather(*(one(pool, url, fate) for fate in fates[start : start + together]))
        assert repr(pool).endswith("busy=0)>")
    for _ in range(LIMIT):
        await one(pool, url, "ok")
    assert (await pool.send(Request("GET", f"{url}ok"))).body == b"ok"
