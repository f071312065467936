"""One logical call on its way through the pipeline."""

from dataclasses import dataclass

from viber.clock import Clock
from viber.errors import BaseError, Delivery, TimeoutError
from viber.machines import Stop
from viber.observability import redact_text
from viber.resilience._circuit_breaker import Permit
from viber.resilience._deadline import current_deadline

_WARNING = "the server may have acted: look before you repeat it"
_NOTED = 500
"""Characters of an earlier error's text that its note keeps."""


@dataclass(slots=True)
class Attempt:
    """One try of a call: its number, from 1, and the breaker's permit for it."""

    number: int
    permit: Permit | None


class Call:
    """What is known of a call so far: how often it was tried, what went wrong, how much time is left."""

    # Most calls never write these: as defaults of the class they cost a call nothing.
    attempts = 0
    error: Exception | None = None
    """How the last attempt failed, if another one followed or is to follow."""
    notes: tuple[str, ...] = ()
    unknown = False
    """Some attempt may have reached the server and was not answered."""

    def __init__(
        self,
        service: str,
        operation: str,
        request_id: str,
        *,
        idempotent: bool,
        total_timeout: float | None,
        clock: Clock,
    ) -> None:
        self.service = service
        self.operation = operation
        self.request_id = request_id
        self.idempotent = idempotent
        self.clock = clock
        self.started = clock.now()
        self.ends = None if total_timeout is None else self.started + total_timeout
        self.deadline = current_deadline()

    def remaining(self) -> float | None:
        """Seconds left for the whole call; None if there is no bound."""
        own = None if self.ends is None else self.ends - self.clock.now()
        outer = None if self.deadline is None else self.deadline.remaining()
        return own if outer is None or (own is not None and own < outer) else outer

    def limit(self, timeout: float | None) -> float | None:
        """Seconds that the next attempt may take.

        Raises:
            TimeoutError: no time is left, and nothing was sent.
        """
        if (remaining := self.remaining()) is None:
            return timeout
        if remaining <= 0:
            raise self.give_up(_out_of_time(), Stop.DEADLINE)
        return remaining if timeout is None or remaining < timeout else timeout

    def remember(self, error: Exception, delay: float) -> None:
        """Another attempt follows after this one."""
        self.error = error
        self.unknown = self.unknown or _is_unknown(error)
        what = f"{type(error).__name__}: {redact_text(str(error), limit=_NOTED)}"
        self.notes += (f"attempt {self.attempts} failed with {what}; waited {delay:.3f} s",)

    def conclude(self, error: BaseException, reason: Stop | None = None) -> None:
        """This error ends the call: let it tell the whole story."""
        for note in self.notes:
            error.add_note(note)
        if reason not in (None, Stop.NOT_RETRYABLE):
            error.add_note(reason.value)
        if isinstance(error, BaseError):
            self._complete(error)

    def give_up(self, refusal: BaseError, reason: Stop) -> Exception:
        """No attempt may follow: the error of the last one, or the refusal of the first, ends the call."""
        if self.error is None:
            self.conclude(refusal)
            return refusal
        self.notes = self.notes[:-1]  # the last one tells of this very error
        self.conclude(self.error, reason)
        return self.error

    def _complete(self, error: BaseError) -> None:
        error.locate(service=self.service, operation=self.operation, request_id=self.request_id)
        error.attempts = self.attempts
        if self.unknown:
            error.delivery = Delivery.UNKNOWN
        doubtful = error.delivery is Delivery.UNKNOWN and not self.idempotent
        if doubtful and not error.message.endswith(_WARNING):
            error.message = f"{error.message}; {_WARNING}"


def _out_of_time() -> TimeoutError:
    return TimeoutError(
        "no time was left: nothing was sent",
        code="timeout.total",
        delivery=Delivery.NOT_SENT,
        neutral=True,
    )


def _is_unknown(error: Exception) -> bool:
    return isinstance(error, BaseError) and error.delivery is Delivery.UNKNOWN
