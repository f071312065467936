"""An answer whose body is still arriving over a connection of the pool."""

import asyncio
import warnings
from typing import Protocol

from viber.errors import BaseError
from viber.http._body import Body
from viber.http._connection import Connection
from viber.http._exchange import Exchange
from viber.http._mapping import Phase, closed_error

_COURTESY = 8
"""Pieces that closing may still take in, if they are here already, to save the connection."""


class Keeper(Protocol):
    """Whoever takes the connection back."""

    def give(self, connection: Connection) -> None:
        """It is clean, as far as this side knows."""
        ...

    def drop(self, connection: Connection) -> None:
        """It is not."""
        ...

    def failure(self, exc: Exception, connection: Connection, phase: Phase) -> BaseError | None:
        """The error for a failure, None if it is nothing to translate."""
        ...


class Answer:
    """A `ResponseStream` over one connection; one reader at a time."""

    __slots__ = (
        "_body",
        "_connection",
        "_is_ended",
        "_keeper",
        "_loop",
        "headers",
        "status",
    )

    def __init__(
        self,
        status: int,
        headers: dict[str, str],
        connection: Connection,
        *,
        keeper: Keeper,
        loop: asyncio.AbstractEventLoop,
        method: str,
        limit: int | None,
    ) -> None:
        self._connection: Connection | None = None
        self.status = status
        self.headers = headers
        self._body = Body(self.headers, limit=limit, where=connection.site.address)
        self._body.expect(method=method, status=status, length=headers.get("content-length"))
        self._keeper = keeper
        self._loop = loop
        self._is_ended = False
        self._connection = connection

    async def read(self) -> bytes:
        """The next piece of the decompressed body; empty at its end.

        Raises:
            TransportError: the connection broke, or the body is larger than allowed.
        """
        return await self._take(whole=False)

    async def read_all(self) -> bytes:
        """What remains of the body."""
        return await self._take(whole=True)

    def abort(self) -> None:
        """Drop the connection now, without waiting; harmless when it is closed already."""
        if connection := self._connection:
            self._connection = None
            self._keeper.drop(connection)

    async def aclose(self) -> None:
        """Give the connection back if the end of the body has arrived, drop it otherwise."""
        if connection := self._connection:
            connection.line.is_impatient = True
            try:
                for _ in range(_COURTESY):
                    if not await self.read():
                        return
            except BaseError:
                return
            self.abort()

    async def _take(self, *, whole: bool) -> bytes:
        if (connection := self._connection) is None:
            if self._is_ended:
                return b""
            raise closed_error(sent=True)
        try:
            taken = await self._unpack(connection.http, whole=whole)
        except Exception as exc:
            self.abort()
            if error := self._keeper.failure(exc, connection, Phase.BODY):
                raise error from exc
            raise
        except BaseException:
            self.abort()
            raise
        if self._is_ended:
            self._connection = None
            self._keeper.give(connection)
        return taken

    async def _unpack(self, http: Exchange, *, whole: bool) -> bytes:
        pieces: list[bytes] = []
        while raw := await http.read():
            if piece := self._body.feed(raw):
                if not whole:
                    return piece
                pieces.append(piece)
        self._body.finish()
        self._is_ended = True
        return b"".join(pieces)

    def __del__(self) -> None:
        if (connection := self._connection) is None:
            return
        warnings.warn(
            "an answer was neither read to its end nor closed", ResourceWarning, source=self, stacklevel=2
        )
        if not self._loop.is_closed():
            # The collector may run in any thread.
            self._loop.call_soon_threadsafe(self._keeper.drop, connection)

    def __repr__(self) -> str:
        return f"<Answer(status={self.status}, open={self._connection is not None})>"
