"""The same contract over httpx itself: proxies, SOCKS, and whatever transport or client a user injects."""

import asyncio
import ssl
from collections.abc import Coroutine
from typing import Any
from weakref import WeakSet

import httpx

from viber.errors import ConfigurationError
from viber.http._address import Address, parse_origin, split_url
from viber.http._config import HttpConfig
from viber.http._fields import encode_method, outgoing_fields
from viber.http._home import Home
from viber.http._httpx_answer import HttpxAnswer
from viber.http._mapping import closed_error
from viber.http._message import Request, Response
from viber.http._tls import tls_context

Handler = httpx.AsyncBaseTransport | httpx.AsyncClient


class HttpxTransport:
    """HTTP through httpx; a `Transport`.

    With `handler`, an httpx transport or client of the user's, that one carries the requests over its own
    connections, and is never closed here; a client's own time limits, authentication and hooks stay in force.

    Raises:
        ConfigurationError: the proxy is malformed, or needs a package that is not installed.
        RuntimeError: used in another event loop than the first.

    Example:
        >>> HttpxTransport(handler=httpx.MockTransport(lambda request: httpx.Response(204)))
        <HttpxTransport(busy=0)>
    """

    def __init__(
        self,
        config: HttpConfig | None = None,
        *,
        handler: Handler | None = None,
        proxy: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._config = config or HttpConfig()
        self._is_owner = handler is None
        self._handler = handler or _own_handler(self._config, proxy or self._config.proxy, tls)
        self._home = Home("httpx transport")
        self._open: WeakSet[HttpxAnswer] = WeakSet()
        self._endings: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def send(self, request: Request) -> Response:
        """Send, and read the whole answer."""
        answer = await self.open(request)
        return Response(answer.status, answer.headers, await answer.read_all())

    async def open(self, request: Request) -> HttpxAnswer:
        """Send, and return as soon as the header fields are there."""
        self._home.enter()
        address, outgoing = self._prepare(request)
        if self._is_closed:
            raise closed_error(address)
        answer = HttpxAnswer(address, keeper=self)
        self._open.add(answer)
        await answer.start(
            self._exchange(outgoing), method=request.method, limit=self._config.max_response_bytes
        )
        return answer

    async def aclose(self) -> None:
        """End every request, and close what this transport made itself; closing twice is fine."""
        self._is_closed = True
        for answer in list(self._open):
            answer.abort()
        if self._endings:
            await asyncio.wait(self._endings)
        if self._is_owner:
            await self._handler.aclose()

    def release(self, answer: HttpxAnswer) -> None:
        """An answer has come to its end."""
        self._open.discard(answer)

    def retain(self, ending: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a clean-up that closing this transport waits for."""
        task = self._home.enter().create_task(ending)
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)
        return task

    def __repr__(self) -> str:
        return f"<HttpxTransport(busy={len(self._open)})>"

    def _prepare(self, request: Request) -> tuple[Address, httpx.Request]:
        origin, _ = split_url(request.url)
        address = parse_origin(origin)
        fields = outgoing_fields(request, address.authority)
        method = encode_method(request.method).decode()
        # Neither client nor headers merge anything: what is given here is what is sent.
        return address, httpx.Request(
            method, request.url, headers=fields, content=request.body, extensions={"timeout": self._limits()}
        )

    def _limits(self) -> dict[str, float | None]:
        if isinstance(self._handler, httpx.AsyncClient):
            return self._handler.timeout.as_dict()
        return {"connect": self._config.connect_timeout, "read": None, "write": None, "pool": None}

    def _exchange(self, request: httpx.Request) -> Coroutine[Any, Any, httpx.Response]:
        if isinstance(self._handler, httpx.AsyncClient):
            return self._handler.send(request, stream=True, follow_redirects=False)
        return self._handler.handle_async_request(request)


def _own_handler(config: HttpConfig, proxy: str | None, tls: ssl.SSLContext | None) -> Handler:
    limits = httpx.Limits(
        max_connections=config.max_connections,
        max_keepalive_connections=config.max_connections,
        keepalive_expiry=config.idle_expiry,
    )
    try:
        return httpx.AsyncHTTPTransport(
            verify=tls or tls_context(config), trust_env=config.trust_env, limits=limits, proxy=proxy
        )
    except ImportError as exc:
        raise ConfigurationError(
            "a SOCKS proxy needs a package that is not installed",
            code="configuration.proxy",
            suggestion='pip install "httpx[socks]"',
        ) from exc
    except (ValueError, httpx.InvalidURL):
        # What they say quotes the URL, and with it the password.
        raise ConfigurationError("the proxy URL cannot be used", code="configuration.proxy") from None
