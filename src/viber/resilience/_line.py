"""Callers that wait their turn: first come, first served."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import Generic, TypeVar

from viber.clock import Clock, Timer
from viber.resilience._circuit import Circuit

R = TypeVar("R")

_SPARE = 64


class Waiter(Generic[R]):
    """One caller in line, who wants `weight`; `too_late` makes its error when the moment `until` has come."""

    __slots__ = ("future", "too_late", "until", "weight")

    def __init__(self, weight: int, until: float, too_late: Callable[[], Exception]) -> None:
        self.weight = weight
        self.until = until
        self.too_late = too_late
        self.future: asyncio.Future[R] = asyncio.get_running_loop().create_future()

    @property
    def is_admitted(self) -> bool:
        """Its turn has come."""
        future = self.future
        return future.done() and not future.cancelled() and future.exception() is None

    def turn_away(self, error: Exception) -> None:
        """End the wait with this error; from another thread too."""
        if self.future.get_loop() is _running_loop():
            self._fail(error)
        else:
            with suppress(RuntimeError):  # its loop is closed: nobody waits there any more
                self.future.get_loop().call_soon_threadsafe(self._fail, error)

    def _fail(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)


class Line(Generic[R]):
    """Those who wait, in order; a cancelled one leaves no hole, and one timer sees to everybody's limit.

    `serve` is called when somebody else stands first, `take_back` with what a caller was given in the very
    turn that cancelled it.
    """

    __slots__ = ("_clock", "_limits", "_ranks", "_serve", "_take_back", "_timer", "waiters", "weight")

    def __init__(
        self,
        clock: Clock,
        *,
        serve: Callable[[], object],
        take_back: Callable[[R], object],
    ) -> None:
        self._clock = clock
        self._serve = serve
        self._take_back = take_back
        self.waiters: OrderedDict[Waiter[R], None] = OrderedDict()
        """Those who wait, and now and then one who has gone."""
        self._limits: list[tuple[float, int, Waiter[R]]] = []
        self._ranks = count()
        self._timer: Timer | None = None
        self.weight = 0
        """What all of them want together."""

    def __len__(self) -> int:
        return len(self.waiters)

    def first(self) -> Waiter[R] | None:
        """Whose turn it is; those who have gone meanwhile are struck out."""
        while self.waiters:
            waiter = next(iter(self.waiters))
            if not waiter.future.done():
                return waiter
            self._strike_out(waiter)
        return None

    def admit(self, waiter: Waiter[R], result: R) -> None:
        """It is this one's turn."""
        self._strike_out(waiter)
        waiter.future.set_result(result)

    def turn_away(self, refuse: Callable[[Waiter[R], int, int], Exception | None]) -> None:
        """Send those away for whom there is an error, given how many stand before them and what they want."""
        ahead = weight = 0
        for waiter in tuple(self.waiters):
            if waiter.future.done():
                continue
            if error := refuse(waiter, ahead, weight):
                waiter.turn_away(error)
            else:
                ahead, weight = ahead + 1, weight + waiter.weight

    async def wait(self, waiter: Waiter[R], circuit: Circuit | None) -> R:
        """Stand in line until it is our turn; a circuit that opens sends us away."""
        self.waiters[waiter] = None
        self.weight += waiter.weight
        try:
            self._bound(waiter)
            if circuit is not None:
                circuit.attend(waiter.turn_away)
                circuit.check()  # it may have opened before we stood here
            # In front may be one who has gone: he sees to those behind him when his task hears of it.
            if next(iter(self.waiters)) is waiter:
                self._serve()
            return await waiter.future
        except asyncio.CancelledError:
            if waiter.is_admitted:
                self._take_back(waiter.future.result())
            raise
        finally:
            if circuit is not None:
                circuit.leave(waiter.turn_away)
            if waiter in self.waiters:
                self._strike_out(waiter)
                self._serve()

    def _strike_out(self, waiter: Waiter[R]) -> None:
        del self.waiters[waiter]
        self.weight -= waiter.weight
        if not self.waiters:
            self._limits.clear()
            self._disarm()

    def _bound(self, waiter: Waiter[R]) -> None:
        if waiter.until == inf:
            return
        if len(self._limits) > _SPARE + 2 * len(self.waiters):  # most of these have gone long ago
            self._limits = sorted(limit for limit in self._limits if limit[2] in self.waiters)
        heappush(self._limits, (waiter.until, next(self._ranks), waiter))
        if self._limits[0][2] is waiter:
            self._arm()

    def _arm(self) -> None:
        self._disarm()
        while self._limits and self._limits[0][2] not in self.waiters:
            heappop(self._limits)
        if self._limits:
            self._timer = self._clock.call_later(self._limits[0][0] - self._clock.now(), self._expire)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        self._timer = None
        self._serve()  # whose turn comes at the very end of the wait is not too late
        now = self._clock.now()
        while self._limits and self._limits[0][0] <= now:
            waiter = heappop(self._limits)[2]
            if waiter in self.waiters and not waiter.future.done():
                waiter.turn_away(waiter.too_late())
        self._arm()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
