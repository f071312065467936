"""Time as an argument: everything that waits or measures is given a `Clock`."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Monotonic time, wall time, sleeping and timeouts, all in seconds."""

    def now(self) -> float:
        """Monotonic seconds: only differences mean something."""
        ...

    def wall(self) -> float:
        """Seconds since the epoch: for headers and people, never for decisions."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Suspend the calling task."""
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

    def __repr__(self) -> str:
        return "SystemClock()"


SYSTEM_CLOCK = SystemClock()
