"""What surrounds each request: its id, and the time that it has."""

import re
from contextlib import ExitStack
from secrets import token_hex

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from viber.observability import log_context
from viber.resilience import Deadline

_is_request_id = re.compile(r"[A-Za-z0-9._-]{1,128}").fullmatch
_seconds = re.compile(r"\d{1,6}(?:\.\d{1,6})?").fullmatch


class RequestContext:
    """Pure ASGI: gives each request an id and a deadline, for every call and log line that it causes.

    An `X-Request-Id` of the caller is kept if it is plain text of at most 128 letters, digits and `._-`; the
    answer carries it. `deadline` bounds, in seconds, what the services do for a request; a caller may ask for
    less by `deadline_header`. A stream is bounded up to its first event.
    """

    def __init__(
        self, app: ASGIApp, *, deadline: float | None = None, deadline_header: str = "x-request-timeout"
    ) -> None:
        self._app = app
        self._deadline = deadline
        self._header = deadline_header.lower().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"").decode("latin-1")
        request_id = given if _is_request_id(given) else token_hex(16)
        scope.setdefault("state", {})["request_id"] = request_id

        async def answering(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            await send(message)

        with ExitStack() as stack:
            stack.enter_context(log_context(request_id=request_id))
            seconds = self._seconds(headers)
            if seconds is not None:
                stack.enter_context(Deadline(seconds))
            await self._app(scope, receive, answering)

    def _seconds(self, headers: dict[bytes, bytes]) -> float | None:
        asked = headers.get(self._header, b"").decode("latin-1")
        if not _seconds(asked):
            return self._deadline
        return float(asked) if self._deadline is None else min(float(asked), self._deadline)
