"""One logical call on its way through the pipeline."""

from dataclasses import dataclass, field

from viber.clock import Clock
from viber.errors import BaseError, Delivery, TimeoutError
from viber.machines import Stop
from viber.resilience._circuit_breaker import Permit
from viber.resilience._deadline import Deadline


@dataclass(slots=True)
class Attempt:
    """One try of a call: its number, from 1, and the breaker's permit for it."""

    number: int
    permit: Permit | None


@dataclass(slots=True)
class Call:
    """What is known of a call so far: how often it was tried, what went wrong, how much time is left."""

    service: str
    operation: str
    request_id: str
    idempotent: bool
    clock: Clock
    started: float
    ends: float | None
    deadline: Deadline | None
    attempts: int = 0
    error: Exception | None = None
    """How the last attempt failed, if another one followed or is to follow."""
    notes: list[str] = field(default_factory=list[str])
    unknown: bool = False
    """Some attempt may have reached the server and was not answered."""

    def remaining(self) -> float | None:
        """Seconds left for the whole call; None if there is no bound."""
        own = None if self.ends is None else self.ends - self.clock.now()
        outer = self.deadline.remaining() if self.deadline is not None else None
        if own is None or outer is None:
            return outer if own is None else own
        return min(own, outer)

    def limit(self, timeout: float | None) -> float | None:
        """Seconds that the next attempt may take.

        Raises:
            TimeoutError: no time is left, and nothing was sent.
        """
        remaining = self.remaining()
        if remaining is None:
            return timeout
        if remaining <= 0:
            raise self._out_of_time()
        return remaining if timeout is None else min(timeout, remaining)

    def remember(self, error: Exception, delay: float) -> None:
        """Another attempt follows after this one."""
        self.error = error
        self.unknown = self.unknown or _is_unknown(error)
        what = f"{type(error).__name__}: {error}"
        self.notes.append(f"attempt {self.attempts} failed with {what}; waited {delay:.3f} s")

    def conclude(self, error: BaseException, reason: Stop | None = None) -> None:
        """This error ends the call: let it tell the whole story."""
        for note in self.notes:
            error.add_note(note)
        if reason not in (None, Stop.NOT_RETRYABLE):
            error.add_note(reason.value)
        if isinstance(error, BaseError):
            self._complete(error)

    def _complete(self, error: BaseError) -> None:
        error.locate(service=self.service, operation=self.operation, request_id=self.request_id)
        error.attempts = self.attempts
        if self.unknown:
            error.delivery = Delivery.UNKNOWN
        if error.delivery is Delivery.UNKNOWN and not self.idempotent:
            error.message = f"{error.message}; the server may have acted: look before you repeat it"

    def _out_of_time(self) -> Exception:
        error = self.error or TimeoutError(
            "no time was left: nothing was sent", code="timeout.total", delivery=Delivery.NOT_SENT
        )
        self.conclude(error, Stop.DEADLINE if self.error else None)
        return error


def _is_unknown(error: Exception) -> bool:
    return isinstance(error, BaseError) and error.delivery is Delivery.UNKNOWN
