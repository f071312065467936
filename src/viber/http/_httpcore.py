"""HTTP/1.1 by httpcore itself: for SOCKS, and for whoever stands in its place."""

from collections.abc import AsyncIterator, Coroutine
from types import AsyncGeneratorType
from typing import Any, cast

import httpcore

from viber.http._connection import Site
from viber.http._exchange import Outgoing
from viber.http._fields import incoming_fields
from viber.http._line import Line
from viber.http._proxy import Proxy

_OWN = httpcore.AsyncHTTPConnection.__init__.__globals__
_Generator = AsyncGeneratorType[bytes, None]


class HttpcoreExchange:
    """An `Exchange` over a connection of httpcore's."""

    __slots__ = ("_http", "_pieces", "_raw", "_site")

    def __init__(self, site: Site, line: Line, proxy: Proxy | None) -> None:
        origin = httpcore.Origin(site.scheme, site.host, site.address.port)
        self._site = site
        self._http: httpcore.AsyncConnectionInterface = (
            httpcore.AsyncHTTPConnection(origin, ssl_context=site.tls, network_backend=line)
            if proxy is None
            else proxy.connect(origin, tls=site.tls, line=line)
        )
        self._raw: httpcore.Response | None = None
        self._pieces: AsyncIterator[bytes] | None = None

    async def send(self, outgoing: Outgoing) -> tuple[int, dict[str, str]]:
        """Write, and return status and fields of the answer."""
        site, self._pieces = self._site, None
        url = httpcore.URL(scheme=site.scheme, host=site.host, port=site.port, target=outgoing.target)
        request = httpcore.Request(outgoing.method, url, headers=outgoing.fields, content=outgoing.body)
        raw = self._raw = await self._http.handle_async_request(request)
        self._pieces = aiter(cast("AsyncIterator[bytes]", raw.stream))
        return raw.status, incoming_fields(raw.headers)

    async def read(self) -> bytes:
        """The next piece of the body; empty at its end."""
        if self._pieces is None or self._raw is None:
            return b""
        if not (piece := await anext(self._pieces, b"")):
            await self._raw.aclose()
        return piece

    def is_idle(self) -> bool:
        """The last answer was read to its end, and another request may follow."""
        return self._http.is_idle() and not _has_leftover(self._http)

    def is_reusable(self) -> bool:
        """It is idle, and nothing happened since."""
        return self._http.is_idle() and not self._http.has_expired()

    def ending(self) -> Coroutine[Any, Any, None] | None:
        """The end of httpcore's generator, lest the loop find it and end it when nobody waits any more."""
        pieces = self._pieces
        if isinstance(pieces, AsyncGeneratorType) and pieces.ag_frame and not pieces.ag_running:
            return _end(cast("_Generator", pieces))
        return None


def has_stand_in() -> bool:
    """Something else answers in httpcore's place, as respx does in tests: then it has to be asked."""
    send = httpcore.AsyncHTTPConnection.handle_async_request
    return getattr(send, "__globals__", None) is not _OWN


async def _end(generator: _Generator) -> None:
    await generator.aclose()


def _has_leftover(http: Any) -> bool:
    """Bytes came behind the last answer: only h11 has seen them, and httpcore does not ask it."""
    while inner := getattr(http, "_connection", None):
        http = inner
    parser = getattr(http, "_h11_state", None)
    return parser is not None and bool(parser.trailing_data[0])
