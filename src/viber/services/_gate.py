"""Where calls enter a service, and what closing it waits for."""

import asyncio
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from viber.http import ResponseStream


class Gate:
    """Counts the calls under way; once closed it lets nobody in, and those inside may finish.

    Raises:
        RuntimeError: on entering, when the gate is closed.
    """

    __slots__ = ("_closed", "_emptied", "_inside")

    def __init__(self) -> None:
        self._inside = 0
        self._closed = False
        self._emptied: asyncio.Future[None] | None = None

    def check(self) -> None:
        """Raise unless it is open."""
        if self._closed:
            raise RuntimeError("the ServiceFactory is closed: make calls inside its `async with` block")

    def __enter__(self) -> Self:
        self.check()
        self._inside += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def hold(self, stream: ResponseStream, ended: Callable[[], object]) -> ResponseStream:
        """The stream, which counts as under way until it is closed or aborted; `ended` is called then."""
        self._inside += 1
        return _HeldStream(stream, self, ended)

    def leave(self) -> None:
        """One call less under way."""
        self._inside -= 1
        if not self._inside and self._emptied is not None and not self._emptied.done():
            self._emptied.set_result(None)

    async def close(self) -> None:
        """Let nobody in any more, and wait until everybody has left."""
        self._closed = True
        if self._inside:
            self._emptied = self._emptied or asyncio.get_running_loop().create_future()
            await asyncio.shield(self._emptied)

    def __repr__(self) -> str:
        return f"<Gate {'closed' if self._closed else 'open'}, {self._inside} inside>"


class _HeldStream:
    """A response stream that leaves its gate when it ends."""

    __slots__ = ("_ended", "_gate", "_stream")

    def __init__(self, stream: ResponseStream, gate: Gate, ended: Callable[[], object]) -> None:
        self._stream = stream
        self._gate: Gate | None = gate
        self._ended = ended

    @property
    def status(self) -> int:
        return self._stream.status

    @property
    def headers(self) -> Mapping[str, str]:
        return self._stream.headers

    async def read(self) -> bytes:
        return await self._stream.read()

    def abort(self) -> None:
        self._stream.abort()
        self._leave()

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            self._leave()

    def _leave(self) -> None:
        gate, self._gate = self._gate, None
        if gate is not None:
            self._ended()
            gate.leave()
