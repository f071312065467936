"""Who looks on: one look a second for all of them, and none when nobody does."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Generator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from viber._serving import ending_on_signals
from viber.clock import Clock
from viber.dashboard._collector import Collector
from viber.factory import ServiceFactory

TICK: Final = 1.0
"""Seconds from one look to the next."""
_REST: Final = 20.0
"""A look that takes long is followed by so many times its length of rest: 5 % of the time at most."""

_log = logging.getLogger("viber")


class Viewer:
    """One open stream; a frame that was not sent in time gives way to the next."""

    __slots__ = ("_frame", "_has_ended", "_is_waiting", "_wake", "give_up")

    def __init__(self) -> None:
        self._wake = asyncio.Event()
        self._frame = b""
        self._has_ended = False
        self._is_waiting = False
        self.give_up: Callable[[], object] = lambda: None
        """Ends a sending that does not come to an end."""

    def show(self, frame: bytes) -> None:
        """Let this be the next frame."""
        self._frame = frame
        self._wake.set()

    def end(self) -> None:
        """Let there be no next frame; a reader that takes nothing is not waited for."""
        self._has_ended = True
        self._wake.set()
        if not self._is_waiting:
            self.give_up()

    async def next(self) -> bytes | None:
        """The newest frame that was not taken yet, or None at the end."""
        self._is_waiting = True
        await self._wake.wait()
        self._is_waiting = False
        self._wake.clear()
        return None if self._has_ended else self._frame


class Audience:
    """The viewers, and the work that is done as long as there are some."""

    def __init__(
        self,
        services: ServiceFactory,
        collector: Collector,
        clock: Clock,
        *,
        max_viewers: int,
        check_health: float | None,
    ) -> None:
        self._services = services
        self._collector = collector
        self._clock = clock
        self._max_viewers = max_viewers
        self._check_health = check_health
        self._viewers: set[Viewer] = set()
        self._reasons = 0
        self._work = ExitStack()
        self._company = ExitStack()

    def __len__(self) -> int:
        return len(self._viewers)

    @property
    def is_full(self) -> bool:
        """Whether one more viewer would be too many."""
        return len(self._viewers) >= self._max_viewers

    @contextmanager
    def joined(self) -> Generator[Viewer]:
        """One more viewer, within the block."""
        viewer = Viewer()
        with self.attended():
            if not self._viewers:
                self._welcome()
            self._viewers.add(viewer)
            try:
                yield viewer
            finally:
                self._viewers.discard(viewer)
                if not self._viewers:
                    self._company.close()

    @contextmanager
    def attended(self) -> Generator[None]:
        """Look on within the block, whether there are viewers or not."""
        self._reasons += 1
        if self._reasons == 1:
            self._begin()
        try:
            yield
        finally:
            self._reasons -= 1
            if not self._reasons:
                self._work.close()

    def show(self, frame: bytes) -> None:
        """Show it to everybody."""
        for viewer in self._viewers:
            viewer.show(frame)

    def end(self) -> None:
        """End every stream."""
        for viewer in self._viewers:
            viewer.end()

    def _begin(self) -> None:
        self._work.callback(self._services.listen(self._collector.feed))
        self._work.callback(_started(self._look()).cancel)

    def _welcome(self) -> None:
        """The first viewer is there; by now a server has set the handlers of signals that it needs."""
        self._company.enter_context(ending_on_signals(self.end))
        self._company.callback(_started(self._ask()).cancel)

    async def _look(self) -> None:
        try:
            while True:
                began = self._clock.now()
                self.show(self._collector.delta())
                await self._clock.sleep(max(TICK, _REST * (self._clock.now() - began)))
        except Exception:
            self.end()
            raise

    async def _ask(self) -> None:
        """The health checks are asked by themselves, seldom; the pictures show their last answers."""
        while self._check_health is not None:
            await self._services.health.check_all()
            await self._clock.sleep(self._check_health)


def _started(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    task = asyncio.create_task(work, name="viber dashboard")
    task.add_done_callback(_complain)
    return task


def _complain(task: asyncio.Task[None]) -> None:
    """Nobody awaits the work: if it fails, only the log can tell."""
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("the dashboard cannot read its services", exc_info=error)
