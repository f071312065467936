"""What a server says behind an answer, and nobody asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from viber.errors import Delivery, TransportError
from viber.http import ConnectionPool, HttpConfig, Request

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n%b"


@pytest.fixture
async def pool(engine: Any) -> AsyncIterator[ConnectionPool]:
    pool = ConnectionPool(HttpConfig(trust_env=False, transport=engine))
    yield pool
    assert repr(pool).endswith("busy=0)>")
    await pool.aclose()


async def stutter(visit: Any) -> None:
    """Answer the first request twice."""
    await visit.request()
    await visit.say(ANSWER % b"first" + ANSWER % b"stray")
    await visit.request()
    await visit.say(ANSWER % b"other")
    await visit.gone()


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\n\r\n"


@pytest.mark.parametrize("answer", [ANSWER % b"first", CHUNKED], ids=["length", "chunks"])
@pytest.mark.parametrize("stray", [b"\r\n", b"HTT", ANSWER % b"stray"], ids=["line", "part", "answer"])
async def test_what_follows_an_answer_spoils_its_connection(
    raw: Any, pool: ConnectionPool, answer: bytes, stray: bytes
) -> None:
    """Bytes behind an answer are nobody's: the next request has another connection."""
    server = await raw.serve(raw.always(answer + stray))
    for _ in range(3):
        assert (await pool.send(Request("GET", server.url()))).body == b"first"
    assert server.visits == 3


async def test_a_stray_answer_that_was_not_noticed(raw: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should httpcore hide what is left over, an answer that nobody waited for is still none."""
    monkeypatch.setattr("viber.http._engine.has_stand_in", lambda: True)
    monkeypatch.setattr("viber.http._httpcore._has_leftover", lambda http: False)
    pool = ConnectionPool(HttpConfig(trust_env=False))
    server = await raw.serve(stutter)
    assert (await pool.send(Request("GET", server.url()))).body == b"first"
    with pytest.raises(TransportError) as caught:
        await pool.send(Request("GET", server.url()))
    assert (caught.value.code, caught.value.delivery) == ("transport.protocol", Delivery.UNKNOWN)
    await pool.aclose()
