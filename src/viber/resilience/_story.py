"""What the error that ends a call tells of the attempts before it."""

from viber.errors import BaseError, Delivery
from viber.machines import Stop
from viber.observability import redact_text

_WARNING = "the server may have acted: look before you repeat it"
_NOTED = 500
"""Characters of an earlier error's text that its note keeps."""
_SELF_EXPLAINING = (None, Stop.NOT_RETRYABLE)


class Story:
    """The failed attempts of one call, in notes."""

    __slots__ = ("_notes", "is_unknown", "last")

    def __init__(self) -> None:
        self.last: Exception | None = None
        """How the last attempt failed, if it did and another one is to follow."""
        self._notes: tuple[str, ...] = ()
        self.is_unknown = False
        """Whether one of them may have acted."""

    def remember(self, error: Exception | None, *, attempt: int, delay: float) -> None:
        """Another attempt follows after this one, whose result was not good enough where it did not fail."""
        self.last = error
        self.is_unknown = self.is_unknown or _is_unknown(error)
        self._notes += (f"attempt {attempt} {_what_happened(error)}; waited {delay:.3f} s",)

    def reclaim(self) -> Exception | None:
        """The last failure, if it ends the call after all: it needs no note of itself."""
        if self.last is not None:
            self._notes = self._notes[:-1]
        return self.last

    def conclude(
        self, error: BaseException, *, attempts: int, idempotent: bool, reason: Stop | None = None
    ) -> None:
        """This error ends the call: let it tell the whole story."""
        for note in self._notes:
            error.add_note(note)
        if reason not in _SELF_EXPLAINING:
            error.add_note(reason.value)
        if isinstance(error, BaseError):
            error.attempts = attempts
            self._warn(error, idempotent=idempotent)

    def _warn(self, error: BaseError, *, idempotent: bool) -> None:
        if self.is_unknown:
            error.delivery = Delivery.UNKNOWN
        doubtful = error.delivery is Delivery.UNKNOWN and not idempotent
        if doubtful and not error.message.endswith(_WARNING):
            error.message = f"{error.message}; {_WARNING}"


def _what_happened(error: Exception | None) -> str:
    if error is None:
        return "brought a result that was not good enough"
    return f"failed with {type(error).__name__}: {redact_text(str(error), limit=_NOTED)}"


def _is_unknown(error: Exception | None) -> bool:
    return isinstance(error, BaseError) and error.delivery is Delivery.UNKNOWN
