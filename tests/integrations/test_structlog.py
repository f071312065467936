"""Processors for structlog."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import structlog

from viber.integrations.structlog import RedactingProcessor, add_log_context
from viber.observability import Redactor, log_context


@pytest.fixture
def lines() -> list[Any]:
    return []


@pytest.fixture
def log(lines: list[Any]) -> Any:
    """A logger whose events end in `lines`, as they would be rendered."""

    def keep(_logger: Any, _name: str, event: Any) -> str:
        lines.append(event)
        raise structlog.DropEvent

    return structlog.wrap_logger(None, processors=[add_log_context, RedactingProcessor(), keep])


def test_text_and_fields_lose_their_secrets(log: Any, lines: list[Any]) -> None:
    """By the name in front of them, or by their shape."""
    log.info("sent Bearer abc.def", api_key="k", user={"password": "p"}, tries=2)
    assert lines == [
        {
            "event": "sent Bearer [redacted]",
            "api_key": "[redacted]",
            "user": {"password": "[redacted]"},
            "tries": 2,
        }
    ]


FAILURE = ValueError("password=hunter2")


@pytest.mark.parametrize("given", [True, FAILURE, (ValueError, FAILURE, None)])
def test_an_exception_becomes_text_without_secrets(given: Any, log: Any, lines: list[Any]) -> None:
    """However it was given: a renderer behind it finds nothing whose variables it could show."""
    try:
        raise FAILURE
    except ValueError:
        log.exception("failed", exc_info=given)
    [line] = lines
    assert "exc_info" not in line
    assert "ValueError: password=[redacted]" in line["exception"]


def test_the_context_is_on_every_line(log: Any, lines: list[Any]) -> None:
    """What the line says itself holds."""
    with log_context(request_id="r-1", user="ada"):
        log.info("hello", user="bob")
    assert lines == [{"request_id": "r-1", "user": "bob", "event": "hello"}]


def test_a_redactor_of_ones_own_may_be_given() -> None:
    """With names that only this application knows."""
    process = RedactingProcessor(Redactor(names=["shoe_size"]))
    assert process(None, "info", {"event": "x", "shoeSize": 38})["shoeSize"] == "[redacted]"


def test_a_record_of_the_standard_library_passes_through() -> None:
    """Structlog's own formatter finds it where it put it."""
    record = logging.makeLogRecord({"msg": "hello"})
    event = {"event": "hello", "_record": record, "_from_structlog": False}
    assert RedactingProcessor()(None, "info", event)["_record"] is record
