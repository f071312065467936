"""A server in a second process that answers canned bytes, so that only the client is measured."""

import asyncio
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from _apart import apart, arguments, serve

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"


@contextmanager
def canned(
    answers: Mapping[str, bytes], *, certificate: str | None = None, thinking: float = 0.0
) -> Iterator[str]:
    """Serve each answer, status line and header included, on its path; yield the base URL.

    `thinking`: seconds until it answers.
    `certificate`: a PEM file with certificate and key; with it the server speaks https.
    """
    with apart(__file__, dict(answers), certificate, thinking) as port:
        yield f"{'https' if certificate else 'http'}://127.0.0.1:{port}"


def whole(body: bytes) -> bytes:
    """A JSON answer of known length."""
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
        len(body),
        body,
    )


def streamed(pieces: list[bytes]) -> bytes:
    """Server-sent events, one HTTP chunk a piece, as a server that flushes each sends them."""
    return STREAM_HEAD + b"".join(map(chunk, pieces)) + LAST_CHUNK


def chunk(piece: bytes) -> bytes:
    """One HTTP chunk."""
    return b"%x\r\n%b\r\n" % (len(piece), piece)


async def listen(answers: dict[str, bytes], certificate: str | None, thinking: float) -> None:
    by_path = {path.encode(): answer for path, answer in answers.items()}
    tls = None
    if certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()
    await serve(await loop.create_server(lambda: Canned(by_path, thinking), "127.0.0.1", 0, ssl=tls))


class Speaker(asyncio.Protocol):
    """Knows of HTTP only where a request ends, and which path it asks for."""

    def __init__(self) -> None:
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError(transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while request := self._take_request():
            self.answer(request.split(b" ", 2)[1].partition(b"?")[0], request)

    def answer(self, path: bytes, request: bytes) -> None:
        raise NotImplementedError

    def write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def _take_request(self) -> bytes:
        """The next request that is here as a whole; empty if there is none."""
        end = self._received.find(b"\r\n\r\n") + 4
        if end < 4:
            return b""
        length = LENGTH.search(self._received, 0, end)
        end += int(length[1]) if length else 0
        if len(self._received) < end:
            return b""
        request, self._received = self._received[:end], self._received[end:]
        return request


class Canned(Speaker):
    """Says what stands beside the path."""

    def __init__(self, answers: Mapping[bytes, bytes], thinking: float) -> None:
        super().__init__()
        self._answers = answers
        self._thinking = thinking

    def answer(self, path: bytes, request: bytes) -> None:  # noqa: ARG002 - only the path counts
        answer = self._answers.get(path, b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
        if self._thinking:
            asyncio.get_running_loop().call_later(self._thinking, self.write, answer)
        else:
            self.write(answer)


if __name__ == "__main__":
    asyncio.run(listen(*arguments()))
