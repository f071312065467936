"""Where calls enter a service, and what closing it waits for."""

import asyncio
from types import TracebackType
from typing import Self


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
