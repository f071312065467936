"""What every error carries, and what it looks like from outside."""

import time
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar, Self, TypedDict, Unpack

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Severity(StrEnum):
    """How loudly somebody should be told."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Delivery(StrEnum):
    """May the server have acted?"""

    NOT_SENT = "not_sent"
    """The request never left: repeating it is always safe."""
    ANSWERED = "answered"
    """The service itself answered: the outcome is known."""
    UNKNOWN = "unknown"
    """The request left and no conclusive answer came: a write may or may not have happened."""


class ErrorResponse(BaseModel):
    """What an error looks like from outside: no debug text, no secret; `timestamp` in epoch milliseconds."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, alias_generator=to_camel, populate_by_name=True, extra="forbid"
    )

    code: str
    message: str
    details: Any = None
    request_id: str
    severity: Severity
    timestamp: int


class ErrorFields(TypedDict, total=False):
    """The keywords every error accepts; what is not given keeps the default of its class."""

    code: str
    debug_message: str
    request_id: str
    service: str
    operation: str
    severity: Severity
    operational: bool
    retryable: bool
    delivery: Delivery
    attempts: int
    retry_after: float | None
    details: Mapping[str, Any] | None
    suggestion: str
    status: int | None
    neutral: bool
    unapplied: bool


class BaseError(Exception):
    """Whatever viber raises, with what a caller needs in order to decide.

    Example:
        >>> from viber.errors import TransportError
        >>> error = TransportError("connection reset", service="supabase", delivery=Delivery.UNKNOWN)
        >>> error.retryable, error.delivery.value
        (True, 'unknown')
    """

    code: str = "error"
    """Stable, dotted, for programs."""
    message: str = ""
    """Safe to show to a user."""
    debug_message: str = ""
    """For the log only."""
    request_id: str = ""
    service: str = ""
    operation: str = ""
    severity: Severity = Severity.MEDIUM
    operational: bool = True
    """An expected kind of failure; False means a defect or a wrong set-up."""
    retryable: bool = False
    """The same request may succeed later; whether repeating is safe is another question (`delivery`)."""
    delivery: Delivery = Delivery.ANSWERED
    attempts: int = 0
    retry_after: float | None = None
    """Seconds that the service, or the circuit, asked to wait."""
    details: Mapping[str, Any] | None = None
    suggestion: str = ""
    status: int | None = None
    """The HTTP status that was answered, if one was."""
    neutral: bool = False
    """Says nothing about the health of the service: a breaker ignores it."""
    unapplied: bool = False
    """The server said that it did not act, or that it rolled back: repeating cannot double anything."""

    def __init__(self, message: str = "", **fields: Unpack[ErrorFields]) -> None:
        if unknown := fields.keys() - ErrorFields.__annotations__.keys():
            raise TypeError(f"{type(self).__name__} has no field {', '.join(sorted(unknown))}")
        super().__init__(message)
        self.timestamp: float = time.time()
        if message:
            self.message = message
        self.__dict__.update(fields)

    def __str__(self) -> str:
        return self.message

    def __repr__(self) -> str:
        facts = f"code={self.code!r}, delivery={self.delivery.value!r}, service={self.service!r}"
        return f"{type(self).__name__}({self.message!r}, {facts})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.args, dict(self.__dict__))

    def locate(self, *, service: str = "", operation: str = "", request_id: str = "") -> Self:
        """Say where it happened, unless the error already knows; returns the error itself."""
        self.service = self.service or service
        self.operation = self.operation or operation
        self.request_id = self.request_id or request_id
        return self

    def to_response(self) -> ErrorResponse:
        """The error as it may leave the application."""
        return ErrorResponse(
            code=self.code,
            message=self.message,
            details=self.details,
            request_id=self.request_id,
            severity=self.severity,
            timestamp=round(self.timestamp * 1000),
        )


def _restore(cls: type[BaseError], args: tuple[Any, ...], state: dict[str, Any]) -> BaseError:
    error = cls.__new__(cls, *args)
    error.args = args
    notes = state.pop("__notes__", ())
    error.__dict__.update(state)
    for note in notes:  # one by one, since a copy that shared the list would write into the original
        error.add_note(note)
    return error
