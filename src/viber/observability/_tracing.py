"""The seam to a tracing system: what it is told of a call, and what it may add to a request."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from viber.observability._events import Event

Fields = tuple[tuple[str, str], ...]
"""Header fields."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a service's call is about, as far as that is known before it is sent."""

    url: str
    """Where it goes; the values in its query belong to users."""
    asked: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Of a model: its name (`model`), and the settings of a generation in their own spelling."""


class RequestTrace(Protocol):
    """One request of one attempt, from `begin` to `end`."""

    def begin(self) -> Fields:
        """It is about to be sent; returns the header fields to send with it."""
        ...

    def end(self, answer: int | BaseException) -> None:
        """It was answered with a status, or failed."""
        ...


class CallTrace(Protocol):
    """One logical call."""

    def enter(self) -> None:
        """From here on, whatever this task does is part of the call."""
        ...

    def leave(self) -> None:
        """Until here: what the task does next is its caller's."""
        ...

    def request(self, method: str, url: str, attempt: int) -> RequestTrace:
        """A request of an attempt, which counts from 1."""
        ...

    def repeated(self, attempt: int, delay: float, error: Exception | None) -> None:
        """An attempt failed, and another follows after so many seconds."""
        ...

    def heard(self, answer: Mapping[str, Any]) -> None:
        """A model answered, with all or with a piece of it."""
        ...

    def broke(self, error: BaseException) -> None:
        """A stream that had begun broke off."""
        ...

    def keep(self) -> Callable[[], None]:
        """The call is not over until what is returned was called, once: a stream of it is open."""
        ...

    def finish(self, attempts: int, error: BaseException | None) -> None:
        """The pipeline is done with it."""
        ...


class Tracer(Protocol):
    """Makes traces of calls; nothing it does may raise."""

    @property
    def is_on(self) -> bool:
        """Whether anybody records what it makes."""
        ...

    def start(self, service: str, operation: str, request_id: str, subject: Subject | None) -> CallTrace:
        """A logical call begins."""
        ...

    def tell(self, event: Event) -> None:
        """Something happened, perhaps within a call of this task."""
        ...
