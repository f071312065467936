"""Who is told of events."""

import logging
from collections.abc import Callable

from viber.observability._events import Event

Listener = Callable[[Event], None]

_log = logging.getLogger("viber")


class Listeners:
    """A set of callables that are told of each event; one that raises is logged and dropped.

    Example:
        >>> listeners = Listeners()
        >>> stop = listeners.add(print)
        >>> bool(listeners), stop(), bool(listeners)
        (True, None, False)
    """

    __slots__ = ("callables",)

    def __init__(self, *callables: Listener) -> None:
        self.callables: tuple[Listener, ...] = callables

    def __bool__(self) -> bool:
        return bool(self.callables)

    def add(self, listener: Listener) -> Callable[[], None]:
        """Tell this one too; returns a function that stops it."""
        self.callables = (*self.callables, listener)
        return lambda: self._drop(listener)

    def emit(self, event: Event) -> None:
        """Tell everybody; nothing a listener does can fail a call."""
        for listener in self.callables:
            try:
                listener(event)
            except Exception:  # noqa: BLE001 - foreign code, and its failure must not become the caller's
                _log.exception("a listener raised and is dropped: %r", listener)
                self._drop(listener)

    def _drop(self, listener: Listener) -> None:
        self.callables = tuple(other for other in self.callables if other is not listener)
