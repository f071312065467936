"""A listener that remembers."""

from typing import TypeVar

from viber.observability import Event

E = TypeVar("E", bound=Event)


class EventRecorder:
    """Remembers every event it is told of, in order: pass it wherever a listener goes.

    Example:
        >>> from viber.observability import CircuitChanged
        >>> from viber.resilience import CircuitBreaker
        >>> recorder = EventRecorder()
        >>> breaker = CircuitBreaker("quotes")
        >>> stop = breaker.listeners.add(recorder)
        >>> breaker.isolate()
        >>> [event.after.value for event in recorder.of(CircuitChanged)]
        ['isolated']
    """

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type[E]) -> list[E]:
        """The events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def clear(self) -> None:
        """Forget them all."""
        self.events.clear()

    def __repr__(self) -> str:
        return f"<EventRecorder events={len(self.events)}>"
