"""The floor: asyncio and a parser in C, prebuilt bytes out; no check, no limit, no safety."""

import asyncio
import json
import ssl
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlsplit

import httptools


class Exchange(asyncio.Protocol):
    """One request at a time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, piece: bytes) -> None:
        self._pieces.append(piece)

    def on_message_complete(self) -> None:
        self._answer.set_result(b"".join(self._pieces))

    def get(self, path: bytes) -> asyncio.Future[bytes]:
        self._parser = httptools.HttpResponseParser(self)
        self._pieces: list[bytes] = []
        self._answer = self._loop.create_future()
        self._transport.write(b"GET %b HTTP/1.1\r\nhost: canned\r\n\r\n" % path)
        return self._answer

    def close(self) -> None:
        self._transport.abort()


async def floor(stack: AsyncExitStack, url: str) -> Any:
    """Selects from a table, for what it costs without a client."""
    parts = urlsplit(url)
    tls = ssl.create_default_context() if parts.scheme == "https" else None
    idle: list[Exchange] = []
    stack.callback(lambda: [exchange.close() for exchange in idle])

    async def select(table: str, limit: int = 1000) -> Any:  # noqa: ARG001 - the bytes are prebuilt
        if idle:
            exchange = idle.pop()
        else:
            loop = asyncio.get_running_loop()
            _, exchange = await loop.create_connection(Exchange, parts.hostname, parts.port, ssl=tls)
        body = await exchange.get(b"/rest/v1/" + table.encode())
        idle.append(exchange)
        return json.loads(body)

    return select
