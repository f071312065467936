"""What is the same whoever parses the answers: reaching the server, and writing to it."""

from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import httpcore

from viber.http._connection import Site
from viber.http._exchange import Outgoing
from viber.http._line import Line
from viber.http._proxy import Proxy

PIECE = 64 * 1024
"""Bytes that are read at once at most."""
INTERIM = frozenset(range(100, 200)) - {101}
"""Another answer follows; 101 is the last one, and not wanted."""
_OK = range(200, 300)


class DirectExchange(ABC):
    """An `Exchange` straight over the line, through an HTTP proxy where there is one."""

    __slots__ = ("_is_connected", "_line", "_proxy", "_site")

    def __init__(self, site: Site, line: Line, proxy: Proxy | None) -> None:
        self._site = site
        self._line = line
        self._proxy = proxy
        self._is_connected = False

    @abstractmethod
    async def _ask(self, outgoing: Outgoing) -> tuple[int, dict[str, str]]:
        """Write a request, and return status and fields of its answer."""

    @abstractmethod
    def _begin(self) -> None:
        """Nothing was said on this connection yet."""

    async def send(self, outgoing: Outgoing) -> tuple[int, dict[str, str]]:
        """Write, and return status and fields of the answer."""
        if not self._is_connected:
            await self._connect()
        return await self._ask(outgoing if self._proxy is None else self._forwarded(outgoing, self._proxy))

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
        status, _ = await self._ask(Outgoing(b"CONNECT", target, [(b"host", target), *_authorization(proxy)]))
        if status not in _OK:
            raise httpcore.ProxyError(str(status))
        self._begin()

    def _forwarded(self, outgoing: Outgoing, proxy: Proxy) -> Outgoing:
        """As a proxy wants it that passes on what it can read; a tunnel takes it as it is."""
        site = self._site
        if site.tls is not None:
            return outgoing
        target = b"%b://%b%b" % (site.scheme, site.authority.encode(), outgoing.target)
        return replace(outgoing, target=target, fields=[*_authorization(proxy), *outgoing.fields])

    async def _write(self, head: bytes, body: bytes | None) -> None:
        try:
            if body and len(body) > PIECE:
                await self._line.write(head)
                await self._line.write(body)
            else:
                await self._line.write(head + body if body else head)
        except httpcore.WriteError:
            # A server that closes early may have said why: go on to read.
            return


def hung_up() -> httpcore.RemoteProtocolError:
    """The connection ended before an answer."""
    return httpcore.RemoteProtocolError("the server hung up")


def _authorization(proxy: Proxy) -> list[tuple[bytes, bytes]]:
    if proxy.auth is None:
        return []
    return [(b"proxy-authorization", b"Basic " + b64encode(b":".join(proxy.auth)))]
