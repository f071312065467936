"""Numbers of everything that was called."""

from __future__ import annotations

import asyncio

import pytest

from viber.errors import CircuitOpenError, SupabaseError, TimeoutError
from viber.machines import BreakerState, Trigger
from viber.observability import (
    CallFinished,
    CallRejected,
    CallWaited,
    CircuitChanged,
    FallbackUsed,
    LimitPaused,
    Metrics,
    RetryScheduled,
    ServiceMetrics,
)


def finished(
    operation: str = "select orders",
    duration: float = 0.1,
    error: BaseException | None = None,
    at: float = 10.0,
) -> CallFinished:
    return CallFinished("supabase", operation, "r", 2 if error else 1, duration, error, at)


def counted(*events: object) -> ServiceMetrics:
    metrics = Metrics()
    for event in events:
        metrics(event)  # type: ignore[arg-type]
    return metrics.snapshot()["supabase"]


def test_calls_are_counted_by_operation_and_together() -> None:
    """How many, how many attempts they took, and how long."""
    seen = counted(finished(), finished("insert orders", 0.3), finished(duration=0.5))
    assert (seen.calls, seen.attempts, seen.latency.sum) == (3, 3, pytest.approx(0.9))
    assert {name: each.calls for name, each in seen.operations.items()} == {
        "select orders": 2,
        "insert orders": 1,
    }
    assert seen.operations["select orders"].latency.mean == pytest.approx(0.3)


def test_errors_are_counted_by_their_code() -> None:
    """A code is one of few; a text of the server is none, and a cancelled call is not silent."""
    errors = (
        SupabaseError("a text", code="supabase.conflict"),
        TimeoutError("late"),
        asyncio.CancelledError(),
        KeyError("x"),
    )
    seen = counted(*(finished(error=error) for error in errors), finished())
    assert seen.errors == {"supabase.conflict": 1, TimeoutError.code: 1, "cancelled": 1, "KeyError": 1}
    assert (seen.calls, seen.attempts) == (5, 9)


def test_retries_rejections_waits_and_fallbacks_are_counted() -> None:
    """Each by what caused it."""
    seen = counted(
        RetryScheduled("supabase", "op", "r", 1, 0.5, SupabaseError("x", code="supabase.server"), 1.0),
        RetryScheduled("supabase", "op", "r", 1, 0.5, None, 1.0),
        CallRejected("supabase", "circuit", 3.0, 1.0),
        CallRejected("supabase", "rate limit", 3.0, 1.0),
        CallWaited("supabase", "bulkhead", 0.25, 1.0),
        FallbackUsed("supabase", ValueError(), 1.0),
    )
    assert seen.retries == {"supabase.server": 1, "unsatisfied": 1}
    assert seen.rejections == {"circuit": 1, "rate limit": 1}
    assert (seen.waits["bulkhead"].count, seen.waits["bulkhead"].sum, seen.fallbacks) == (1, 0.25, 1)


def test_changes_of_the_circuit_are_counted_and_the_last_one_kept() -> None:
    """So that a reader knows why and since when."""
    change = CircuitChanged("supabase", BreakerState.CLOSED, BreakerState.OPEN, Trigger.THRESHOLD, 1.0)
    seen = counted(change, change)
    assert (seen.changes, seen.last_change) == (2, change)


def test_what_has_no_number_is_left_out() -> None:
    """A pause of a limiter is an event, and no number."""
    metrics = Metrics()
    metrics(LimitPaused("supabase", 3.0, 1.0))
    assert metrics.snapshot() == {}


def test_recent_is_the_last_minute() -> None:
    """By the clock that it is given; without one, by the latest call."""
    now = [0.0]
    metrics = Metrics(lambda: now[0])
    metrics(finished(at=5.0))
    metrics(finished(at=65.0))
    now[0] = 65.0
    assert (metrics.snapshot()["supabase"].recent.count, metrics.snapshot()["supabase"].latency.count) == (
        1,
        2,
    )
    now[0] = 200.0
    assert metrics.snapshot()["supabase"].recent.count == 0


def test_a_snapshot_stands_still() -> None:
    """What happens later is in the next one."""
    metrics = Metrics()
    metrics(finished(error=KeyError()))
    before = metrics.snapshot()["supabase"]
    metrics(finished(error=KeyError()))
    assert (before.calls, before.errors) == (1, {"KeyError": 1})


def test_operations_are_bounded() -> None:
    """After the 200th all others are counted as one, and no call is lost."""
    seen = counted(*(finished(f"select t{number}") for number in range(250)))
    assert (len(seen.operations), seen.calls) == (201, 250)
    assert seen.operations["other operations"].calls == 50


def test_a_call_that_was_turned_away_has_no_latency() -> None:
    """It is counted with its code; its microseconds would hide how slow the service is."""
    rejected = CallFinished("supabase", "select orders", "r", 0, 0.00001, CircuitOpenError("supabase"), 10.0)
    seen = counted(finished(duration=0.5), rejected, rejected)
    assert (seen.calls, seen.errors, seen.latency.count) == (3, {"circuit.open": 2}, 1)
    assert seen.operations["select orders"].latency.p50 == 0.5
