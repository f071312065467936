"""The page as an ASGI application, to be mounted anywhere."""

import asyncio
import json
from contextlib import ExitStack, suppress
from math import inf
from types import TracebackType
from typing import Any, Final, Self

from viber._serving import while_read
from viber.clock import SYSTEM_CLOCK, Clock
from viber.dashboard._answers import NO_STORE, Receive, Send, answer, assets, begin, body_of, say, serve
from viber.dashboard._audience import Audience, Viewer
from viber.dashboard._collector import Collector, encoded
from viber.dashboard._guard import ACTION_HEADER, Guard, Scope, is_deliberate, is_local
from viber.factory import ServiceFactory

_ACTIONS: Final = ("reset", "isolate")
_JSON: Final = (b"content-type", b"application/json")
_STREAM: Final = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"x-accel-buffering", b"no"),
    NO_STORE,
)
_GRACE: Final = 5.0
_NOT_LOCAL: Final = (
    "This page is shown to its own machine only. Give Dashboard(auth=...) a function that decides who may"
    " see it, or Dashboard(local_only=False) if something in front of it does."
)


class Dashboard:
    """A live page of all services of a factory: an ASGI application for any prefix.

    It needs no framework and asks nothing of the network. It looks at the services once a second as long as
    somebody looks at it; within `async with dashboard:` always, so that a new viewer sees the last quarter of
    an hour. Only requests from this machine are answered, unless `auth` says who may look, or
    `local_only=False` leaves that to what is in front of it. The page shows and changes nothing, unless
    `allow` says who may reset and isolate circuits. Both are awaited with the ASGI scope of each request.

    At most `max_viewers` streams are open at a time; one ends after `max_life` seconds, when the server is
    told to stop, or by `end()`, and the browser comes back by itself. While somebody looks, the health checks
    are asked every `check_health` seconds (None: never, their last answers are shown).

    Example::

        app = FastAPI(lifespan=lifespan(settings, inner=inner))
        app.mount("/viber", Dashboard(services, auth=is_operator))
    """

    def __init__(
        self,
        services: ServiceFactory,
        *,
        auth: Guard | None = None,
        allow: Guard | None = None,
        local_only: bool = True,
        max_viewers: int = 20,
        max_life: float | None = 600.0,
        check_health: float | None = 15.0,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._services = services
        self._auth = auth or (is_local if local_only else None)
        self._refusal = "You may not see this page." if auth else _NOT_LOCAL
        self._allow = allow
        self._max_life = max_life
        self._clock = clock
        self._assets = assets()
        self._collector = Collector(services, clock, acts=allow is not None)
        self._audience = Audience(
            services, self._collector, clock, max_viewers=max_viewers, check_health=check_health
        )
        self._attending = ExitStack()

    @property
    def viewers(self) -> int:
        """Streams that are open."""
        return len(self._audience)

    def end(self) -> None:
        """End every open stream; browsers come back while there is a server."""
        self._audience.end()

    async def __aenter__(self) -> Self:
        self._attending.enter_context(self._audience.attended())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
        self._attending.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request of an ASGI server.

        Raises:
            TypeError: it is neither a request of HTTP nor the life of a server.
        """
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] != "http":
            raise TypeError(f"the dashboard speaks HTTP, not {scope['type']}")
        elif self._auth is not None and not await self._auth(scope):
            await say(send, 403, self._refusal)
        else:
            await self._route(scope, receive, send)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"].removeprefix(scope.get("root_path", ""))
        reads = scope["method"] in ("GET", "HEAD")
        if path == "/api/circuit":
            await self._act(scope, receive, send)
        elif not reads:
            await say(send, 405, "This is only to be looked at.", fields=[(b"allow", b"GET, HEAD")])
        elif path == "":
            name = scope["path"].rpartition("/")[2]
            await answer(send, 307, fields=[(b"location", f"{name}/".encode())])
        elif path == "/api/stream":
            await self._stream(scope, receive, send)
        elif path == "/api/snapshot":
            await answer(send, 200, encoded(self._collector.snapshot()), fields=[_JSON, NO_STORE])
        elif asset := self._assets.get("index.html" if path == "/" else path.removeprefix("/static/")):
            await serve(scope, send, asset)
        else:
            await say(send, 404, "There is nothing here.")

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._audience.is_full:
            await say(send, 503, "There are too many viewers already.", fields=[(b"retry-after", b"5")])
            return
        if scope["method"] == "HEAD":
            await begin(send, 200, _STREAM)
            await send({"type": "http.response.body"})
            return
        with self._audience.joined() as viewer:
            showing = asyncio.create_task(self._show(viewer, send))
            viewer.give_up = showing.cancel
            await while_read(showing, receive)
        if not showing.cancelled():
            showing.result()

    async def _show(self, viewer: Viewer, send: Send) -> None:
        """Send frames for the length of a life; a sending that hangs on beyond it is broken off."""
        life = inf if self._max_life is None else self._max_life
        until = self._clock.now() + life
        with suppress(TimeoutError):
            async with self._clock.timeout(None if life == inf else life + _GRACE):
                await begin(send, 200, _STREAM)
                frame: bytes | None = self._collector.first()
                while frame is not None and self._clock.now() < until:
                    await send({"type": "http.response.body", "body": frame, "more_body": True})
                    frame = await viewer.next()
                await send({"type": "http.response.body"})

    async def _act(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            await say(send, 405, "Post it.", fields=[(b"allow", b"POST")])
        elif self._allow is None or not is_deliberate(scope) or not await self._allow(scope):
            needed = ACTION_HEADER.decode()
            await say(send, 403, f"Circuits can only be changed by whom allow= lets, with a field {needed}.")
        elif (circuit := self._circuit_of(await body_of(receive))) is None:
            await say(send, 400, f"Say which circuit and what to do: {', '.join(_ACTIONS)}.")
        else:
            name, action = circuit
            getattr(self._services.get_circuit_breaker(name), action)()
            self._audience.show(self._collector.delta(again=True))
            await answer(send, 204, fields=[NO_STORE])

    def _circuit_of(self, body: bytes | None) -> tuple[str, str] | None:
        """The circuit and the action that a request names."""
        try:
            asked: Any = json.loads(body or b"")
            place, action = asked["place"], asked["action"]
            if type(place) is int and place >= 0 and action in _ACTIONS:
                return self._collector.name_of(place), action
        except (ValueError, TypeError, LookupError):
            pass
        return None

    async def _live(self, receive: Receive, send: Send) -> None:
        """The life of a server that serves nothing else."""
        await receive()
        async with self:
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    def __repr__(self) -> str:
        return f"<Dashboard of {self._services!r}, viewers {self.viewers}>"
