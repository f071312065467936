"""Which transport carries the requests for a base URL."""

from urllib.request import getproxies, proxy_bypass

import httpx

from viber.clock import SYSTEM_CLOCK, Clock
from viber.http._address import Address, parse_origin, split_url
from viber.http._config import HttpConfig
from viber.http._httpx import HttpxTransport
from viber.http._message import Request, Response
from viber.http._pool import ConnectionPool
from viber.http._tls import tls_context
from viber.http._transport import ResponseStream, Transport


def create_transport(
    config: HttpConfig,
    base_url: str,
    *,
    http: httpx.AsyncBaseTransport | httpx.AsyncClient | Transport | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> Transport:
    """The transport for a base URL: the pool, httpx where a proxy stands between, or what is injected.

    Closing the result never closes `http`. A proxy of the environment is not used for this machine itself.

    Raises:
        InvalidRequestError: the base URL is malformed.
        ConfigurationError: TLS files or the proxy cannot be used.

    Example:
        >>> create_transport(HttpConfig(trust_env=False), "http://localhost:3000")
        <ConnectionPool(idle=0, busy=0)>
    """
    if isinstance(http, httpx.AsyncBaseTransport | httpx.AsyncClient):
        return HttpxTransport(config, handler=http)
    if http is not None:
        return Borrowed(http)
    address = parse_origin(split_url(base_url)[0])
    if proxy := config.proxy or (find_proxy(address) if config.trust_env else None):
        return HttpxTransport(config, proxy=proxy)
    return ConnectionPool(config, clock=clock, tls=tls_context(config) if address.scheme == "https" else None)


def find_proxy(address: Address) -> str | None:
    """The proxy that the environment names for an address, unless NO_PROXY or a loopback host excludes it."""
    proxies = getproxies()
    proxy = proxies.get(address.scheme) or proxies.get("all")
    if not proxy or _is_loopback(address.host) or proxy_bypass(f"{address.host}:{address.port}"):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _is_loopback(host: str) -> bool:
    return host in {"localhost", "::1"} or host.endswith(".localhost") or host.startswith("127.")


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
