"""Seeing that nothing on an event loop can run any more."""

import asyncio
from collections.abc import Callable
from contextvars import Context
from typing import Any

_QUIET_TURNS = 3
"""One would do for tasks; the others let in what zero-delay timers and sockets of this process hand over."""
_PATIENCE = 10.0
"""Real seconds until a task that spins is called one."""


class Traffic:
    """Counts what is handed to an event loop to run.

    asyncio tells nobody when it falls idle. But whatever wakes a task does so through the public `call_soon`
    of its loop, so when whole turns of the loop pass without such a call, every task waits for time or for
    the network. What the watchers hand over themselves is not counted.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.calls = 0
        self.uncounted = loop.call_soon
        vars(loop)["call_soon"] = self._counted

    @classmethod
    def on(cls, loop: asyncio.AbstractEventLoop) -> "Traffic":
        """The one count of this loop."""
        owner = getattr(loop.call_soon, "__self__", None)
        return owner if isinstance(owner, cls) else cls(loop)

    def _counted(
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        self.calls += 1
        return self.uncounted(callback, *args, context=context)


class Watch:
    """Looks at each turn of a loop until all is still, then acts once.

    `grace` is how many real seconds the stillness has to last: for answers that come from another process.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, act: Callable[[], object], *, grace: float = 0.0
    ) -> None:
        self._loop = loop
        self._traffic = Traffic.on(loop)
        self._act = act
        self._grace = grace
        self._seen = -1
        self._quiet = 0
        self._next = self._traffic.uncounted(self._look)

    def stop(self) -> None:
        """Look no more."""
        self._next.cancel()

    def _look(self) -> None:
        self._quiet = self._quiet + 1 if self._is_quiet() else 0
        self._seen = self._traffic.calls
        if self._quiet < _QUIET_TURNS:
            self._next = self._traffic.uncounted(self._look)
        elif self._grace:
            self._next = self._loop.call_later(self._grace, self._confirm)
        else:
            self._act()

    def _confirm(self) -> None:
        if self._is_quiet():
            self._act()
        else:
            self._look()

    def _is_quiet(self) -> bool:
        return self._seen == self._traffic.calls


def release(waiter: asyncio.Future[None], error: Exception | None = None) -> None:
    """Let go whoever awaits this, unless it was cancelled meanwhile."""
    if waiter.done():
        return
    if error is None:
        waiter.set_result(None)
    else:
        waiter.set_exception(error)


async def settle(*, grace: float = 0.0) -> None:
    """Return when all other tasks of this loop wait for time or for the network.

    Raises:
        RuntimeError: some task never waits for anything but its next turn.
    """
    loop = asyncio.get_running_loop()
    still: asyncio.Future[None] = loop.create_future()
    watch = Watch(loop, lambda: release(still), grace=grace)
    restless = loop.call_later(_PATIENCE, lambda: release(still, _restless()))
    try:
        await still
    finally:
        watch.stop()
        restless.cancel()


def _restless() -> RuntimeError:
    return RuntimeError(
        f"the tasks did not come to rest within {_PATIENCE:g} s: does one spin, awaiting sleep(0)?"
    )
