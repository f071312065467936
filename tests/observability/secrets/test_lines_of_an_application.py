"""What an application logs by itself, through our formatters, filter and processor."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

import pytest

from viber.integrations.structlog import RedactingProcessor
from viber.observability import ConsoleFormatter, JsonFormatter, RedactingFilter

Leaks = Callable[[str], list[str]]


@pytest.fixture
def said(seeds: Mapping[str, str]) -> logging.LogRecord:
    """A record in which everything stands that should not."""
    text = (
        f"keys {seeds['google key']} {seeds['project key']} {seeds['webhook secret']} card {seeds['card']} "
        f"postgres://app:{seeds['password']}@db/app authorization: Bearer {seeds['bearer']}"
    )
    fields = {
        "anon_key": seeds["anon key"],
        "settings": {"serviceRoleKey": seeds["service role key"], "GEMINI_API_KEY": seeds["gemini key"]},
        "upload_url": f"https://h/upload?upload_id={seeds['upload']}",
        "access_token": seeds["access token"],
        "headers": [
            ("apikey", seeds["anon key"]),
            (b"Authorization", f"Bearer {seeds['user JWT']}".encode()),
        ],
    }
    arguments = (text, {"api_key": seeds["gemini key"]})
    trouble = (RuntimeError, RuntimeError(text), None)
    logger = logging.getLogger("application")
    return logger.makeRecord("application", 40, "a.py", 1, "no: %s, %s", arguments, trouble, extra=fields)


@pytest.mark.parametrize("formatter", [JsonFormatter(), ConsoleFormatter(), ConsoleFormatter(colours=True)])
def test_no_line_shows_one(formatter: logging.Formatter, said: logging.LogRecord, leaks: Leaks) -> None:
    """What it says, its fields and its traceback."""
    line = formatter.format(said)
    assert "RuntimeError" in line
    assert not leaks(line)


def test_a_filtered_record_holds_none(said: logging.LogRecord, leaks: Leaks) -> None:
    """Whatever formats it afterwards; only the exception itself is still there for those who ask for it."""
    RedactingFilter().filter(said)
    said.exc_info = None
    line = logging.Formatter().format(said)
    assert "RuntimeError" in line
    assert not leaks(line + repr(vars(said)))


def test_no_event_of_structlog_shows_one(said: logging.LogRecord, leaks: Leaks) -> None:
    """The same, in its own shape."""
    names = ("exc_info", "headers", "settings", "anon_key", "upload_url", "access_token")
    event = {"event": said.getMessage()} | {name: vars(said)[name] for name in names}
    shown = RedactingProcessor()(None, "error", event)
    assert "RuntimeError" in shown["exception"]
    assert not leaks(repr(shown))
