"""What any transport makes of a failure: the same class, code and delivery."""

from __future__ import annotations

import asyncio
import gzip
import socket
from typing import Any

import pytest

from viber.errors import BaseError, Delivery, TimeoutError, TransportError
from viber.http import Request

UNKNOWN, NOT_SENT, ANSWERED = Delivery.UNKNOWN, Delivery.NOT_SENT, Delivery.ANSWERED
HEAD = b"HTTP/1.1 200 OK\r\n"

BROKEN = {
    "closed without a word": (b"", False, "transport.reset", UNKNOWN),
    "reset without a word": (b"", True, "transport.reset", UNKNOWN),
    "closed within the header fields": (HEAD + b"X-A", False, "transport.reset", UNKNOWN),
    "no HTTP at all": (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", False, "transport.protocol", UNKNOWN),
    "a TLS alert": (b"\x15\x03\x01\x00\x02\x02\x46\r\n\r\n", False, "transport.protocol", UNKNOWN),
    "a header line without colon": (HEAD + b"nonsense\r\n\r\n", False, "transport.protocol", UNKNOWN),
    "an upgrade nobody asked for": (
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        False,
        "transport.protocol",
        UNKNOWN,
    ),
    "too many header fields": (
        HEAD + b"".join(b"X-%d: 1\r\n" % number for number in range(300)) + b"\r\n",
        False,
        "transport.header",
        UNKNOWN,
    ),
    "a header field that is too large": (
        HEAD + b"X-A: " + b"a" * 70_000 + b"\r\n\r\n",
        False,
        "transport.header",
        UNKNOWN,
    ),
    "a header field without end": (HEAD + b"X-A: " + b"a" * 1_000_000, False, "transport.header", UNKNOWN),
    "two lengths": (
        HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        False,
        "transport.protocol",
        UNKNOWN,
    ),
    "a length that is none": (HEAD + b"Content-Length: +1\r\n\r\na", False, "transport.protocol", UNKNOWN),
    "a status that is none": (b"HTTP/1.1 042 x\r\n\r\n", False, "transport.protocol", UNKNOWN),
    "an unknown transfer coding": (
        HEAD + b"Transfer-Encoding: gzip\r\n\r\na",
        False,
        "transport.protocol",
        UNKNOWN,
    ),
    "a field that continues nothing": (HEAD + b" X-A: 1\r\n\r\n", False, "transport.protocol", UNKNOWN),
    "a NUL in a field": (HEAD + b"X-A: a\0b\r\n\r\n", False, "transport.protocol", UNKNOWN),
    "a cut body": (HEAD + b"Content-Length: 10\r\n\r\nabc", False, "transport.read", UNKNOWN),
    "a reset body": (HEAD + b"Content-Length: 10\r\n\r\nabc", True, "transport.read", UNKNOWN),
    "a cut chunk": (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc",
        False,
        "transport.read",
        UNKNOWN,
    ),
    "a chunk without a size": (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
        False,
        "transport.read",
        UNKNOWN,
    ),
    "a declared length above the limit": (
        HEAD + b"Content-Length: 2000\r\n\r\n" + b"x" * 2000,
        False,
        "transport.too_large",
        ANSWERED,
    ),
    "a body without end": (HEAD + b"\r\n" + b"x" * 5000, False, "transport.too_large", ANSWERED),
    "a bomb": (
        HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"0" * 50_000_000),
        False,
        "transport.too_large",
        ANSWERED,
    ),
    "an encoding nobody asked for": (
        HEAD + b"Content-Encoding: br\r\nContent-Length: 3\r\n\r\nabc",
        False,
        "transport.encoding",
        ANSWERED,
    ),
    "a chunk of nonsense after a good one": (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\n",
        False,
        "transport.read",
        UNKNOWN,
    ),
    "a chunk longer than it says": (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nokay\r\n0\r\n\r\n",
        False,
        "transport.read",
        UNKNOWN,
    ),
    "trailers without end": (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n" + b"X-A: 1\r\n" * 100_000,
        False,
        "transport.read",
        UNKNOWN,
    ),
    "damaged compression": (
        HEAD + b"Content-Encoding: gzip\r\nContent-Length: 20\r\n\r\n" + b"not gzip at all, no!",
        False,
        "transport.encoding",
        UNKNOWN,
    ),
    "compression that never ends": (
        HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"x" * 99)[:-9],
        False,
        "transport.encoding",
        UNKNOWN,
    ),
}


@pytest.mark.parametrize("case", BROKEN, ids=lambda name: name.replace(" ", "-"))
async def test_a_broken_answer_is_a_typed_error(raw: Any, make: Any, case: str) -> None:
    """Class, code and delivery of a failure do not depend on the transport, and its connection is closed."""
    data, reset, code, delivery = BROKEN[case]
    server = await raw.serve(raw.once(data, reset=reset))
    transport = make(max_response_bytes=1000)
    with pytest.raises(TransportError) as caught:
        await transport.send(Request("GET", server.url("/p?q=secret"), (("apikey", "secret"),)))
    error = caught.value
    assert (error.code, error.delivery) == (code, delivery)
    assert f"127.0.0.1:{server.port}" in error.message
    assert "secret" not in f"{error!r} {error.debug_message}"
    await server.empty()


