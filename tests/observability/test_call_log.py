"""Events as lines of the log."""

from __future__ import annotations

import logging

import pytest

from viber.errors import ConfigurationError, Delivery, SupabaseError
from viber.machines import BreakerState, Trigger
from viber.observability import (
    CallFinished,
    CallLog,
    CallRejected,
    CallWaited,
    ChaosInjected,
    CircuitChanged,
    Event,
    FallbackUsed,
    LimitPaused,
    RequestTimed,
    RetryScheduled,
)


def finished(error: BaseException | None = None, duration: float = 0.1) -> CallFinished:
    return CallFinished("supabase", "select orders", "r1", 2, duration, error, 10.0)


def written(
    caplog: pytest.LogCaptureFixture, event: Event, log: CallLog | None = None
) -> logging.LogRecord | None:
    with caplog.at_level(logging.DEBUG, "viber.calls"):
        (log or CallLog())(event)
    return caplog.records[-1] if caplog.records else None


def test_a_call_is_one_line_with_its_facts(caplog: pytest.LogCaptureFixture) -> None:
    """Service, operation, attempts, duration and request id are fields."""
    line = written(caplog, finished())
    assert line is not None
    assert line.getMessage() == "supabase: select orders succeeded"
    assert line.levelno == logging.INFO
    facts = {
        "service": "supabase",
        "operation": "select orders",
        "attempts": 2,
        "duration": 0.1,
        "request_id": "r1",
    }
    assert facts.items() <= line.__dict__.items()


def test_a_failure_says_why_and_whether_the_server_may_have_acted(caplog: pytest.LogCaptureFixture) -> None:
    """By code, reason, status and delivery; details, which hold data, are left out."""
    error = SupabaseError("no", status=503, delivery=Delivery.UNKNOWN, details={"key": "ada@example.com"})
    line = written(caplog, finished(error))
    assert line is not None
    assert line.levelno == logging.WARNING
    facts = {
        "error": "SupabaseError",
        "code": error.code,
        "reason": "no",
        "status": 503,
        "delivery": "unknown",
    }
    assert facts.items() <= line.__dict__.items()
    assert "ada" not in str(line.__dict__)


@pytest.mark.parametrize(
    ("error", "level"),
    [
        (ConfigurationError("no url"), logging.ERROR),
        (ValueError("foreign"), logging.WARNING),
        (KeyboardInterrupt(), logging.INFO),
    ],
)
def test_the_level_says_whose_fault_it_is(
    caplog: pytest.LogCaptureFixture, error: BaseException, level: int
) -> None:
    """A defect is an error, an expected failure a warning, and a cancelled call neither."""
    line = written(caplog, finished(error))
    assert line is not None
    assert line.levelno == level


def test_successes_are_sampled_failures_and_slow_calls_are_not(caplog: pytest.LogCaptureFixture) -> None:
    """What went well is written as often as asked, everything else always."""
    log = CallLog(sample=0.25, slow=1.0, rng=iter([0.2, 0.25]).__next__)
    for event in (finished(), finished(), finished(duration=1.0), finished(ValueError())):
        written(caplog, event, log)
    assert [line.getMessage().rpartition("orders ")[2] for line in caplog.records] == [
        "succeeded",
        "was slow",
        "failed",
    ]


@pytest.mark.parametrize(
    ("event", "level", "message"),
    [
        (RetryScheduled("s", "op", "r", 1, 0.5, ValueError(), 0.0), logging.DEBUG, "s: op is tried again"),
        (RetryScheduled("s", "op", "r", 1, 0.5, None, 0.0), logging.DEBUG, "s: op is tried again"),
        (RequestTimed("s", "op", "r", 1, 200, 0.0, 0.1, 0.2, 0.3, 0.0), logging.DEBUG, "s: op was sent"),
        (
            CircuitChanged("s", BreakerState.CLOSED, BreakerState.OPEN, Trigger.THRESHOLD, 0.0),
            logging.WARNING,
            "s: circuit open",
        ),
        (
            CircuitChanged("s", BreakerState.HALF_OPEN, BreakerState.CLOSED, Trigger.RECOVERED, 0.0),
            logging.INFO,
            "s: circuit closed",
        ),
        (CallRejected("s", "circuit", 3.0, 0.0), logging.DEBUG, "s: circuit rejected a call"),
        (CallWaited("s", "bulkhead", 3.0, 0.0), logging.DEBUG, "s: bulkhead let a call wait"),
        (LimitPaused("s", 3.0, 0.0), logging.WARNING, "s: the service asks for a pause"),
        (FallbackUsed("s", ValueError(), 0.0), logging.WARNING, "s: a fallback answered"),
        (ChaosInjected("s", "fault", 0.0), logging.DEBUG, "s: ChaosInjected"),
    ],
)
def test_every_event_has_a_line(
    caplog: pytest.LogCaptureFixture, event: Event, level: int, message: str
) -> None:
    """Nothing above DEBUG is written for an attempt that is repeated."""
    line = written(caplog, event)
    assert line is not None
    assert (line.levelno, line.getMessage()) == (level, message)


def test_nothing_is_built_for_a_level_that_is_off(caplog: pytest.LogCaptureFixture) -> None:
    """A line that nobody reads costs its check."""
    with caplog.at_level(logging.ERROR, "viber.calls"):
        CallLog()(finished())
    assert not caplog.records


@pytest.mark.parametrize("sample", [-0.1, 1.1])
def test_a_share_is_from_0_to_1(sample: float) -> None:
    """Anything else is refused."""
    with pytest.raises(ValueError, match=r"from 0\.0 to 1\.0"):
        CallLog(sample=sample)
