"""A real `asyncio.Timeout` whose deadline stands on a fake clock."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

from viber.testing._agenda import Agenda, Alarm, Ring, nanoseconds

Note = Callable[[float, Ring], Alarm]
"""Has something done at a moment (in nanoseconds)."""


class FakeTimeout(asyncio.Timeout):  # type: ignore[misc]  # final, and `async with` finds its methods nowhere else
    """What it does on expiry is asyncio's own; only *when* is asked of the clock.

    `when()` and `reschedule()` speak in the clock's time.
    """

    def __init__(self, agenda: Agenda, note: Note, when: float | None) -> None:
        super().__init__(None)
        self._agenda = agenda
        self._note = note
        self._deadline = when
        self._alarm: Alarm | None = None

    def when(self) -> float | None:
        """The deadline on the fake clock."""
        return self._deadline

    def reschedule(self, when: float | None) -> None:
        """Set another deadline on the fake clock."""
        super().reschedule(None)
        self._deadline = when
        self._forget()
        if when is None:
            return
        due = nanoseconds(when)
        if due <= self._agenda.now:
            self._expire()
        else:
            self._alarm = self._note(due, self._expire)

    async def __aenter__(self) -> Self:
        deadline = self._deadline
        await super().__aenter__()
        self.reschedule(deadline)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._forget()
        await super().__aexit__(kind, error, trace)

    def _expire(self) -> None:
        super().reschedule(float("-inf"))

    def _forget(self) -> None:
        if self._alarm is not None:
            self._agenda.discard(self._alarm)
            self._alarm = None
