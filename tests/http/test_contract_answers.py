"""What any transport makes of an answer."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from typing import Any

import pytest

from viber.errors import InvalidRequestError
from viber.http import Request


async def test_an_answer_comes_back_whole(raw: Any, transport: Any) -> None:
    """Status, header fields and body are those that were sent."""
    server = await raw.serve(
        raw.always(raw.answer(b"hello", status="201 Created", fields="X-Kind: Test\r\n"))
    )
    response = await transport.send(Request("GET", server.url("/a/b?c=d%2Fe")))
    assert (response.status, response.headers["x-kind"], response.body) == (201, "Test", b"hello")
    assert server.requests[0].startswith(b"GET /a/b?c=d%2Fe HTTP/1.1\r\n")


async def test_a_body_and_its_length_are_sent(raw: Any, transport: Any) -> None:
    """A body goes out as it is, with its length."""
    server = await raw.serve(raw.always(raw.answer()))
    await transport.send(Request("POST", server.url(), (("content-type", "text/plain"),), b"x" * 300_000))
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert body == b"x" * 300_000
    assert b"content-length: 300000" in head.lower()


async def test_a_large_body_waits_for_a_slow_server(raw: Any, transport: Any) -> None:
    """A body larger than any buffer goes out at the speed at which it is taken."""
    server = await raw.serve(raw.always(raw.answer()))
    await transport.send(Request("PUT", server.url(), body=b"x" * 10_000_000))
    assert len(server.requests[0].partition(b"\r\n\r\n")[2]) == 10_000_000


async def test_a_post_without_a_body_says_so(raw: Any, transport: Any) -> None:
    """A method that expects a body carries a length of zero when it has none."""
    server = await raw.serve(raw.always(raw.answer()))
    await transport.send(Request("POST", server.url()))
    assert b"content-length: 0" in server.requests[0].lower()


async def test_fields_are_sent_as_given(raw: Any, transport: Any) -> None:
    """Every given field arrives; only host, encoding and framing are added."""
    server = await raw.serve(raw.always(raw.answer()))
    await transport.send(Request("GET", server.url(), (("apikey", "k1"), ("x-empty", ""))))
    lines = sorted(server.requests[0].lower().strip().split(b"\r\n")[1:])
    host = f"host: 127.0.0.1:{server.port}".encode()
    assert lines == sorted(
        [b"accept-encoding: gzip, deflate", b"apikey: k1", host, b"x-empty:"]
    ) or lines == [
        b"accept-encoding: gzip, deflate",
        b"apikey: k1",
        host,
        b"x-empty: ",
    ]


async def test_names_are_lower_case_and_repeats_are_joined(raw: Any, transport: Any) -> None:
    """Header names come in lower case; a repeated field is one value, joined by a comma."""
    server = await raw.serve(raw.always(raw.answer(fields="X-A: 1\r\nVary: Accept\r\nx-a: 2\r\n")))
    response = await transport.send(Request("GET", server.url()))
    assert response.headers["x-a"] == "1, 2"
    assert response.headers["vary"] == "Accept"


async def test_chunks_are_joined(raw: Any, transport: Any) -> None:
    """A chunked body is put together."""
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"
    server = await raw.serve(raw.always(chunked))
    assert (await transport.send(Request("GET", server.url()))).body == b"abcdefg"


async def test_a_body_may_end_with_the_connection(raw: Any, transport: Any) -> None:
    """Without a length the body ends with the connection."""
    server = await raw.serve(raw.once(b"HTTP/1.1 200 OK\r\n\r\nall of it"))
    assert (await transport.send(Request("GET", server.url()))).body == b"all of it"


@pytest.mark.parametrize(
    ("method", "status", "fields"),
    [
        ("HEAD", "200 OK", "Content-Length: 999999999999\r\nContent-Encoding: gzip\r\n"),
        ("GET", "204 No Content", ""),
        ("GET", "304 Not Modified", "Content-Length: 999999999999\r\n"),
    ],
)
async def test_some_answers_have_no_body(
    raw: Any, transport: Any, method: str, status: str, fields: str
) -> None:
    """HEAD, 204 and 304 have no body whatever their fields announce, and keep the connection."""
    server = await raw.serve(raw.always(f"HTTP/1.1 {status}\r\n{fields}\r\n".encode()))
    for _ in range(2):
        assert (await transport.send(Request(method, server.url()))).body == b""
    assert server.visits == 1


ODD = {
    "equal lengths": ("Content-Length: 2\r\nContent-Length: 2\r\n", b"ok", {"content-length": "2"}),
    "a list of equal lengths": ("Content-Length: 2, 2\r\n", b"ok", {"content-length": "2"}),
    "a length beside chunks": (
        "Content-Length: 9\r\nTransfer-Encoding: Chunked\r\n",
        b"2\r\nok\r\n0\r\n\r\n",
        {"transfer-encoding": "chunked"},
    ),
    "extensions and trailers of chunks": (
        "Transfer-Encoding: chunked\r\n",
        b"2;a=b\r\nok\r\n0\r\nX-T: 1\r\n\r\n",
        {"transfer-encoding": "chunked"},
    ),
    "a folded field": (
        "X-A: 1\r\n \t2\r\nContent-Length: 2\r\n",
        b"ok",
        {"content-length": "2", "x-a": "1 2"},
    ),
    "outer spaces": ("X-A: \t a \t \r\nContent-Length: 2\r\n", b"ok", {"content-length": "2", "x-a": "a"}),
    "no value": ("X-A:\r\nContent-Length: 2\r\n", b"ok", {"content-length": "2", "x-a": ""}),
    "bytes above ASCII": ("X-A: ä\r\nContent-Length: 2\r\n", b"ok", {"content-length": "2", "x-a": "Ã¤"}),
}


@pytest.mark.parametrize("case", ODD, ids=lambda name: name.replace(" ", "-"))
@pytest.mark.parametrize("size", [None, 1], ids=["at-once", "byte-by-byte"])
async def test_odd_answers_are_understood(raw: Any, transport: Any, case: str, size: int | None) -> None:
    """What a server may send or has always sent is understood alike, and the connection kept."""
    fields, body, headers = ODD[case]
    data = f"HTTP/1.1 200 OK\r\n{fields}\r\n".encode() + body

    async def handler(visit: Any) -> None:
        while True:
            await visit.request()
            for at in range(0, len(data), size or len(data)):
                await visit.say(data[at : at + (size or len(data))])
                await asyncio.sleep(0)

    server = await raw.serve(handler)
    for _ in range(2):
        response = await transport.send(Request("GET", server.url()))
        assert (response.body, response.headers) == (b"ok", headers)
    assert server.visits == 1


async def test_lines_may_end_without_a_carriage_return(raw: Any, transport: Any) -> None:
    """A bare line feed ends a line of the head."""
    server = await raw.serve(raw.always(b"HTTP/1.1 200 OK\nX-A: 1\nContent-Length: 2\n\nok"))
    response = await transport.send(Request("GET", server.url()))
    assert (response.headers["x-a"], response.body) == ("1", b"ok")


async def test_an_older_version_is_understood(raw: Any, transport: Any) -> None:
    """HTTP/1.0 is HTTP, and its connection is not used again."""
    server = await raw.serve(raw.once(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"))
    for _ in range(2):
        assert (await transport.send(Request("GET", server.url()))).body == b"ok"
    assert server.visits == 2


async def test_interim_answers_are_skipped(raw: Any, transport: Any) -> None:
    """1xx answers are not the answer."""
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    server = await raw.serve(raw.always(interim + raw.answer(b"final")))
    assert (await transport.send(Request("GET", server.url()))).body == b"final"


@pytest.mark.parametrize("status", ["301 Moved", "404 Not Found", "500 Oops", "299 Whatever"])
async def test_every_status_is_an_answer(raw: Any, transport: Any, status: str) -> None:
    """No status is an error here, and no redirect is followed."""
    server = await raw.serve(raw.always(raw.answer(status=status, fields="Location: /elsewhere\r\n")))
    assert (await transport.send(Request("GET", server.url()))).status == int(status[:3])
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(b"plain" * 1000)),
        ("X-GZIP", gzip.compress(b"plain" * 500) + gzip.compress(b"plain" * 500)),
        ("deflate", zlib.compress(b"plain" * 1000)),
        ("deflate", zlib.compress(b"plain" * 1000, wbits=-15)),
        ("identity", b"plain" * 1000),
    ],
)
async def test_compressed_bodies_are_opened(raw: Any, transport: Any, encoding: str, packed: bytes) -> None:
    """What was asked for compressed comes back plain."""
    server = await raw.serve(raw.always(raw.answer(packed, fields=f"Content-Encoding: {encoding}\r\n")))
    assert (await transport.send(Request("GET", server.url()))).body == b"plain" * 1000


async def test_a_connection_is_kept(raw: Any, transport: Any) -> None:
    """Requests in turn share one connection."""
    server = await raw.serve(raw.always(raw.answer()))
    for _ in range(5):
        await transport.send(Request("GET", server.url()))
    assert server.visits == 1


async def test_close_is_obeyed(raw: Any, transport: Any) -> None:
    """After `Connection: close` the next request has a connection of its own."""
    server = await raw.serve(raw.once(raw.answer(fields="Connection: close\r\n")))
    for _ in range(2):
        await transport.send(Request("GET", server.url()))
    assert server.visits == 2


async def test_a_stream_hands_out_pieces_as_they_come(raw: Any, transport: Any) -> None:
    """A stream opens at the header fields, gives pieces as they arrive, and ends with an empty one."""

    async def handler(visit: Any) -> None:
        await visit.request()
        await visit.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for name in (b"a", b"b"):
            await steps[name].wait()
            await visit.say(b"1\r\n" + name + b"\r\n")
        await visit.say(b"0\r\n\r\n")
        await visit.gone()

    steps = {b"a": asyncio.Event(), b"b": asyncio.Event()}
    server = await raw.serve(handler)
    stream = await transport.open(Request("GET", server.url()))
    assert stream.status == 200
    for name, step in steps.items():
        step.set()
        assert await stream.read() == name
    assert [await stream.read(), await stream.read()] == [b"", b""]
    await stream.aclose()


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "ftp://host/x"),
        Request("GET", "/relative"),
        Request("GET", "http://user:secret@host/"),
        Request("GET", "http://host:99999/"),
        Request("GET", "http://host/with space"),
        Request("GET", "http://höst/"),
        Request("GET", "http://host/#fragment"),
        Request("GET /x", "http://host/"),
        Request("GET", "http://host/", (("x-key", "secret\r\nx-more: 1"),)),
        Request("GET", "http://host/", (("x-key", "secret\n"),)),
        Request("GET", "http://host/", (("x key", "1"),)),
        Request("GET", "http://host/", (("x-key", "sécret"),)),
        Request("GET", "http://host/", (("Content-Length", "5"),), b"hello"),
    ],
)
async def test_a_request_that_is_not_http_is_refused(transport: Any, request_: Request) -> None:
    """What could break out of its line, or leads nowhere, is refused unsent, and nothing secret is shown."""
    with pytest.raises(InvalidRequestError) as caught:
        await transport.send(request_)
    assert caught.value.delivery == "not_sent"
    assert "secret" not in f"{caught.value!r} {caught.value.debug_message} {caught.value.suggestion}"
    assert caught.value.__cause__ is None
