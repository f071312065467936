"""The event loop that something belongs to."""

from asyncio import AbstractEventLoop, get_running_loop
from threading import get_ident


class Home:
    """Settles on the first loop that uses it: connections and waiting callers cannot move to another one.

    Raises:
        RuntimeError: used in another loop.
    """

    __slots__ = ("_loop", "_owner", "_thread")

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._loop: AbstractEventLoop | None = None
        self._thread = 0

    def enter(self) -> AbstractEventLoop:
        """The running loop, if it is the right one."""
        # A thread runs one loop at a time. Asking for the running one costs twice as much, up to Python 3.11.
        if self._loop is not None and self._thread == get_ident() and self._loop.is_running():
            return self._loop
        loop = get_running_loop()
        if self._loop is None:
            self._loop, self._thread = loop, get_ident()
        if self._loop is not loop:
            raise RuntimeError(
                f"this {self._owner} belongs to the event loop that used it first: "
                "make one per event loop (or one ServiceFactory, which makes it), in what asyncio.run() runs"
            )
        return loop
