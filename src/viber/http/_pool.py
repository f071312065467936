"""The default transport: a last-in-first-out free list of connections.

httpcore's and httpx's pools look at every connection on every request; taking and giving here costs the
same whatever the number of connections. The most recently used connection is taken first, so that the
others grow old and are closed: by the next taker that meets them, or by one timer for the whole pool that
runs only while something is idle.
"""

import asyncio
import ssl

from viber._home import Home
from viber.clock import SYSTEM_CLOCK, Clock
from viber.errors import BaseError, ConfigurationError
from viber.http._address import parse_origin, split_url
from viber.http._answer import Answer
from viber.http._config import HttpConfig
from viber.http._connection import Connection, Site
from viber.http._engine import exchange_of
from viber.http._exchange import Outgoing
from viber.http._fields import encode_method, outgoing_fields
from viber.http._line import Line
from viber.http._mapping import Fault, Phase, closed_error, error_of, explain
from viber.http._message import Request, Response
from viber.http._proxy import Proxy
from viber.http._slots import Slots
from viber.http._timing import Timing
from viber.http._tls import tls_context

_SWITCHING_PROTOCOLS = 101


class ConnectionPool:
    """HTTP/1.1 over kept connections, directly or through the proxy of the configuration; a `Transport`.

    A request that meets a connection which the server is just closing is never repeated here: the error says
    whether anything had been written, and whoever called decides.

    Raises:
        ConfigurationError: the proxy or a TLS file cannot be used.
        RuntimeError: used in another event loop than the first.

    Example:
        >>> pool = ConnectionPool(HttpConfig(max_connections=4))
        >>> pool
        <ConnectionPool(idle=0, busy=0)>
    """

    def __init__(
        self,
        config: HttpConfig | None = None,
        *,
        clock: Clock = SYSTEM_CLOCK,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._config = config or HttpConfig()
        self._clock = clock
        self._tls = tls
        self._exchange = exchange_of(self._config)
        self._proxy = self._find_proxy()
        self._home = Home("connection pool")
        self._slots = Slots(self._config.max_connections)
        self._sites: dict[str, Site] = {}
        self._busy: set[Connection] = set()
        self._leftovers: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._is_closed = False

    async def send(self, request: Request) -> Response:
        """Send, and read the whole answer."""
        answer = await self.open(request)
        body = await answer.read_all()
        if request.timing is not None:
            request.timing.ended(self._clock.now())
        return Response(answer.status, answer.headers, body)

    async def open(self, request: Request) -> Answer:
        """Send, and return as soon as the header fields are there."""
        loop, timing = self._home.enter(), request.timing
        site, outgoing = self._prepare(request)
        connection = await (self._take(site) if timing is None else self._take_timed(site, timing))
        try:
            status, headers = await connection.http.send(outgoing)
            if status == _SWITCHING_PROTOCOLS or connection.line.has_spoken_early:
                raise error_of(Fault.NOT_HTTP, where=site.address, sent=True)  # noqa: TRY301 - one clean-up for all
            limit = self._config.max_response_bytes
            return Answer(
                status, headers, connection, keeper=self, loop=loop, method=request.method, limit=limit
            )
        except Exception as exc:
            self.drop(connection)
            if error := self.failure(exc, connection, connection.line.phase):
                raise error from exc
            raise
        except BaseException:
            self.drop(connection)
            raise
        finally:
            if timing is not None:
                timing.answered(self._clock.now(), connected_at=connection.line.connected_at)

    async def aclose(self) -> None:
        """Close every connection, those in use too; closing twice is fine."""
        self._is_closed = True
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._slots.refuse(closed_error)
        for connection in [*self._busy, *(one for site in self._sites.values() for one in site.idle)]:
            connection.line.abort()
        self._sites.clear()
        if self._leftovers:
            await asyncio.wait(self._leftovers)
        # The sockets themselves are closed in the loop's next turn.
        await asyncio.sleep(0)

    def __repr__(self) -> str:
        idle = sum(one.http.is_reusable() for site in self._sites.values() for one in site.idle)
        return f"<ConnectionPool(idle={idle}, busy={len(self._busy)})>"

    def give(self, connection: Connection) -> None:
        """Take a connection back whose answer was read to its end."""
        now = self._clock.now()
        if connection not in self._busy:
            return
        if self._is_closed or self._is_old(connection, now) or not connection.http.is_idle():
            self.drop(connection)
            return
        self._busy.discard(connection)
        connection.idle_since = now
        connection.site.idle.append(connection)
        self._slots.give()
        if self._timer is None:
            self._arm()

    def drop(self, connection: Connection) -> None:
        """Close a connection at once."""
        connection.line.abort()
        if connection in self._busy:
            self._busy.discard(connection)
            self._slots.give()
        if ending := connection.http.ending():
            task = self._home.enter().create_task(ending)
            self._leftovers.add(task)
            task.add_done_callback(self._leftovers.discard)

    def failure(self, exc: Exception, connection: Connection, phase: Phase) -> BaseError | None:
        """The error for a failure on a connection, None if it is nothing to translate."""
        line, where = connection.line, self._where(connection)
        if isinstance(exc, BaseError):
            return None
        if line.was_dialled:
            error = explain(exc, where=where, phase=phase, sent=line.is_written)
        else:
            # Something stands in httpcore's place, as respx does.
            error = explain(exc, where=where, phase=max(phase, Phase.HEAD))
        return closed_error(where, sent=line.is_written) if error and self._is_closed else error

    def _find_proxy(self) -> Proxy | None:
        if (url := self._config.proxy) is None:
            return None
        if url.startswith("https:"):
            self._tls = self._tls or tls_context(self._config)
        proxy = Proxy.parse(url, tls=self._tls)
        if proxy.is_socks and self._config.transport != "httpcore":
            raise ConfigurationError(
                f"the transport {self._config.transport} does not speak SOCKS",
                code="configuration.proxy",
                suggestion='name an http or https proxy, or take transport="httpcore"',
            )
        return proxy

    def _where(self, connection: Connection) -> object:
        is_there = connection.line.phase is not Phase.CONNECT
        return connection.site.address if is_there or self._proxy is None else self._proxy.where

    def _prepare(self, request: Request) -> tuple[Site, Outgoing]:
        origin, target = split_url(request.url)
        if (site := self._sites.get(origin)) is None:
            site = self._settle(origin)
        fields = outgoing_fields(request, site.authority)
        return site, Outgoing(encode_method(request.method), target.encode(), fields, request.body)

    def _settle(self, origin: str) -> Site:
        address = parse_origin(origin)
        if address.scheme == "https" and self._tls is None:
            self._tls = tls_context(self._config)
        site = Site.of(address, self._tls if address.scheme == "https" else None)
        if not self._is_closed:
            self._sites[origin] = site
        return site

    async def _take_timed(self, site: Site, timing: Timing) -> Connection:
        timing.start(self._clock.now())
        try:
            return await self._take(site)
        finally:
            timing.queued(self._clock.now())

    async def _take(self, site: Site) -> Connection:
        if self._is_closed:
            raise closed_error(site.address)
        if not self._slots.try_take():
            await self._slots.take()
        now = self._clock.now()
        connection = self._pick(site, now) or self._make(site, now)
        connection.line.begin()
        self._busy.add(connection)
        return connection

    def _pick(self, site: Site, now: float) -> Connection | None:
        while site.idle:
            connection = site.idle.pop()
            if not self._is_expired(connection, now) and connection.http.is_reusable():
                return connection
            connection.line.abort()
        return None

    def _make(self, site: Site, now: float) -> Connection:
        limit = self._config.max_connections
        if (
            limit is not None
            and len(self._busy) + sum(len(one.idle) for one in self._sites.values()) >= limit
        ):
            # Only with several origins: the idle connections of the others count too.
            oldest = min(
                (one for one in self._sites.values() if one.idle), key=lambda one: one.idle[0].idle_since
            )
            oldest.idle.popleft().line.abort()
        line = Line(clock=self._clock, connect_timeout=self._config.connect_timeout)
        return Connection(site, line, self._exchange(site, line, self._proxy), born=now)

    def _is_old(self, connection: Connection, now: float) -> bool:
        limit = self._config.max_connection_age
        return limit is not None and now - connection.born >= limit

    def _is_expired(self, connection: Connection, now: float) -> bool:
        limit = self._config.idle_expiry
        is_idle_too_long = limit is not None and now - connection.idle_since >= limit
        return is_idle_too_long or self._is_old(connection, now)

    def _arm(self) -> None:
        if self._config.idle_expiry is not None:
            self._timer = asyncio.get_running_loop().call_later(self._config.idle_expiry, self._sweep)

    def _sweep(self) -> None:
        self._timer = None
        now = self._clock.now()
        for site in self._sites.values():
            for connection in list(site.idle):
                if self._is_expired(connection, now) or not connection.http.is_reusable():
                    site.idle.remove(connection)
                    connection.line.abort()
        if any(site.idle for site in self._sites.values()):
            self._arm()
