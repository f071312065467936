"""An answer that arrives through httpx.

httpx and anyio clean up by awaiting, in scopes that a second `task.cancel()` breaks open. So every step runs
in a task of its own, which is cancelled once, and which has ended before the cancellation goes on.
"""

import asyncio
import socket
import warnings
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import suppress
from typing import Any, Protocol, TypeVar

import httpcore
import httpx

from viber.http._address import Address
from viber.http._body import Body
from viber.http._fields import incoming_fields
from viber.http._mapping import Fault, Phase, closed_error, error_of, explain

T = TypeVar("T")

CLEAN_UP = 5.0
"""Seconds that a cancelled step has to end; an injected application may take its time."""

_SWITCHING_PROTOCOLS = 101


class Keeper(Protocol):
    """The transport of an answer."""

    def release(self, answer: "HttpxAnswer") -> None:
        """It has come to its end."""
        ...

    def retain(self, ending: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a clean-up to its end."""
        ...


class HttpxAnswer:
    """A `ResponseStream` over httpx; one reader at a time."""

    _body: Body
    _pieces: AsyncIterator[bytes]

    def __init__(self, address: Address, *, keeper: Keeper) -> None:
        self.status: int = 0
        self.headers: Mapping[str, str] = {}
        self._address = address
        self._keeper = keeper
        self._loop = asyncio.get_running_loop()
        self._raw: httpx.Response | None = None
        self._step: asyncio.Task[Any] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._is_ended = False

    async def start(
        self, exchange: Coroutine[Any, Any, httpx.Response], *, method: str, limit: int | None
    ) -> None:
        """Carry the request out, as far as the header fields of its answer."""
        await self._run(self._begin(exchange, method=method, limit=limit), Phase.HEAD)

    async def read(self) -> bytes:
        """The next piece of the decompressed body; empty at its end.

        Raises:
            TransportError: the connection broke, or the body is larger than allowed.
        """
        return b"" if self._is_ended else await self._run(self._next(), Phase.BODY)

    async def read_all(self) -> bytes:
        """What remains of the body."""
        return b"" if self._is_ended else await self._run(self._rest(), Phase.BODY)

    def abort(self) -> None:
        """Drop the connection now, without waiting; harmless when it is closed already."""
        if self._ending is None and not self._is_ended:
            self._cut()
            self._keeper.release(self)
            self._ending = self._keeper.retain(self._end(self._step))

    async def aclose(self) -> None:
        """Drop the connection, unless the body was read to its end."""
        self.abort()
        if self._ending is not None:
            await _outlive(self._ending)

    def __del__(self) -> None:
        if self._is_ended or self._ending is not None or self._raw is None:
            return
        warnings.warn(
            "an answer was neither read to its end nor closed", ResourceWarning, source=self, stacklevel=2
        )
        if not self._loop.is_closed():
            # The collector may run in any thread.
            self._loop.call_soon_threadsafe(_close_later, self._keeper, self._raw)

    def __repr__(self) -> str:
        return f"<HttpxAnswer(status={self.status}, open={not self._is_ended and self._ending is None})>"

    async def _begin(
        self, exchange: Coroutine[Any, Any, httpx.Response], *, method: str, limit: int | None
    ) -> None:
        raw = self._raw = await exchange
        self.status, self.headers = raw.status_code, incoming_fields(raw.headers.raw)
        if raw.status_code == _SWITCHING_PROTOCOLS:
            raise error_of(Fault.NOT_HTTP, where=self._address, sent=True)
        self._body = Body(self.headers, limit=limit, where=str(self._address))
        self._body.expect(method=method, status=self.status, length=self.headers.get("content-length"))
        # Not httpx's own decoding: what is installed would decide about it.
        self._pieces = aiter(raw.stream)  # type: ignore[arg-type]  # an async handler answers with an async stream

    async def _next(self) -> bytes:
        while data := await anext(self._pieces, b""):
            if piece := self._body.feed(data):
                return piece
        self._body.finish()
        if self._raw is not None:
            await self._raw.aclose()
        self._is_ended = True
        self._keeper.release(self)
        return b""

    async def _rest(self) -> bytes:
        pieces: list[bytes] = []
        while piece := await self._next():
            pieces.append(piece)
        return b"".join(pieces)

    async def _run(self, work: Coroutine[Any, Any, T], phase: Phase) -> T:
        if self._ending is not None:
            work.close()
            raise closed_error(self._address, sent=True)
        step: asyncio.Task[T] = asyncio.create_task(work)
        self._step = step
        try:
            await asyncio.wait((step,))
        except BaseException:
            await self.aclose()
            raise
        finally:
            self._step = None
        if step.cancelled() or self._ending is not None:
            raise closed_error(self._address, sent=True)
        if failure := step.exception():
            await self.aclose()
            raise self._translated(failure, phase) from failure
        return step.result()

    def _translated(self, failure: BaseException, phase: Phase) -> BaseException:
        return explain(failure, where=self._address, phase=phase, is_alone=True) or failure

    def _cut(self) -> None:
        stream = self._raw.extensions.get("network_stream") if self._raw else None
        if isinstance(stream, httpcore.AsyncNetworkStream) and (sock := stream.get_extra_info("socket")):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    async def _end(self, step: asyncio.Task[Any] | None) -> None:
        if step is not None:
            step.cancel()
            await _outlive(step)
        if self._raw is not None:
            await _close(self._raw)


def _close_later(keeper: Keeper, raw: httpx.Response) -> None:
    keeper.retain(_close(raw))


async def _close(raw: httpx.Response) -> None:
    # The connection is being thrown away: how that goes is nobody's concern any more.
    with suppress(Exception):
        await raw.aclose()


async def _outlive(task: asyncio.Task[Any]) -> None:
    """Wait for a task that is ending, however often the waiting one is cancelled meanwhile."""
    loop = asyncio.get_running_loop()
    until = loop.time() + CLEAN_UP
    cancelled = False
    while not task.done() and (left := until - loop.time()) > 0:
        try:
            await asyncio.wait((task,), timeout=left)
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError
