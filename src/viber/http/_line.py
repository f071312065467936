"""One connection, fit for httpcore too: dialling, securing, reading, writing, and hanging up at once."""

import asyncio
import ssl
from collections.abc import Coroutine, Iterable
from typing import Any, cast

import httpcore

from viber.clock import Clock
from viber.http._dial import dial, hang_up
from viber.http._mapping import Phase
from viber.http._wire import Wire


class Line(httpcore.AsyncNetworkBackend, httpcore.AsyncNetworkStream):
    """Backend and stream of a single connection.

    Being both, it knows what nobody else does: how far the connection came (`phase`) and whether any byte of
    the present request was handed to the socket (`is_written`). Every failure of a read or write, and every
    cancellation, closes the socket before it goes on: httpcore's own clean-up awaits, and a second
    `task.cancel()` interrupts it.
    """

    def __init__(self, *, clock: Clock, connect_timeout: float | None) -> None:
        self.phase: Phase = Phase.CONNECT
        self.is_written: bool = False
        self.was_dialled: bool = False
        self.was_read: bool = False
        self.connected_at: float | None = None
        """When the server was reached, and secured."""
        self.is_impatient: bool = False
        """Take what is here already, and break rather than wait for more."""
        self._clock = clock
        self._limit = connect_timeout
        self._deadline: float | None = None
        self._wire: Wire | None = None
        self._dialling: asyncio.Task[Wire] | None = None
        self._is_aborted = False

    def begin(self) -> None:
        """A new request: nothing of it is written, nothing of its answer is read."""
        self.is_written = self.was_read = self.is_impatient = False

    @property
    def has_spoken_early(self) -> bool:
        """An answer is there although nothing was read: it belongs to an earlier request."""
        return self._wire is not None and not self.was_read

    @property
    def is_stale(self) -> bool:
        """Unfit for another request."""
        return self._wire is None or self._wire.is_stale

    def abort(self) -> None:
        """Drop the connection now, at whatever point it is."""
        self._is_aborted = True
        if self._wire is not None:
            self._wire.abort()
        if self._dialling is not None:
            self._dialling.cancel()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> "Line":
        """Reach the server."""
        self.was_dialled = True
        if self._limit is not None:
            self._deadline = self._clock.now() + self._limit
        self._wire = await self._within_limit(dial(host, port))
        self.connected_at = self._clock.now()
        self.phase = Phase.TLS
        return self

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> "Line":
        """Secure the connection; what was written before was for a proxy."""
        self.phase, self.is_written = Phase.TLS, False
        await self._within_limit(self._secure(ssl_context, server_hostname))
        self.connected_at = self._clock.now()
        return self

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """The next bytes; empty at the end."""
        self.was_read = True
        try:
            return await self._open_wire().read(max_bytes, wait=not self.is_impatient)
        except BaseException:
            self.abort()
            raise

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send."""
        self.phase = Phase.HEAD
        if not buffer:
            return
        wire = self._open_wire()
        if not wire.is_writable:
            # Whoever wrote goes on to read then: a server that closes early may have said why.
            raise httpcore.WriteError("the connection is closed")
        self.is_written = self.is_written or not _is_for_proxy(buffer)
        try:
            await wire.write(buffer)
        except OSError as exc:
            raise httpcore.WriteError(str(exc)) from exc
        except BaseException:
            self.abort()
            raise

    async def aclose(self) -> None:
        """Hang up; nothing in it waits."""
        self.abort()

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks of a stream."""
        transport = self._wire and self._wire.transport
        if info == "is_readable":
            return self.is_stale
        return transport.get_extra_info(info) if transport else None

    def _open_wire(self) -> Wire:
        if self._wire is None:
            raise ConnectionAbortedError("not connected")
        return self._wire

    async def _secure(self, context: ssl.SSLContext, hostname: str | None) -> Wire:
        wire = self._open_wire()
        transport = await asyncio.get_running_loop().start_tls(
            cast("asyncio.Transport", wire.transport), wire, context, server_hostname=hostname
        )
        if transport is None or wire.is_aborted:
            raise ConnectionAbortedError("closed during the handshake")
        wire.transport = transport
        return wire

    async def _within_limit(self, work: Coroutine[Any, Any, Wire]) -> Wire:
        """In a task of its own, so that `abort` can end it for whoever waits here."""
        task = self._dialling = asyncio.create_task(work)
        try:
            async with self._clock.timeout(self._remaining()):
                await asyncio.wait((task,))
        except BaseException:
            hang_up(task)
            self.abort()
            raise
        finally:
            self._dialling = None
        if task.cancelled() or self._is_aborted:
            hang_up(task)
            raise ConnectionAbortedError("closed on this side")
        return task.result()

    def _remaining(self) -> float | None:
        return None if self._deadline is None else max(0.0, self._deadline - self._clock.now())


def _is_for_proxy(buffer: bytes) -> bool:
    """It opens a tunnel, or is SOCKS; no request begins like that."""
    return buffer[0] < ord(" ") or buffer.startswith(b"CONNECT ")
