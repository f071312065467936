"""At most so many at once, first come first served."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable


class Slots:
    """Places that are taken and given; a waiter that is cancelled leaves no hole.

    Example:
        >>> slots = Slots(1)
        >>> slots.try_take(), slots.try_take()
        (True, False)
    """

    __slots__ = ("_limit", "_taken", "_waiters")

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._taken = 0
        # Ordered, because a plain dict grows slow when it is emptied from its front.
        self._waiters: OrderedDict[asyncio.Future[None], None] = OrderedDict()

    @property
    def taken(self) -> int:
        """Places in use."""
        return self._taken

    @property
    def waiting(self) -> int:
        """Those who wait for a place."""
        return len(self._waiters)

    def try_take(self) -> bool:
        """Take a place if one is free; nobody waits while one is."""
        if self._limit is not None and self._taken >= self._limit:
            return False
        self._taken += 1
        return True

    async def take(self) -> None:
        """Take a place, or wait for one."""
        if self.try_take():
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiters[waiter] = None
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.cancelled():
                self._waiters.pop(waiter, None)
            elif waiter.exception() is None:
                # The place was handed over in the very turn that cancelled its taker.
                self.give()
            raise

    def give(self) -> None:
        """Return a place; it goes to whoever waits longest."""
        while self._waiters:
            waiter, _ = self._waiters.popitem(last=False)
            if not waiter.done():
                waiter.set_result(None)
                return
        self._taken -= 1

    def refuse(self, reason: Callable[[], Exception]) -> None:
        """Send everybody away who waits, each with an error of its own."""
        while self._waiters:
            waiter, _ = self._waiters.popitem(last=False)
            if not waiter.done():
                waiter.set_exception(reason())