async def read_all(stream: Any) -> None:
    while await stream.read():
        pass


@pytest.mark.parametrize("case", ["a cut body", "a bomb", "a reset body"])
async def test_a_stream_breaks_with_the_same_error(raw: Any, make: Any, case: str) -> None:
    """A stream that breaks raises at the read, and is closed by it."""
    data, reset, code, _ = BROKEN[case]
    server = await raw.serve(raw.once(data, reset=reset))
    stream = await make(max_response_bytes=1000).open(Request("GET", server.url()))
    with pytest.raises(TransportError) as caught:
        await read_all(stream)
    assert caught.value.code == code
    with pytest.raises(TransportError, match="closed"):
        await stream.read()
    await stream.aclose()
    await server.empty()


async def failure(transport: Any, url: str) -> BaseError:
    with pytest.raises(BaseError) as caught:
        await transport.send(Request("GET", url))
    return caught.value


async def test_a_refused_connection_was_not_sent(transport: Any) -> None:
    """Nobody listens: not sent, and the message says what and where."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        error = await failure(transport, f"http://127.0.0.1:{port}/")
    assert (type(error), error.code, error.delivery) == (TransportError, "transport.connect", NOT_SENT)
    assert error.message == f"no connection to 127.0.0.1:{port} (connection refused)"


async def test_an_unknown_host_was_not_sent(transport: Any) -> None:
    """A name that does not resolve: not sent."""
    error = await failure(transport, "http://no-such-host.invalid/")
    assert (type(error), error.code, error.delivery) == (TransportError, "transport.dns", NOT_SENT)


async def test_a_connection_that_does_not_come_about_times_out(make: Any) -> None:
    """A server that takes no connections: a TimeoutError after the connect timeout, not sent."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        error = await failure(make(connect_timeout=0.05), f"http://127.0.0.1:{address[1]}/")
        for filler in fillers:
            filler.close()
    assert (type(error), error.code, error.delivery) == (TimeoutError, "timeout.connect", NOT_SENT)


async def test_plain_http_on_an_https_port_is_told(raw: Any, make: Any) -> None:
    """An https URL to a server of plain http fails before anything is sent."""

    async def grumble(visit: Any) -> None:
        await visit.reader.read(1)
        await visit.say(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    server = await raw.serve(grumble)
    error = await failure(make(verify=False), f"https://127.0.0.1:{server.port}/")
    assert (type(error), error.code, error.delivery) == (TransportError, "transport.tls", NOT_SENT)
    assert "http://" in error.suggestion


async def test_a_server_that_closes_during_the_handshake(raw: Any, make: Any) -> None:
    """A connection that ends within the TLS handshake was not used for sending."""

    async def hang_up(visit: Any) -> None:
        await visit.reader.read(1)

    server = await raw.serve(hang_up)
    error = await failure(make(verify=False), f"https://127.0.0.1:{server.port}/")
    assert (type(error), error.code, error.delivery) == (TransportError, "transport.tls", NOT_SENT)


async def test_a_silent_handshake_times_out(raw: Any, make: Any) -> None:
    """The connect timeout covers the TLS handshake."""

    async def silent(visit: Any) -> None:
        await visit.gone()

    server = await raw.serve(silent)
    error = await failure(make(verify=False, connect_timeout=0.05), f"https://127.0.0.1:{server.port}/")
    assert (type(error), error.code, error.delivery) == (TimeoutError, "timeout.connect", NOT_SENT)
    await server.empty()


async def test_a_closed_transport_refuses(raw: Any, transport: Any) -> None:
    """After closing, a call is refused unsent; closing twice is fine."""
    server = await raw.serve(raw.always(raw.answer()))
    await transport.send(Request("GET", server.url()))
    await transport.aclose()
    await transport.aclose()
    error = await failure(transport, server.url())
    assert (error.code, error.delivery, error.retryable) == ("transport.closed", NOT_SENT, False)
    assert len(server.requests) == 1


async def test_closing_ends_requests_in_flight(raw: Any, transport: Any) -> None:
    """A request in flight when the transport is closed ends at once, and its fate is unknown."""

    async def silent(visit: Any) -> None:
        await visit.request()
        await visit.gone()

    server = await raw.serve(silent)
    call = asyncio.create_task(transport.send(Request("POST", server.url(), body=b"x")))
    await server.arrived(1)
    await transport.aclose()
    with pytest.raises(TransportError) as caught:
        await call
    assert (caught.value.code, caught.value.delivery) == ("transport.closed", UNKNOWN)
    await server.empty()


async def test_an_early_answer_is_heard(raw: Any, transport: Any) -> None:
    """A server that answers and closes before the body has left is heard, not reported as broken."""

    async def refuse(visit: Any) -> None:
        await visit.reader.readuntil(b"\r\n\r\n")
        await visit.say(raw.answer(b"too much", status="413 Too Large", fields="Connection: close\r\n"))
        await visit.gone()

    server = await raw.serve(refuse)
    response = await transport.send(Request("POST", server.url(), body=b"x" * 1000))
    assert (response.status, response.body) == (413, b"too much")
