"""Which transport carries the requests for a base URL."""

import httpx

from viber.clock import SYSTEM_CLOCK, Clock
from viber.http._address import parse_origin, split_url
from viber.http._config import HttpConfig
from viber.http._httpx import HttpxTransport
from viber.http._message import Request, Response
from viber.http._pool import ConnectionPool
from viber.http._proxy import find_proxy
from viber.http._tls import tls_context
from viber.http._transport import ResponseStream, Transport


def create_transport(
    config: HttpConfig,
    base_url: str,
    *,
    http: httpx.AsyncBaseTransport | httpx.AsyncClient | Transport | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> Transport:
    """The transport for a base URL: a pool, or what is injected.

    Closing the result never closes `http`. A proxy of the environment is not used for this machine itself.

    Raises:
        InvalidRequestError: the base URL is malformed.
        ConfigurationError: TLS files or the proxy cannot be used.

    Example:
        >>> create_transport(HttpConfig(trust_env=False), "http://localhost:3000")
        <ConnectionPool(idle=0, busy=0)>
    """
    address = parse_origin(split_url(base_url)[0])
    if isinstance(http, httpx.AsyncBaseTransport | httpx.AsyncClient):
        return HttpxTransport(http, config, clock=clock)
    if http is not None:
        return Borrowed(http)
    if config.trust_env and not config.proxy and (proxy := find_proxy(address)):
        config = config.model_copy(update={"proxy": proxy})
    return ConnectionPool(config, clock=clock, tls=tls_context(config) if address.scheme == "https" else None)


class Borrowed:
    """Somebody else's transport: used, never closed."""

    __slots__ = ("_lender",)

    def __init__(self, lender: Transport) -> None:
        self._lender = lender

    async def send(self, request: Request) -> Response:
        """Send, and read the whole answer."""
        return await self._lender.send(request)

    async def open(self, request: Request) -> ResponseStream:
        """Send, and return as soon as the header fields are there."""
        return await self._lender.open(request)

    async def aclose(self) -> None:
        """Nothing: its owner closes it."""

    def __repr__(self) -> str:
        return f"<Borrowed({self._lender!r})>"
