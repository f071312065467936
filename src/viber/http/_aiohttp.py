"""HTTP/1.1 by aiohttp's parser in C: the same connections as ever, at a fraction of the time."""

import re
from base64 import b64encode
from collections.abc import Coroutine
from typing import Any

import httpcore

from viber.http._aiohttp_parser import Body, Head, malformed, parse_head
from viber.http._connection import Site
from viber.http._exchange import Outgoing
from viber.http._fields import LARGEST_HEAD, HeadTooLarge
from viber.http._line import Line
from viber.http._proxy import Proxy

_END_OF_HEAD = re.compile(rb"\n\r?\n")
_PIECE = 64 * 1024
_OK = range(200, 300)
_SWITCHING_PROTOCOLS = 101
_INTERIM = range(100, 200)


class AiohttpExchange:
    """An `Exchange` that writes a request in one piece and has its answer parsed in C."""

    __slots__ = ("_body", "_is_connected", "_is_kept", "_line", "_proxy", "_received", "_site")

    def __init__(self, site: Site, line: Line, proxy: Proxy | None) -> None:
        self._site = site
        self._line = line
        self._proxy = proxy
        self._received = b""
        self._body: Body | None = None
        self._is_connected = False
        self._is_kept = False

    async def send(self, outgoing: Outgoing) -> tuple[int, dict[str, str]]:
        """Write, and return status and fields of the answer."""
        self._is_kept = False
        if not self._is_connected:
            await self._connect()
        await self._write(self._spell(outgoing), outgoing.body)
        head = await self._head()
        self._body = head.body(outgoing.method)
        self._is_kept = head.is_kept
        return head.status, head.fields

    async def read(self) -> bytes:
        """The next piece of the body; empty at its end."""
        if (body := self._body) is None:
            return b""
        while not body.is_done:
            if body.failure is not None:
                raise body.failure
            data, self._received = self._received or await self._line.read(_PIECE), b""
            if not data:
                body.end()
            elif piece := body.take(data):
                return piece
        self._is_kept = self._is_kept and body.is_clean and not self._received
        return b""

    def is_idle(self) -> bool:
        """The last answer was read to its end, and another request may follow."""
        return self._is_kept and self._body is not None and self._body.is_done

    def is_reusable(self) -> bool:
        """It is idle, and nothing happened since."""
        return self.is_idle() and not self._line.is_stale

    def ending(self) -> Coroutine[Any, Any, None] | None:
        """Nothing: no generator runs here."""
        return None

    async def _connect(self) -> None:
        site, proxy, line = self._site, self._proxy, self._line
        host, port = (site.address.host, site.address.port) if proxy is None else proxy.address
        await line.connect_tcp(host, port)
        if proxy is not None and proxy.tls is not None:
            await line.start_tls(proxy.tls, server_hostname=host)
        if site.tls is not None:
            if proxy is not None:
                await self._tunnel(proxy)
            site.tls.set_alpn_protocols(["http/1.1"])
            await line.start_tls(site.tls, server_hostname=site.address.host)
        self._is_connected = True

    async def _tunnel(self, proxy: Proxy) -> None:
        address = self._site.address
        host = f"[{address.host}]" if ":" in address.host else address.host
        target = f"{host}:{address.port}".encode()
        await self._write(_spell(b"CONNECT", target, [(b"host", target), *_authorization(proxy)]), None)
        head = await self._head()
        if head.status not in _OK:
            raise httpcore.ProxyError(f"{head.status} {head.reason}")
        self._received = b""

    def _spell(self, outgoing: Outgoing) -> bytes:
        if self._proxy is None or self._site.tls is not None:
            return _spell(outgoing.method, outgoing.target, outgoing.fields)
        target = b"%b://%b%b" % (self._site.scheme, self._site.authority.encode(), outgoing.target)
        return _spell(outgoing.method, target, [*_authorization(self._proxy), *outgoing.fields])

    async def _write(self, head: bytes, body: bytes | None) -> None:
        try:
            if body and len(body) > _PIECE:
                await self._line.write(head)
                await self._line.write(body)
            else:
                await self._line.write(head + body if body else head)
        except httpcore.WriteError:
            # A server that closes early may have said why: go on to read.
            return

    async def _head(self) -> Head:
        while True:
            head = parse_head(await self._receive_head())
            if head.status not in _INTERIM or head.status == _SWITCHING_PROTOCOLS:
                return head

    async def _receive_head(self) -> bytes:
        data: bytes | bytearray = self._received or await self._more()
        searched = 0
        while (end := _END_OF_HEAD.search(data, searched)) is None:
            if data[0] <= ord(" "):
                raise malformed(ValueError("no status line"))
            if len(data) > LARGEST_HEAD:
                raise HeadTooLarge
            searched = max(0, len(data) - 2)
            if isinstance(data, bytes):
                data = bytearray(data)
            data += await self._more()
        self._received = bytes(data[end.end() :])
        return bytes(data[: end.end()])

    async def _more(self) -> bytes:
        if data := await self._line.read(_PIECE):
            return data
        raise httpcore.RemoteProtocolError("the server hung up")


def _spell(method: bytes, target: bytes, fields: list[tuple[bytes, bytes]]) -> bytes:
    lines = [b"%b: %b\r\n" % one for one in fields]
    return b"%b %b HTTP/1.1\r\n%b\r\n" % (method, target, b"".join(lines))


def _authorization(proxy: Proxy) -> list[tuple[bytes, bytes]]:
    if proxy.auth is None:
        return []
    return [(b"proxy-authorization", b"Basic " + b64encode(b":".join(proxy.auth)))]
