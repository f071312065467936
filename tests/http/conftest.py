"""A server of raw bytes on loopback, and the transports that talk to it."""

from __future__ import annotations

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from socket import SO_LINGER, SOL_SOCKET
from typing import Any, TypeAlias

import httpx
import pytest

from viber.http import ConnectionPool, HttpConfig, HttpxTransport
from viber.http._tls import tls_context

Handler: TypeAlias = "Callable[[Visit], Awaitable[None]]"
AnyTransport: TypeAlias = ConnectionPool | HttpxTransport


@dataclass
class Visit:
    """One connection, from the server's side."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    server: Server

    async def request(self) -> bytes:
        """The next request, head and body."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        whole = head + await self.reader.readexactly(length)
        await self.server.note(whole)
        return whole

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def gone(self) -> None:
        """Wait until the client has closed the connection."""
        with suppress(ConnectionError):
            while await self.reader.read(65536):
                pass

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


@dataclass
class Server:
    """Counts visits, keeps requests, and runs one handler for each connection."""

    handler: Handler
    requests: list[bytes] = field(default_factory=list)
    visits: int = 0
    present: int = 0
    most: int = 0
    port: int = 0
    scheme: str = "http"
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    writers: set[asyncio.StreamWriter] = field(default_factory=set)
    complaints: list[AssertionError] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def url(self, target: str = "/") -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}{target}"

    async def empty(self) -> None:
        """Wait until the last client has gone."""
        async with asyncio.timeout(5), self.changed:
            await self.changed.wait_for(lambda: self.present == 0)

    async def arrived(self, requests: int) -> None:
        """Wait until so many whole requests have come."""
        async with asyncio.timeout(5), self.changed:
            await self.changed.wait_for(lambda: len(self.requests) >= requests)

    async def note(self, request: bytes) -> None:
        """Keep a request, and tell whoever waits for it."""
        self.requests.append(request)
        async with self.changed:
            self.changed.notify_all()

    def welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self.host(reader, writer))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def host(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        self.writers.add(writer)
        self.present += 1
        self.most = max(self.most, self.present)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self.handler(Visit(reader, writer, self))
        except AssertionError as complaint:
            self.complaints.append(complaint)
        finally:
            writer.transport.abort()
            self.present -= 1
            async with self.changed:
                self.changed.notify_all()


class RawHttp:
    """Starts servers, and spells answers."""

    def __init__(self) -> None:
        self.started: list[tuple[asyncio.Server, Server]] = []

    async def serve(self, handler: Handler, *, tls: ssl.SSLContext | None = None) -> Server:
        """Start a server whose handler has each connection from its beginning to its end."""
        server = Server(handler, scheme="https" if tls else "http")
        listener = await asyncio.start_server(server.welcome, "127.0.0.1", 0, ssl=tls)
        server.port = listener.sockets[0].getsockname()[1]
        self.started.append((listener, server))
        return server

    async def stop(self) -> None:
        """Stop the servers; a handler that found something wrong says so now."""
        for listener, server in self.started:
            listener.close()
            for task in server.tasks:
                task.cancel()
            await asyncio.gather(*server.tasks, return_exceptions=True)
            await listener.wait_closed()
            assert not server.complaints

    @staticmethod
    def answer(body: bytes = b"ok", *, status: str = "200 OK", fields: str = "") -> bytes:
        """A whole answer with a Content-Length."""
        return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{fields}\r\n".encode() + body

    @staticmethod
    def always(*answers: bytes) -> Handler:
        """Answer every request of a connection, with the last answer again and again."""

        async def handler(visit: Visit) -> None:
            left = list(answers)
            while True:
                await visit.request()
                await visit.say(left.pop(0) if len(left) > 1 else left[0])

        return handler

    @staticmethod
    def once(data: bytes, *, reset: bool = False) -> Handler:
        """Say this to the first request, then close or reset."""

        async def handler(visit: Visit) -> None:
            await visit.request()
            await visit.say(data)
            if reset:
                visit.reset()
            else:
                visit.writer.write_eof()
                await visit.gone()

        return handler

    @staticmethod
    async def silent(visit: Visit) -> None:
        """Take requests, and answer none."""
        while True:
            await visit.request()


@pytest.fixture
async def raw() -> AsyncIterator[RawHttp]:
    """A maker of servers, stopped with the test."""
    http = RawHttp()
    yield http
    await http.stop()


class Maker:
    """Makes transports of one kind, and closes them."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.made: list[AnyTransport] = []
        self.handlers: list[httpx.AsyncHTTPTransport] = []

    def __call__(self, **fields: Any) -> AnyTransport:
        engine = "aiohttp" if self.kind == "aiohttp" else "httpcore"
        config = HttpConfig(**{"trust_env": False, "transport": engine, **fields})
        if self.kind != "httpx":
            self.made.append(ConnectionPool(config))
        else:
            limits = httpx.Limits(max_connections=config.max_connections, keepalive_expiry=config.idle_expiry)
            self.handlers.append(httpx.AsyncHTTPTransport(verify=tls_context(config), limits=limits))
            self.made.append(HttpxTransport(self.handlers[-1], config))
        return self.made[-1]

    async def aclose(self) -> None:
        for transport in self.made:
            assert "busy=0" in repr(transport)
            await transport.aclose()
        for handler in self.handlers:
            await handler.aclose()


@pytest.fixture
def raw_class() -> type[RawHttp]:
    """For tests that run loops of their own."""
    return RawHttp


@pytest.fixture(params=["httpcore", "aiohttp"])
def engine(request: pytest.FixtureRequest) -> str:
    """What speaks HTTP on the connections of a pool."""
    return str(request.param)


@pytest.fixture(params=["httpcore", "aiohttp", "httpx"])
async def make(request: pytest.FixtureRequest) -> AsyncIterator[Maker]:
    """Make transports of each kind; at the end nothing may be busy."""
    maker = Maker(request.param)
    yield maker
    await maker.aclose()


@pytest.fixture
def transport(make: Maker) -> AnyTransport:
    return make()


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], Awaitable[None]]:
    """Waits for what sockets bring about, for as long as it takes and no longer."""

    async def wait(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():  # noqa: ASYNC110 - the kernel sets no event
                await asyncio.sleep(0.001)

    return wait
