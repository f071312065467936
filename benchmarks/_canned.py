"""A server in a second process that answers canned bytes, so that only the client is measured."""

import asyncio
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@contextmanager
def canned(answers: Mapping[str, bytes], *, certificate: str | None = None) -> Iterator[str]:
    """Serve each answer, status line and header included, on its path; yield the base URL.

    `certificate`: a PEM file with certificate and key; with it the server speaks https.
    """
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(dict(answers), theirs, certificate), daemon=True)
    process.start()
    try:
        yield f"{'https' if certificate else 'http'}://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()


def whole(body: bytes) -> bytes:
    """A JSON answer of known length."""
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
        len(body),
        body,
    )


def streamed(pieces: list[bytes]) -> bytes:
    """Server-sent events, one HTTP chunk a piece, as a server that flushes each sends them."""
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    return head + chunks + b"0\r\n\r\n"


def serve(answers: dict[str, bytes], announce: Connection, certificate: str | None) -> None:
    asyncio.run(listen(answers, announce, certificate))


async def listen(answers: dict[str, bytes], announce: Connection, certificate: str | None) -> None:
    by_path = {path.encode(): answer for path, answer in answers.items()}
    tls = None
    if certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Canned(by_path), "127.0.0.1", 0, ssl=tls)
    announce.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


class Canned(asyncio.Protocol):
    """Knows of HTTP only where a request ends, and which path it asks for."""

    def __init__(self, answers: Mapping[bytes, bytes]) -> None:
        self._answers = answers
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError(transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (path := self._take_request()) and self._transport is not None:
            self._transport.write(
                self._answers.get(path, b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
            )

    def _take_request(self) -> bytes:
        """The path of the next request that is here as a whole; empty if there is none."""
        end = self._received.find(b"\r\n\r\n") + 4
        if end < 4:
            return b""
        length = LENGTH.search(self._received, 0, end)
        end += int(length[1]) if length else 0
        if len(self._received) < end:
            return b""
        request, self._received = self._received[:end], self._received[end:]
        return request.split(b" ", 2)[1].partition(b"?")[0]
