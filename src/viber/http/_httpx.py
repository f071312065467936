"""The same contract over httpx: for a transport or client that a user brings along."""

import asyncio
from collections.abc import Coroutine
from typing import Any
from weakref import WeakSet

import httpx

from viber._home import Home
from viber.clock import SYSTEM_CLOCK, Clock
from viber.http._address import Address, parse_origin, split_url
from viber.http._config import HttpConfig
from viber.http._fields import encode_method, outgoing_fields
from viber.http._httpx_answer import HttpxAnswer
from viber.http._mapping import closed_error
from viber.http._message import Request, Response

Handler = httpx.AsyncBaseTransport | httpx.AsyncClient


class HttpxTransport:
    """HTTP through an httpx transport or client of the user's; a `Transport`.

    The handler keeps its own connections and is never closed here; a client's own time limits, authentication
    and hooks stay in force, but nothing of it is merged into a request. Cancellation is passed on once, and
    awaited; what the handler itself then leaves behind is its own.

    Raises:
        RuntimeError: used in another event loop than the first.

    Example:
        >>> HttpxTransport(httpx.MockTransport(lambda request: httpx.Response(204)))
        <HttpxTransport(busy=0)>
    """

    def __init__(
        self, handler: Handler, config: HttpConfig | None = None, *, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._config = config or HttpConfig()
        self._clock = clock
        self._handler = handler
        self._home = Home("httpx transport")
        self._open: WeakSet[HttpxAnswer] = WeakSet()
        self._endings: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def send(self, request: Request) -> Response:
        """Send, and read the whole answer."""
        answer = await self.open(request)
        body = await answer.read_all()
        if request.timing is not None:
            request.timing.ended(self._clock.now())
        return Response(answer.status, answer.headers, body)

    async def open(self, request: Request) -> HttpxAnswer:
        """Send, and return as soon as the header fields are there."""
        self._home.enter()
        address, outgoing = self._prepare(request)
        if self._is_closed:
            raise closed_error(address)
        answer = HttpxAnswer(address, keeper=self)
        self._open.add(answer)
        if request.timing is not None:
            request.timing.start(self._clock.now())
        try:
            await answer.start(
                self._exchange(outgoing), method=request.method, limit=self._config.max_response_bytes
            )
        finally:
            if request.timing is not None:
                request.timing.answered(self._clock.now())
        return answer

    async def aclose(self) -> None:
        """End every request; closing twice is fine, and closing the handler is its owner's."""
        self._is_closed = True
        for answer in list(self._open):
            answer.abort()
        if self._endings:
            await asyncio.wait(self._endings)

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
