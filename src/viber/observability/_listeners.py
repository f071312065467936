"""Who is told of events."""

import logging
from collections.abc import Callable

from viber.observability._events import Event
from viber.observability._metrics import Metrics
from viber.observability._tracing import Tracer

Listener = Callable[[Event], None]

_log = logging.getLogger("viber")


class Listeners:
    """A set of callables that are told of each event; one that raises is logged and dropped.

    `metrics` counts beside them, and is told of the end of a call without an event being built;
    `tracer` follows each call by itself.

    Example:
        >>> listeners = Listeners()
        >>> stop = listeners.add(print)
        >>> bool(listeners), stop(), bool(listeners)
        (True, None, False)
    """

    __slots__ = ("callables", "is_heard", "metrics", "tracer")

    def __init__(
        self, *callables: Listener, metrics: Metrics | None = None, tracer: Tracer | None = None
    ) -> None:
        self.metrics: Metrics | None = metrics
        self.tracer: Tracer | None = tracer
        self._become(callables)

    def __bool__(self) -> bool:
        return self.is_heard

    def add(self, listener: Listener) -> Callable[[], None]:
        """Tell this one too; returns a function that stops it."""
        self._become((*self.callables, listener))
        return lambda: self._drop(listener)

    def emit(self, event: Event) -> None:
        """Count the event and tell everybody; nothing a listener does can fail a call."""
        if self.metrics is not None:
            self.metrics(event)
        if self.tracer is not None:
            self.tracer.tell(event)
        self.tell(event)

    def tell(self, event: Event) -> None:
        """Tell the callables alone: for what has been counted."""
        for listener in self.callables:
            try:
                listener(event)
            except Exception:  # noqa: BLE001 - foreign code, and its failure must not become the caller's
                _log.exception("a listener raised and is dropped: %r", listener)
                self._drop(listener)

    def _drop(self, listener: Listener) -> None:
        self._become(tuple(other for other in self.callables if other is not listener))

    def _become(self, callables: tuple[Listener, ...]) -> None:
        self.callables: tuple[Listener, ...] = callables
        self.is_heard: bool = bool(callables) or self.metrics is not None or self.tracer is not None
