"""HTTP/1.1 by h11, the protocol layer of httpx and httpcore, without what these two put around it."""

import h11
import httpcore

from viber.http._connection import Site
from viber.http._direct import INTERIM, PIECE, DirectExchange, hung_up
from viber.http._exchange import Outgoing
from viber.http._fields import incoming_fields
from viber.http._framing import malformed
from viber.http._httpcore import has_stand_in
from viber.http._line import Line
from viber.http._proxy import Proxy

_LARGEST_EVENT = 100 * 1024
"""Bytes of a head or a chunk's frame that h11 holds; smaller ones are refused by `incoming_fields`."""

_VERSIONS = (b"1.0", b"1.1")
_Event = h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]
_Head = h11.Response | h11.InformationalResponse


class H11Exchange(DirectExchange):
    """An `Exchange` whose both directions h11 checks."""

    __slots__ = ("_h11", "_is_idle", "_is_over")

    def __init__(self, site: Site, line: Line, proxy: Proxy | None) -> None:
        super().__init__(site, line, proxy)
        self._begin()

    async def read(self) -> bytes:
        """The next piece of the body; empty at its end."""
        if self._is_over:
            return b""
        event = await self._next()
        if isinstance(event, h11.Data):
            return bytes(event.data)
        self._end()
        return b""

    def is_idle(self) -> bool:
        """The last answer was read to its end, and another request may follow."""
        return self._is_idle

    def is_reusable(self) -> bool:
        """It is idle, and nothing happened since; who stands in for httpcore gets connections of its own."""
        return self._is_idle and not self._line.is_stale and not has_stand_in()

    def _begin(self) -> None:
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LARGEST_EVENT)
        self._is_idle, self._is_over = False, True

    async def _ask(self, outgoing: Outgoing) -> tuple[int, dict[str, str]]:
        self._is_idle = False
        await self._write(self._spell(outgoing), outgoing.body)
        while True:
            event = await self._next()
            if isinstance(event, _Head) and event.status_code not in INTERIM:
                if event.http_version not in _VERSIONS:
                    raise malformed(ValueError("another version"))
                self._is_over = False
                return event.status_code, incoming_fields(event.headers.raw_items())

    def _spell(self, outgoing: Outgoing) -> bytes:
        try:
            request = h11.Request(method=outgoing.method, target=outgoing.target, headers=outgoing.fields)
            head = self._h11.send(request)
            if outgoing.body:
                self._h11.send(h11.Data(data=outgoing.body))
            self._h11.send(h11.EndOfMessage())
        except h11.LocalProtocolError as exc:
            raise httpcore.LocalProtocolError(str(exc)) from exc
        return head or b""

    async def _next(self) -> _Event:
        try:
            while (event := self._h11.next_event()) is h11.NEED_DATA:
                data = await self._line.read(PIECE)
                if not data and self._h11.their_state is h11.SEND_RESPONSE:
                    raise hung_up()
                self._h11.receive_data(data)
        except h11.RemoteProtocolError as exc:
            raise httpcore.RemoteProtocolError(str(exc)) from exc
        return event

    def _end(self) -> None:
        self._is_over = True
        ours, theirs = self._h11.our_state, self._h11.their_state
        if ours is theirs is h11.DONE and self._h11.trailing_data == (b"", False):
            self._h11.start_next_cycle()
            self._is_idle = True
