"""A clock for tests: nothing is waited for, and every moment is exact."""

import asyncio
import math

from viber.testing._agenda import Agenda, Alarm, Ring, in_seconds, nanoseconds
from viber.testing._stillness import Watch, release, settle
from viber.testing._timeout import FakeTimeout

NEW_YEAR_2026 = 1_767_225_600.0


class FakeClock:
    """A `viber.Clock` that stands still until it is told to move; in seconds, counted in whole nanoseconds.

    `await clock.advance(60)` moves through everything that falls due on the way, in order, and lets the
    tasks run at each stop, so that a woken task reads the very moment it asked for. With `auto=True` the
    clock moves by itself to the next due moment whenever every task waits.

    It sees the tasks of its event loop, and sockets between them. It cannot see an answer that is still under
    way from another process or thread: for those, `grace` is how many real seconds the loop must be idle
    before time moves. Timers that are not the clock's own (`asyncio.sleep`) run in real time.

    Example:
        >>> async def nap(clock: FakeClock) -> float:
        ...     await clock.sleep(3600)
        ...     return clock.now()
        >>> asyncio.run(nap(FakeClock(auto=True)))
        3600.0
    """

    def __init__(
        self, start: float = 0.0, *, wall: float = NEW_YEAR_2026, auto: bool = False, grace: float = 0.0
    ) -> None:
        self._agenda = Agenda(nanoseconds(start))
        self._wall_ahead = nanoseconds(wall) - self._agenda.now
        self._auto = auto
        self._grace = grace
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watch: Watch | None = None
        self._advancing = False

    def now(self) -> float:
        """Seconds on this clock."""
        return in_seconds(self._agenda.now)

    def wall(self) -> float:
        """Seconds since the epoch, on this clock: from the start of 2026 unless told otherwise."""
        return in_seconds(self._agenda.now + self._wall_ahead)

    @property
    def pending(self) -> int:
        """How many sleeps and timeouts wait for their moment."""
        return len(self._agenda)

    async def sleep(self, seconds: float) -> None:
        """Suspend the calling task until the clock has moved on by so much."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        alarm = self._note(self._agenda.now + nanoseconds(seconds), lambda: release(woken))
        try:
            await woken
        finally:
            self._agenda.discard(alarm)

    def call_later(self, seconds: float, callback: Ring, /) -> "FakeTimer":
        """Call a function when the clock has moved on by so much."""
        due = self._agenda.now + nanoseconds(max(0.0, seconds))
        return FakeTimer(self._agenda, self._note(due, callback))

    def timeout(self, seconds: float | None) -> asyncio.Timeout:
        """A real `asyncio.Timeout`, expiring on this clock; `when()` and `reschedule()` speak in its time."""
        return FakeTimeout(self._agenda, self._note, None if seconds is None else self.now() + seconds)

    async def settle(self) -> None:
        """Let every task run until it waits, while time stands still.

        Raises:
            RuntimeError: a task never waits.
        """
        await settle(grace=self._grace)

    async def advance(self, seconds: float) -> None:
        """Move on by so much, with a stop at each due moment for the tasks to run.

        Raises:
            RuntimeError: another task is advancing this clock already, or a task never waits.
        """
        if self._advancing:
            raise RuntimeError("this FakeClock is being advanced already: let one task move the time")
        end = self._agenda.now + _span(seconds)
        self._advancing = True
        try:
            await self.settle()
            while self._agenda.next_due <= end:
                self._agenda.move_to(self._agenda.next_due)
                await self.settle()
            self._agenda.move_to(end)
        finally:
            self._advancing = False

    def jump(self, seconds: float) -> None:
        """Move on by so much in one leap, as after a suspended machine: what was due on the way is late."""
        self._agenda.move_to(self._agenda.now + _span(seconds))

    def set_wall(self, epoch: float) -> None:
        """Let `wall()` be that, forward or back; what sleeps sleeps on."""
        self._wall_ahead = nanoseconds(epoch) - self._agenda.now

    def _note(self, due: float, ring: Ring) -> Alarm:
        self._bind(asyncio.get_running_loop())
        alarm = self._agenda.add(due, ring)
        self._look_out()
        return alarm

    def _bind(self, loop: asyncio.AbstractEventLoop) -> None:
        if loop is self._loop:
            return
        if self._loop is not None and self._agenda and not self._loop.is_closed():
            raise RuntimeError("this FakeClock is in use by another event loop: give each loop its own")
        self._agenda.clear()
        self._loop, self._watch = loop, None

    def _look_out(self) -> None:
        if self._auto and self._loop and self._watch is None and self._agenda.next_due < math.inf:
            self._watch = Watch(self._loop, self._move_by_itself, grace=self._grace)

    def _move_by_itself(self) -> None:
        self._watch = None
        if not self._advancing and self._agenda.next_due < math.inf:
            self._agenda.move_to(self._agenda.next_due)
        self._look_out()

    def __repr__(self) -> str:
        return f"<FakeClock now={self.now()} sleeping={self.pending}>"


class FakeTimer:
    """What a fake clock will call."""

    __slots__ = ("_agenda", "_alarm")

    def __init__(self, agenda: Agenda, alarm: Alarm) -> None:
        self._agenda = agenda
        self._alarm = alarm

    def cancel(self) -> None:
        """Let it not be called; harmless when it was."""
        self._agenda.discard(self._alarm)


def _span(seconds: float) -> float:
    if not 0 <= seconds < math.inf:
        raise ValueError(f"time moves forward, by finitely many seconds, not by {seconds!r}")
    return nanoseconds(seconds)
