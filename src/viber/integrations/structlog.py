"""Processors for structlog: secrets go out of a line, the context goes in. Needs the extra `structlog`."""

from collections.abc import MutableMapping
from typing import Any, Final

from structlog.processors import format_exc_info
from structlog.typing import EventDict, WrappedLogger

from viber.observability import Redactor, current_fields

__all__ = ["RedactingProcessor", "add_log_context"]

_REDACT: Final = Redactor()
_OF_STRUCTLOG: Final = frozenset({"_record", "_from_structlog"})


class RedactingProcessor:
    """Takes the secrets out of an event: its text, its fields, its exception; goes in front of the renderer.

    An exception becomes text here, because a renderer that shows the variables of each frame would show the
    secrets in them.

    Example:
        >>> process = RedactingProcessor()
        >>> process(None, "info", {"event": "sent Bearer abc", "password": "hunter2", "user": "ada"})
        {'event': 'sent Bearer [redacted]', 'password': '[redacted]', 'user': 'ada'}
    """

    def __init__(self, redact: Redactor = _REDACT) -> None:
        self._redact = redact

    def __call__(self, logger: WrappedLogger, method_name: str, event_dict: EventDict) -> EventDict:
        """The event, without its secrets."""
        if event_dict.get("exc_info"):
            event_dict = format_exc_info(logger, method_name, event_dict)
        kept = {name: value for name, value in event_dict.items() if name in _OF_STRUCTLOG}
        shown: dict[str, Any] = self._redact({k: v for k, v in event_dict.items() if k not in kept})
        return {**shown, **kept}


def add_log_context(_logger: WrappedLogger, _method_name: str, event_dict: EventDict) -> EventDict:
    """The event with the fields of the `log_context` around it; its own of the same name hold.

    Example:
        >>> from viber.observability import log_context
        >>> with log_context(request_id="r-1"):
        ...     add_log_context(None, "info", {"event": "hello"})
        {'request_id': 'r-1', 'event': 'hello'}
    """
    fields: MutableMapping[str, Any] = {**current_fields(), **event_dict}
    return fields
