"""Whatever a server says, both engines understand the same, or refuse the same."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from viber.clock import SYSTEM_CLOCK
from viber.http._address import parse_origin
from viber.http._aiohttp import AiohttpExchange
from viber.http._connection import Site
from viber.http._direct import DirectExchange
from viber.http._exchange import Outgoing
from viber.http._h11 import H11Exchange
from viber.http._line import Line
from viber.http._mapping import Phase, explain

SITE = Site.of(parse_origin("http://127.0.0.1:1"), None)
ENGINES: tuple[type[DirectExchange], ...] = (H11Exchange, AiohttpExchange)
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


class Recording(Line):
    """A server that says its part in pieces of a size, and hangs up."""

    def __init__(self, data: bytes, size: int) -> None:
        super().__init__(clock=SYSTEM_CLOCK, connect_timeout=None)
        self._left = data
        self._piece = size

    async def connect_tcp(self, *_: Any, **__: Any) -> Line:
        return self

    async def write(self, *_: Any, **__: Any) -> None: ...

    async def read(self, *_: Any, **__: Any) -> bytes:
        piece, self._left = self._left[: self._piece], self._left[self._piece :]
        return piece


async def understood(engine: type[DirectExchange], data: bytes, *, size: int, method: bytes) -> object:
    """Status, fields, body, and whether the connection may be kept; or the code of the error."""
    exchange: Any = engine(SITE, Recording(data, size), None)
    phase, body = Phase.HEAD, b""
    try:
        status, fields = await exchange.send(Outgoing(method, b"/", [(b"host", b"x")]))
        if status == 101:
            return "transport.protocol"  # the pool's own verdict
        phase = Phase.BODY
        while piece := await exchange.read():
            body += piece
    except Exception as exc:  # noqa: BLE001 - whatever it is, it has to be the same
        error = explain(exc, where="the server", phase=phase)
        return getattr(error, "code", exc)
    return status, fields, body, exchange.is_idle()


def lines(*texts: bytes) -> st.SearchStrategy[bytes]:
    ends = st.sampled_from([b"\r\n"] * 12 + [b"\n", b"\r", b"\r\r\n", b""])
    return st.tuples(st.sampled_from(texts), ends).map(b"".join)


HEADS = lines(
    *(b"HTTP/1.1 200 OK", b"HTTP/1.1 200", b"HTTP/1.0 200 OK", b"HTTP/1.1 404 \xe9", b"HTTP/1.1 204 N"),
    *(b"HTTP/1.1 304 N", b"HTTP/1.2 200 OK", b"HTTP/2.0 200 OK", b"HTTP/1.1  200 OK", b"HTTP/1.1 99 OK"),
    *(b"http/1.1 200 OK", b"HTTP/1.1 2000 OK", b"HTTP/1.1 200 O\0K", b"ICY 200 OK", b"HTTP/1.1 999 x"),
)
FIELDS = lines(
    *(b"x-a: 1", b"X-A: 2", b"x-b:", b"x-c: \t v ", b"x-d: \xe9", b"connection: close", b"connection: x"),
    *(b"content-length: 2", b"content-length: 2, 2", b"content-length: +2", b"content-length: 0"),
    *(b"content-length:", b"transfer-encoding: chunked", b"transfer-encoding: Chunked"),
    *(b"transfer-encoding: gzip", b"transfer-encoding:", b" folded", b"none", b"x : 1", b": v", b"x-e: \x01"),
)
CHUNKS = st.one_of(
    st.binary(max_size=5).map(lambda data: b"%x\r\n%b\r\n" % (len(data), data)),
    lines(
        b"0",
        b"2\r\nok",
        b"2;x=1\r\nok",
        b"2 \r\nok",
        b"2 ;x\r\nok",
        b"+2\r\nok",
        b"2\nok",
        b"x: 1",
        b"bad",
        b"",
    ),
)
ANSWERS = st.builds(
    lambda head, fields, end, body: head + b"".join(fields) + end + b"".join(body),
    HEADS,
    st.lists(FIELDS, max_size=4),
    lines(b""),
    st.lists(CHUNKS, max_size=4),
)


@given(data=ANSWERS, size=st.sampled_from([1, 3, 7, 10_000]), method=st.sampled_from([b"GET", b"HEAD"]))
@example(data=b"HTTP/1.2 200 OK\r\n\r\n", size=1, method=b"GET")
@example(data=CHUNKED + b"2\r\nok\n0\r\n\r\n", size=3, method=b"GET")
@example(data=CHUNKED + b"2\nok\r\n0\r\n\r\n", size=3, method=b"GET")
def test_engines_understand_the_same(data: bytes, size: int, method: bytes) -> None:
    """No answer means one thing to one engine and something else to the other, however it is cut."""
    first, second = [at_once(understood(engine, data, size=size, method=method)) for engine in ENGINES]
    assert first == second


def at_once(steps: Coroutine[Any, Any, object]) -> object:
    """The result of what never waits."""
    with pytest.raises(StopIteration) as ended:
        steps.send(None)
    return ended.value.value


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.2 200 OK\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/2.0 200 OK\r\ncontent-length: 0\r\n\r\n",
        CHUNKED + b"2\nok\r\n0\r\n\r\n",
        CHUNKED + b"2\r\nok\n0\r\n\r\n",
        CHUNKED + b"2\r\nokay\r\n0\r\n\r\n",
    ],
)
async def test_loose_talk_is_refused(engine: type[DirectExchange], data: bytes) -> None:
    """Another version of HTTP, and chunks that do not end as they should, are no answer."""
    assert str(await understood(engine, data, size=10_000, method=b"GET")).startswith("transport.")
