"""A stream of Gemini, handed on to a browser as server-sent events."""

import asyncio
from collections.abc import Mapping
from typing import Any

from fastapi import Response
from pydantic_core import to_json
from starlette.types import Receive, Scope, Send

from viber._serving import ended, while_read
from viber.errors import BaseError, ServerError
from viber.integrations.fastapi._problems import problem_of, status_of
from viber.integrations.fastapi._streams import OpenStreams
from viber.services.gemini import TokenStream

_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
_CLOSING = "the server is being stopped: ask again"


class TokenRelay(Response):
    """Answers with the events `delta`, `usage`, `done`, or `error` if the answer breaks off.

    The answer begins with the first token: what fails before it is an error with a status like any other.
    The stream is closed, and Gemini stops, when the browser leaves, when the server is told to stop, and
    after `max_life` seconds. In a silence of `ping` seconds a comment keeps the connection open.

    Example::

        @app.get("/story")
        async def story(gemini: Gemini) -> TokenRelay:
            return TokenRelay(gemini.stream("Tell me a story"))
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        stream: TokenStream,
        *,
        headers: Mapping[str, str] | None = None,
        ping: float = 15.0,
        max_life: float | None = 600.0,
    ) -> None:
        super().__init__(headers={**_HEADERS, **(headers or {})})
        del self.headers["content-length"]
        self._stream = stream
        self._ping = ping
        self._max_life = max_life
        self._has_begun = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Relay until the stream ends, the reader leaves or the server stops."""
        relaying = asyncio.create_task(self._relay(send))
        with _streams_of(scope).holding(relaying.cancel):
            if await while_read(relaying, receive):
                return
        if relaying.cancelled():
            await self._stopped(send)
        else:
            relaying.result()

    async def _relay(self, send: Send) -> None:
        pinging: asyncio.Task[None] | None = None
        try:
            async with asyncio.timeout(self._max_life), self._stream as tokens:
                await self._begin(send)
                pinging = asyncio.create_task(self._keep_open(send))
                async for token in tokens:
                    if token.text:
                        await send(_event("delta", {"text": token.text}))
                await send(_event("usage", tokens.usage.to_wire()))
                await send(_event("done", {"finishReason": tokens.finish_reason}, more=False))
        except (BaseError, TimeoutError) as error:
            if not self._has_begun:
                raise
            await send(_failure(error))
        finally:
            if pinging is not None:
                await ended(pinging)

    async def _begin(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        self._has_begun = True

    async def _keep_open(self, send: Send) -> None:
        while True:
            await asyncio.sleep(self._ping)
            await send(_body(b": \n\n"))

    async def _stopped(self, send: Send) -> None:
        stopped = ServerError(_CLOSING, code="server.stopping", retryable=True, service="gemini")
        if not self._has_begun:
            raise stopped
        await send(_failure(stopped))


def _streams_of(scope: Scope) -> OpenStreams:
    streams = getattr(getattr(scope.get("app"), "state", None), "open_streams", None)
    return streams if isinstance(streams, OpenStreams) else OpenStreams()


def _body(data: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.response.body", "body": data, "more_body": more}


def _event(name: str, data: object, *, more: bool = True) -> dict[str, Any]:
    return _body(b"event: %b\ndata: %b\n\n" % (name.encode(), to_json(data)), more=more)


def _failure(error: BaseError | TimeoutError) -> dict[str, Any]:
    if not isinstance(error, BaseError):
        error = ServerError("the stream was open too long", code="server.max_life", service="gemini")
    return _event("error", problem_of(error, status_of(error)), more=False)
