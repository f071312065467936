"""Log records as lines: JSON for machines, colours for people, secrets for nobody."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from pydantic_core import to_json

from viber.observability._context import current_fields
from viber.observability._redaction import Redactor

LogFormat = Literal["json", "console"]

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_REDACT = Redactor()


class RedactingFilter(logging.Filter):
    """Takes the secrets out of a record before any handler sees it: message, arguments, fields, traceback.

    Example:
        >>> handler = logging.StreamHandler()
        >>> handler.addFilter(RedactingFilter())
        >>> record = logging.makeLogRecord({"msg": "sent %s", "args": ("Bearer abc",)})
        >>> handler.filter(record) and record.getMessage()
        'sent Bearer [redacted]'
    """

    def __init__(self, redact: Redactor = _REDACT) -> None:
        super().__init__()
        self._redact = redact

    def filter(self, record: logging.LogRecord) -> bool:
        """Every record passes, without its secrets."""
        record.msg, record.args = self._redact.text(_message_of(record)), None
        for name, value in fields_of(record).items():
            record.__dict__[name] = self._redact({name: value}).get(name)
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self._redact.text(record.exc_text)
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, then the fields of the record and of the context.

    Nothing in a message can begin a line of its own, and secrets are redacted.

    Example:
        >>> record = logging.makeLogRecord({"msg": "hello", "levelname": "INFO", "name": "a", "created": 0.0})
        >>> JsonFormatter().format(record)
        '{"time":"1970-01-01T00:00:00.000Z","level":"info","logger":"a","message":"hello"}'
    """

    def __init__(self, redact: Redactor = _REDACT) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, Any] = {
            "time": _time_of(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._redact.text(_message_of(record)),
            **self._redact({**current_fields(), **fields_of(record)}),
        }
        if trace := _traceback_of(self, record):
            line["exception"] = self._redact.text(trace)
        return to_json(line, inf_nan_mode="strings", serialize_unknown=True).decode()


class ConsoleFormatter(logging.Formatter):
    """A line for people: time, level, message, then the fields; in colours if asked."""

    COLOURS: ClassVar[Mapping[int, str]] = {10: "2", 20: "36", 30: "33", 40: "31", 50: "1;31"}

    def __init__(self, redact: Redactor = _REDACT, *, colours: bool = False) -> None:
        super().__init__()
        self._redact = redact
        self._colours = colours

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end; a traceback follows on lines of its own."""
        message = self._redact.text(_message_of(record)).translate(_CONTROLS)
        fields = self._redact({**current_fields(), **fields_of(record)})
        shown = " ".join(f"{name}={str(value).translate(_CONTROLS)}" for name, value in fields.items())
        level = self._coloured(f"{record.levelname:<8}", record.levelno)
        line = f"{_time_of(record)[11:-1]} {level} {message}" + (f"  {shown}" if shown else "")
        trace = _traceback_of(self, record)
        return f"{line}\n{self._redact.text(trace)}" if trace else line

    def _coloured(self, text: str, level: int) -> str:
        if not self._colours:
            return text
        return f"\x1b[{self.COLOURS.get(level // 10 * 10, '0')}m{text}\x1b[0m"


def configure_logging(
    level: int | str = "INFO",
    *,
    format: LogFormat = "console",  # noqa: A002 - the word for it
    redact: Redactor = _REDACT,
) -> logging.Handler:
    """Let the library's log lines be seen on stderr; for programs that configure nothing else.

    Calling it again replaces the handler of the last call; returns the handler.

    Raises:
        ValueError: there is no such level or format.
    """
    handler = _Handler()
    if format == "json":
        handler.setFormatter(JsonFormatter(redact))
    elif format == "console":
        handler.setFormatter(ConsoleFormatter(redact, colours=handler.stream.isatty()))
    else:
        raise ValueError(f"a log format is 'json' or 'console', not {format!r}")
    logger = logging.getLogger("viber")
    logger.setLevel(level_of(level))
    for old in [each for each in logger.handlers if isinstance(each, _Handler)]:
        logger.removeHandler(old)
    logger.addHandler(handler)
    return handler


def level_of(level: int | str) -> int:
    """The number of a level by its name, in whatever case.

    Raises:
        ValueError: there is no such level; a wrong name never means "everything".

    Example:
        >>> level_of("Info"), level_of(30)
        (20, 30)
    """
    if isinstance(level, int):
        return level
    known = logging.getLevelNamesMapping()
    if level.upper() not in known:
        raise ValueError(f"no log level {level!r}; there are {', '.join(sorted(known))}")
    return known[level.upper()]


def fields_of(record: logging.LogRecord) -> dict[str, object]:
    """What `extra=` gave to a record."""
    return {name: value for name, value in record.__dict__.items() if name not in _STANDARD}


class _Handler(logging.StreamHandler[Any]):
    """The handler of `configure_logging`."""


_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), 127, *range(128, 160), 0x2028, 0x2029)}


def _time_of(record: logging.LogRecord) -> str:
    return (
        datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )


def _message_of(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - wrong arguments are told, and do not lose the line
        return f"{record.msg} (its arguments do not fit)"


def _traceback_of(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    if record.exc_info and not record.exc_text:
        return formatter.formatException(record.exc_info)
    return record.exc_text or ""
