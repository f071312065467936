"""The event loop that something belongs to."""

import asyncio


class Home:
    """Settles on the first loop that uses it: connections and waiting callers cannot move to another one.

    Raises:
        RuntimeError: used in another loop.
    """

    __slots__ = ("_loop", "_owner")

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._loop: asyncio.AbstractEventLoop | None = None

    def enter(self) -> asyncio.AbstractEventLoop:
        """The running loop, if it is the right one."""
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            raise RuntimeError(
                f"this {self._owner} belongs to the event loop that used it first: "
                "make one per event loop, inside the coroutine that asyncio.run() runs"
            )
        return loop
