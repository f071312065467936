"""One socket: what has arrived, what is leaving, and whether it still lives."""

import asyncio
import select
import socket
from collections import deque
from collections.abc import Callable
from typing import cast

_HIGH_WATER = 256 * 1024


class Wire(asyncio.Protocol):
    """Bytes in and out of an asyncio transport; `abort` is synchronous and final.

    asyncio's own streams are not used because an idle connection has to be judged: anything that arrived,
    an end or an error makes it unfit for another request, and here that is plain state.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.transport: asyncio.Transport | None = None
        self.is_aborted = False
        self._pieces: deque[bytes | memoryview] = deque()
        self._size = 0
        self._is_paused = False
        self._is_ended = False
        self._error: Exception | None = None
        self._reader: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._is_choked = False
        self._socket: socket.socket | None = None
        self._has_arrived: Callable[[], bool] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        if self.is_aborted:
            transport.abort()  # type: ignore[attr-defined]  # typeshed puts abort() on the write half

    def data_received(self, data: bytes) -> None:
        self._pieces.append(data)
        self._size += len(data)
        if self._size > _HIGH_WATER and not self._is_paused and self.transport:
            self._is_paused = True
            self.transport.pause_reading()
        _wake(self._reader)

    def eof_received(self) -> None:
        self._is_ended = True
        _wake(self._reader)

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_ended = True
        self._error = self._error or exc
        self._is_choked = False
        _wake(self._reader)
        _wake(self._drained)
        if self.transport:
            # The peer may have closed it: the TLS transport complains if nobody closed this side.
            self.transport.abort()

    def pause_writing(self) -> None:
        self._is_choked = True

    def resume_writing(self) -> None:
        self._is_choked = False
        _wake(self._drained)

    async def read(self, max_bytes: int, *, wait: bool = True) -> bytes:
        """What arrived first, at most so many bytes; empty at the end.

        Raises:
            OSError: the connection broke, or nothing is here and `wait` is false.
        """
        while not self._pieces:
            self._raise_if_broken()
            if self._is_ended:
                return b""
            if not wait:
                raise BlockingIOError("nothing more is here yet")
            self._reader = self._loop.create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        return self._take(max_bytes)

    async def write(self, data: bytes) -> None:
        """Hand bytes to the socket, and wait while too many have not left."""
        if self.transport:
            self.transport.write(data)
        while self._is_choked:
            self._drained = self._loop.create_future()
            try:
                await self._drained
            finally:
                self._drained = None
        self._raise_if_broken()

    @property
    def is_writable(self) -> bool:
        """Nothing is known that would keep bytes from leaving."""
        return not (self.is_aborted or self._is_ended)

    @property
    def is_stale(self) -> bool:
        """Between two requests: something arrived, or the other side has gone."""
        return self._size > 0 or not self.is_writable or self._is_readable()

    def abort(self) -> None:
        """Drop the connection now; what was not sent yet never will be."""
        self.is_aborted = True
        self._error = self._error or ConnectionAbortedError("closed on this side")
        self._pieces.clear()
        if self.transport:
            self.transport.abort()
        _wake(self._reader)
        self._is_choked = False
        _wake(self._drained)

    def _take(self, max_bytes: int) -> bytes:
        piece = self._pieces.popleft()
        if len(piece) > max_bytes:
            view = memoryview(piece)
            self._pieces.appendleft(view[max_bytes:])
            piece = view[:max_bytes]
        self._size -= len(piece)
        if self._is_paused and self._size <= _HIGH_WATER // 2 and self.transport:
            self._is_paused = False
            self.transport.resume_reading()
        return bytes(piece)

    def _raise_if_broken(self) -> None:
        if self._error is not None:
            raise self._error

    def _is_readable(self) -> bool:
        # The loop may not have run since the server closed the connection: ask the kernel.
        if self._socket is None and self.transport:
            self._socket = self.transport.get_extra_info("socket")
        if self._socket is None or (descriptor := self._socket.fileno()) < 0:
            return True
        if self._has_arrived is None:
            self._has_arrived = _watch(descriptor)
        return self._has_arrived()


def _watch(descriptor: int) -> Callable[[], bool]:
    if not hasattr(select, "poll"):
        return lambda: bool(select.select([descriptor], [], [], 0)[0])
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return lambda: bool(poll.poll(0))


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
