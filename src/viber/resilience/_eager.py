"""Awaiting with a timer only where there is something to wait for."""

from collections.abc import Awaitable, Callable, Generator
from typing import Any, TypeVar

from viber.resilience._read_timer import ReadTimer

T = TypeVar("T")


async def read_within(timer: ReadTimer, limit: Callable[[], float | None], work: Awaitable[T]) -> T:
    """Await `work`; if it is not done at once, for at most `limit()` seconds.

    A stream is mostly read from what has arrived already: then the timer is not even looked at.

    Raises:
        TimeoutError: the builtin one: the time was over.

    Example:
        >>> import asyncio
        >>> from viber import SystemClock
        >>> async def piece() -> bytes:
        ...     return b"data: 1"
        >>> asyncio.run(read_within(ReadTimer(SystemClock()), lambda: 5.0, piece()))
        b'data: 1'
    """
    steps = work.__await__()
    try:
        waits_for = next(steps)
    except StopIteration as done:
        result: T = done.value
        return result
    try:
        with timer.within(limit()):
            return await _Begun(steps, waits_for)
    finally:
        steps.close()


class _Begun(Generator[Any, Any, T]):
    """What has been awaited up to its first wait, to be awaited further."""

    __slots__ = ("_is_fresh", "_steps", "_waits_for")

    def __init__(self, steps: Generator[Any, Any, T], waits_for: Any) -> None:
        self._steps = steps
        self._waits_for = waits_for
        self._is_fresh = True

    def __await__(self) -> Generator[Any, Any, T]:
        return self

    def send(self, value: Any) -> Any:
        if self._is_fresh:
            self._is_fresh = False
            return self._waits_for
        return self._steps.send(value)

    def throw(self, *error: Any) -> Any:
        self._is_fresh = False
        return self._steps.throw(*error)
