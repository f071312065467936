"""One timer for all the waits of a stream."""

import asyncio
import builtins
from math import inf
from types import TracebackType
from typing import Self

from viber.clock import Clock, Timer


class ReadTimer:
    """Bounds each wait of a stream, and costs a wait hardly anything.

    `with timer.within(seconds):` around an `await` ends in the builtin TimeoutError when it takes longer:
    what is awaited is cancelled, as by `asyncio.timeout`. There is one timer for the whole stream, and it is
    set again only when it finds that it came too early; `close` stops it.

    Example:
        >>> import asyncio
        >>> from viber import SystemClock
        >>> async def main() -> str:
        ...     timer = ReadTimer(SystemClock())
        ...     try:
        ...         with timer.within(0.01):
        ...             await asyncio.Event().wait()
        ...     except TimeoutError:
        ...         return "silent for too long"
        ...     finally:
        ...         timer.close()
        ...     return "answered"
        >>> asyncio.run(main())
        'silent for too long'
    """

    __slots__ = ("_cancelling", "_clock", "_due", "_has_fired", "_rings_at", "_task", "_timer")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._timer: Timer | None = None
        self._rings_at = inf
        self._due = inf
        self._task: asyncio.Task[object] | None = None
        self._cancelling = 0
        self._has_fired = False

    def within(self, seconds: float | None) -> Self:
        """A block that may take so long; None is no limit.

        Raises:
            RuntimeError: another task is in such a block already.
        """
        if self._task is not None:
            raise RuntimeError("this stream is waited for already")
        self._due = inf if seconds is None else self._clock.now() + seconds
        return self

    def close(self) -> None:
        """Stop the timer; the stream is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._rings_at = inf

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a stream is read inside a task")
        self._task = task
        self._cancelling = task.cancelling()
        self._has_fired = False
        if self._due < self._rings_at:
            self._set(self._clock.now())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        task, self._task = self._task, None
        if not self._has_fired or task is None:
            return
        is_ours = task.uncancel() <= self._cancelling
        if is_ours and isinstance(error, asyncio.CancelledError):
            raise builtins.TimeoutError from error

    def _set(self, now: float) -> None:
        self.close()
        self._rings_at = self._due
        self._timer = self._clock.call_later(self._due - now, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._rings_at = inf
        if self._task is None or self._due == inf:  # nobody waits, or without a limit: the next one sets it
            return
        now = self._clock.now()
        if now < self._due:
            self._set(now)
        else:
            self._has_fired = True
            self._task.cancel()
