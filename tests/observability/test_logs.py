"""Lines of the log: one a record, with its fields, without secrets."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from viber.observability import (
    ConsoleFormatter,
    JsonFormatter,
    RedactingFilter,
    configure_logging,
    log_context,
)

MARK = "[redacted]"


def record(
    message: str = "hello", *args: object, level: int = logging.INFO, **fields: object
) -> logging.LogRecord:
    made = logging.LogRecord("viber.calls", level, __file__, 1, message, args, None)
    made.created = 1_790_000_000.25
    made.__dict__.update(fields)
    return made


def line(made: logging.LogRecord) -> dict[str, Any]:
    text = JsonFormatter().format(made)
    assert "\n" not in text
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def failing(message: str) -> logging.LogRecord:
    made = record("it failed")
    error = ValueError(message)
    made.exc_info = (type(error), error, error.__traceback__)
    return made


def test_a_line_has_time_level_logger_message_and_fields() -> None:
    """In this order, the time in UTC."""
    assert list(line(record("took %d", 3, service="supabase", duration=0.5)).items()) == [
        ("time", "2026-09-21T14:13:20.250Z"),
        ("level", "info"),
        ("logger", "viber.calls"),
        ("message", "took 3"),
        ("service", "supabase"),
        ("duration", 0.5),
    ]


def test_the_context_is_on_every_line_and_fields_of_the_record_win() -> None:
    """The blocks around say what is common, a record what is its own."""
    with log_context(request_id="r1", user=7):
        assert {"request_id": "r1", "user": 8}.items() <= line(record(user=8)).items()


def test_no_message_begins_a_line_of_its_own() -> None:
    """A break in a message is written as text, in both formats."""
    forged = "ok\r\n2026-01-01 ERROR forged\u2028again"
    assert line(record(forged))["message"] == forged
    shown = ConsoleFormatter().format(record(forged, note="a\nb"))
    assert len(shown.splitlines()) == 1
    assert "ok\\x0d\\x0a2026" in shown


@pytest.mark.parametrize("formatter", [JsonFormatter(), ConsoleFormatter()])
def test_no_secret_is_written(formatter: logging.Formatter) -> None:
    """Not in the message, its arguments, the fields, the context or a traceback."""
    made = failing("password=geheim1")
    made.msg, made.args = "Bearer geheim2 %s", ("api_key=geheim3",)
    made.__dict__.update(headers=[("authorization", "geheim4")], nested={"anonKey": "geheim5"})
    with log_context(token="geheim6"):
        text = formatter.format(made)
    assert "geheim" not in text
    assert text.count(MARK) == 6
    assert "ValueError" in text


def test_a_filter_cleans_a_record_for_every_handler() -> None:
    """Whatever formatter comes after it."""
    made = failing("password=geheim1")
    made.msg, made.args = "Bearer %s", ("geheim2",)
    made.__dict__["anon_key"] = "geheim3"
    assert RedactingFilter().filter(made)
    text = logging.Formatter("%(message)s %(anon_key)s").format(made)
    assert "geheim" not in text
    assert text.count(MARK) == 3


def test_wrong_arguments_lose_no_line() -> None:
    """The mistake is told in the line."""
    assert line(record("%d rows", "many"))["message"] == "%d rows (its arguments do not fit)"


def test_what_json_cannot_say_is_said_as_text() -> None:
    """A field of any type can be written."""
    assert line(record(value=1 + 2j, bad=float("inf")))["bad"] == "inf"


def test_an_exception_is_in_the_same_line() -> None:
    """Its traceback as one text."""
    assert "ValueError: no" in line(failing("no"))["exception"]


def test_colours_are_for_those_who_ask() -> None:
    """And only the level has one."""
    assert "\x1b[31mERROR   \x1b[0m hello" in ConsoleFormatter(colours=True).format(
        record(level=logging.ERROR)
    )
    assert "\x1b" not in ConsoleFormatter().format(record(level=logging.ERROR))


@pytest.fixture
def viber_logger() -> Iterator[logging.Logger]:
    logger = logging.getLogger("viber")
    before = (logger.level, list(logger.handlers))
    yield logger
    logger.setLevel(before[0])
    logger.handlers[:] = before[1]


def test_logging_is_configured_in_one_call(viber_logger: logging.Logger) -> None:
    """A second call replaces what the first one set."""
    configure_logging("debug")
    handler = configure_logging("info", format="json")
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream := io.StringIO())
    logging.getLogger("viber.calls").info("hello")
    logging.getLogger("viber.calls").debug("not this")
    assert [json.loads(each)["message"] for each in stream.getvalue().splitlines()] == ["hello"]
    assert sum(isinstance(each, logging.StreamHandler) for each in viber_logger.handlers) == 1


@pytest.mark.parametrize(("level", "format"), [("loud", "json"), ("INFO", "xml")])
def test_a_wrong_level_or_format_is_refused(viber_logger: logging.Logger, level: str, format: Any) -> None:  # noqa: A002
    """A wrong name never means "everything"."""
    handlers = list(viber_logger.handlers)
    with pytest.raises(ValueError, match=r"no log level 'loud'|not 'xml'"):
        configure_logging(level, format=format)
    assert viber_logger.handlers == handlers
