"""The last events, as lines."""

import asyncio
from math import inf
from typing import Any

import pytest

from viber.dashboard._feed import Feed
from viber.errors import CircuitOpenError, ServerError
from viber.machines import BreakerState, CircuitBreakerConfig, Trigger
from viber.observability import (
    CallFinished,
    CallRejected,
    CallWaited,
    ChaosInjected,
    CircuitChanged,
    CircuitReconfigured,
    FallbackUsed,
    LimitPaused,
    RetryScheduled,
)

ERROR = ServerError("says hunter2")
RULES = CircuitBreakerConfig()


def changed(at: float, after: BreakerState = BreakerState.OPEN) -> CircuitChanged:
    return CircuitChanged("quotes", BreakerState.CLOSED, after, Trigger.THRESHOLD, at)


@pytest.mark.parametrize(
    ("event", "kind", "text"),
    [
        (changed(1.0, BreakerState.HALF_OPEN), "half_open", "closed → half open: failure threshold reached"),
        (CallRejected("quotes", "bulkhead", None, 1.0), "rejected", "rejected: bulkhead"),
        (CallFinished("quotes", "", "r", 1, 0.1, ERROR, 1.0), "failure", "call failed: server.error"),
        (CallFinished("quotes", "get", "r", 1, 0.1, OSError("x"), 1.0), "failure", "get failed: OSError"),
        (RetryScheduled("quotes", "get", "r", 1, 0.1, ERROR, 1.0), "retry", "get tried again: server.error"),
        (
            RetryScheduled("quotes", "get", "r", 1, 0.1, None, 1.0),
            "retry",
            "get tried again: not good enough",
        ),
        (LimitPaused("quotes", 2.5, 1.0), "paused", "paused for 2.5 s"),
        (LimitPaused("quotes", inf, 1.0), "paused", "paused for good"),
        (FallbackUsed("quotes", ERROR, 1.0), "fallback", "a fallback answered: server.error"),
        (CircuitReconfigured("quotes", RULES, RULES, 1.0), "rules", "circuit goes on by other rules"),
        (ChaosInjected("quotes", "latency", 1.0), "chaos", "disturbed on purpose: latency"),
    ],
)
def test_an_event_is_a_line(event: Any, kind: str, text: str) -> None:
    """With the code of an error, and never its message."""
    feed = Feed()
    feed(event)
    [line] = feed.lines()
    assert (line.service, line.kind, line.text, line.first, line.count) == ("quotes", kind, text, 1.0, 1)


@pytest.mark.parametrize(
    "event",
    [
        CallFinished("quotes", "get", "r", 1, 0.1, None, 1.0),
        CallFinished("quotes", "get", "r", 0, 0.1, CircuitOpenError("x"), 1.0),
        CallFinished("quotes", "get", "r", 1, 0.1, asyncio.CancelledError(), 1.0),
        CallWaited("quotes", "bulkhead", 0.1, 1.0),
    ],
)
def test_what_is_usual_or_told_elsewhere_is_none(event: Any) -> None:
    """Successes, waits, cancelled calls; and a rejection is told once."""
    feed = Feed()
    feed(event)
    assert feed.lines() == []


def test_what_repeats_is_counted() -> None:
    """Until it stops for a minute: then it is something new."""
    feed = Feed()
    for at in (1.0, 2.0, 50.0, 200.0):
        feed(CallRejected("quotes", "circuit", None, at))
    [line] = feed.lines()
    assert (line.first, line.last, line.count) == (200.0, 200.0, 1)
    feed(CallRejected("quotes", "circuit", None, 210.0))
    assert feed.lines()[0].count == 2


def test_no_flood_pushes_the_changes_out() -> None:
    """Fifty lines are kept, and the newest come first."""
    feed = Feed()
    feed(changed(1.0))
    for number in range(500):
        feed(CallFinished("quotes", f"operation {number}", "r", 1, 0.1, ERROR, 2.0))
    feed(changed(3.0, BreakerState.CLOSED))
    lines = feed.lines()
    assert len(lines) == 50
    assert [lines[0].kind, lines[1].kind] == ["closed", "failure"]
    assert "open" in {line.kind for line in feed._changes}


def test_a_change_is_told_once() -> None:
    """It may be heard, and read from the metrics as the last one."""
    feed = Feed()
    feed(changed(1.0))
    feed.change(changed(1.0))
    assert len(feed.lines()) == 1


def test_a_line_tells_how_long_ago() -> None:
    """And never of the future."""
    feed = Feed()
    feed(changed(10.0))
    [line] = feed.lines()
    assert line.to_json(12.5)["ago"] == 2.5
    assert line.to_json(9.0)["ago"] == 0.0
