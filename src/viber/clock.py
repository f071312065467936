"""Time as an argument: everything that waits or measures is given a `Clock`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """Something that will be called, unless it is cancelled before."""

    def cancel(self) -> object:
        """Let it not be called; harmless when it was."""
        ...


class Clock(Protocol):
    """Monotonic time, wall time, sleeping, timers and timeouts, all in seconds."""

    def now(self) -> float:
        """Monotonic seconds: only differences mean something."""
        ...

    def wall(self) -> float:
        """Seconds since the epoch: for headers and people, never for decisions."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Suspend the calling task."""
        ...

    def call_later(self, seconds: float, callback: Callable[[], object], /) -> Timer:
        """Have the running event loop call a function after so many seconds."""
        ...

    def timeout(self, seconds: float | None, /) -> asyncio.Timeout:
        """An `async with` block that ends in the builtin TimeoutError after so many seconds (None: never)."""
        ...


class SystemClock:
    """The real clock.

    Example:
        >>> SystemClock().now() <= SystemClock().now()
        True
    """

    __slots__ = ()

    now: staticmethod[[], float] = staticmethod(time.monotonic)
    wall: staticmethod[[], float] = staticmethod(time.time)
    timeout: staticmethod[[float | None], asyncio.Timeout] = staticmethod(asyncio.timeout)

    async def sleep(self, seconds: float) -> None:
        """Suspend the calling task on the event loop."""
        await asyncio.sleep(seconds)

    def call_later(self, seconds: float, callback: Callable[[], object], /) -> Timer:
        """Have the running event loop call a function after so many seconds."""
        return asyncio.get_running_loop().call_later(seconds, callback)

    def __repr__(self) -> str:
        return "SystemClock()"


SYSTEM_CLOCK = SystemClock()
