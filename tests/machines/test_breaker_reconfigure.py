"""What a breaker keeps when its rules change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from viber.machines import (
    Breaker,
    BreakerState,
    CircuitBreakerConfig,
    Grant,
    Rejection,
    Trigger,
    Verdict,
)

MakeBreaker = Callable[..., Breaker]
Fail = Callable[..., Any]


def change(breaker: Breaker, now: float, **fields: Any) -> None:
    """The same rules but for these."""
    breaker.reconfigure(CircuitBreakerConfig(**{**breaker.config.model_dump(), **fields}), now)


def probe(breaker: Breaker, now: float) -> Grant:
    grant = breaker.acquire(now)
    assert isinstance(grant, Grant)
    return grant


@pytest.mark.parametrize("trigger", [None, Trigger.ISOLATE, Trigger.DISABLE, Trigger.RESET])
def test_state_and_generation_stay(make_breaker: MakeBreaker, trigger: Trigger | None) -> None:
    """New rules are no news of the service: nothing moves, and no grant becomes stale."""
    breaker = make_breaker()
    if trigger:
        breaker.force(trigger, 0)
    before = breaker.snapshot(0)
    change(breaker, 0, failure_threshold=1, failure_rate=0.1, minimum_calls=1)
    after = breaker.snapshot(0)
    assert (after.state, after.generation, after.since) == (before.state, before.generation, before.since)


def test_failures_are_kept(make_breaker: MakeBreaker, fail: Fail) -> None:
    """Two failures out of three are two out of five."""
    breaker = make_breaker(failure_threshold=3)
    fail(breaker, 0, times=2)
    change(breaker, 0, failure_threshold=5)
    assert breaker.snapshot(0).failures == 2
    fail(breaker, 0, times=3)
    assert breaker.state is BreakerState.OPEN


def test_of_more_failures_than_are_needed_the_newest_are_kept(make_breaker: MakeBreaker, fail: Fail) -> None:
    """A lower threshold looks back on the last failures, and opens with the next."""
    breaker = make_breaker(failure_threshold=5, monitor_window=10.0)
    for now in (0, 6, 7):
        fail(breaker, now)
    change(breaker, 7, failure_threshold=2)
    assert [breaker.snapshot(now).failures for now in (7, 16, 17)] == [2, 1, 0]
    assert breaker.state is BreakerState.CLOSED
    assert fail(breaker, 8).trigger is Trigger.THRESHOLD


def test_a_shorter_window_forgets_at_once(make_breaker: MakeBreaker, fail: Fail) -> None:
    """Failures are held against the window that is in force."""
    breaker = make_breaker(failure_threshold=3, monitor_window=10.0)
    fail(breaker, 0, times=2)
    change(breaker, 5, monitor_window=5.0)
    assert breaker.snapshot(5).failures == 0


def test_calls_are_kept_while_the_window_is_the_same(make_breaker: MakeBreaker) -> None:
    """Another rate, minimum or duration looks back on the same calls."""
    breaker = make_breaker(failure_threshold=None, failure_rate=0.9, minimum_calls=50)
    for verdict in (Verdict.FAILURE, Verdict.FAILURE, Verdict.SUCCESS):
        breaker.settle(probe(breaker, 0), verdict, 0)
    change(breaker, 0, failure_rate=0.5, minimum_calls=4)
    assert breaker.snapshot(0).calls == 3
    moved = breaker.settle(probe(breaker, 0), Verdict.SUCCESS, 0)
    assert moved is not None
    assert moved.trigger is Trigger.FAILURE_RATE


def test_calls_of_another_window_are_forgotten(make_breaker: MakeBreaker, fail: Fail) -> None:
    """Slices of one width say nothing of another; the exact failures are kept."""
    breaker = make_breaker(failure_threshold=9, failure_rate=1.0, monitor_window=10.0)
    fail(breaker, 0, times=2)
    change(breaker, 0, monitor_window=20.0)
    seen = breaker.snapshot(0)
    assert (seen.calls, seen.failures) == (0, 2)


@pytest.mark.parametrize("has_rates", [True, False])
def test_the_standing_grant_learns_whether_good_news_matters(
    make_breaker: MakeBreaker,
    has_rates: bool,  # noqa: FBT001
) -> None:
    """Calls that are out already report their success by the new rules."""
    breaker = make_breaker(failure_rate=None if has_rates else 0.5)
    out = probe(breaker, 0)
    change(breaker, 0, failure_rate=0.5 if has_rates else None)
    assert out.counts is has_rates
    breaker.settle(out, Verdict.SUCCESS, 0)
    assert breaker.snapshot(0).calls == has_rates


def test_an_open_circuit_opens_no_later(make_breaker: MakeBreaker, fail: Fail) -> None:
    """A shorter bound holds at once; a longer open time holds the next time."""
    breaker = make_breaker(reset_timeout=60.0)
    fail(breaker, 0, times=3)
    change(breaker, 10, reset_timeout=500.0)
    assert breaker.acquire(10) == Rejection(50)
    change(breaker, 10, reset_timeout=5.0, max_reset_timeout=20.0)
    assert (breaker.acquire(10), breaker.shut_until) == (Rejection(20), 30)
    change(breaker, 25, max_reset_timeout=300.0)
    assert breaker.acquire(25) == Rejection(5)


def test_probes_keep_their_places_and_leases(make_breaker: MakeBreaker, fail: Fail) -> None:
    """With less room, those that are out stay out, and none is added until there is room again."""
    breaker = make_breaker(half_open_max_calls=2, probe_lease=30.0)
    fail(breaker, 0, times=3)
    first, second = probe(breaker, 60), probe(breaker, 60)
    change(breaker, 60, half_open_max_calls=1, success_threshold=3, probe_lease=1.0)
    assert (breaker.snapshot(60).probes, first.expires_at) == (2, 90)
    breaker.settle(first, Verdict.SUCCESS, 61)
    assert isinstance(breaker.acquire(61), Rejection)
    breaker.settle(second, Verdict.SUCCESS, 61)
    assert probe(breaker, 61).expires_at == 62


def test_good_probes_are_kept(make_breaker: MakeBreaker, fail: Fail) -> None:
    """A lower demand is met with the next good probe."""
    breaker = make_breaker(half_open_max_calls=1, success_threshold=5)
    fail(breaker, 0, times=3)
    for _ in range(3):
        breaker.settle(probe(breaker, 60), Verdict.SUCCESS, 60)
    change(breaker, 60, success_threshold=2)
    assert breaker.state is BreakerState.HALF_OPEN
    breaker.settle(probe(breaker, 60), Verdict.SUCCESS, 60)
    assert breaker.state is BreakerState.CLOSED


def test_failed_recoveries_are_kept(make_breaker: MakeBreaker, fail: Fail) -> None:
    """The open time goes on growing from where it was."""
    breaker = make_breaker(reset_timeout=60.0, reset_backoff=2.0)
    fail(breaker, 0, times=3)
    fail(breaker, 60)
    change(breaker, 60, reset_timeout=10.0)
    fail(breaker, 180)
    assert breaker.acquire(180) == Rejection(40)


def test_the_threshold_may_come_and_go(make_breaker: MakeBreaker, fail: Fail) -> None:
    """Without one no failure is remembered, so with one again counting begins anew."""
    breaker = make_breaker(failure_threshold=3, failure_rate=1.0, minimum_calls=100)
    fail(breaker, 0, times=2)
    change(breaker, 0, failure_threshold=None)
    fail(breaker, 0, times=2)
    change(breaker, 0, failure_threshold=3)
    fail(breaker, 0, times=2)
    assert breaker.state is BreakerState.CLOSED
    fail(breaker, 0)
    assert breaker.state is BreakerState.OPEN
