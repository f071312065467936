"""What spans say."""

from collections.abc import Sequence
from typing import Final

from opentelemetry.trace import Span, Status, StatusCode

from viber.errors import BaseError
from viber.integrations.opentelemetry import _names as names
from viber.observability import redact_text

Attributes = dict[str, str | bool | int | float | Sequence[str]]
_LONGEST: Final = 300


def say_failure(span: Span, error: BaseException) -> None:
    """How it failed; what was given up by its caller has not."""
    if isinstance(error, Exception):
        text = error.message if isinstance(error, BaseError) else ""
        span.set_attribute(names.ERROR_TYPE, type_of(error))
        span.set_status(Status(StatusCode.ERROR, redact_text(text, limit=_LONGEST) or None))
    else:
        span.set_attribute(names.ERROR_TYPE, "cancelled")


def type_of(error: BaseException) -> str:
    """One of few: the code of an error of ours, the class of another."""
    return error.code if isinstance(error, BaseError) else type(error).__qualname__
