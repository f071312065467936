"""When a circuit opens by the share of its calls that failed or was slow."""

from __future__ import annotations

import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from viber.machines import Breaker, BreakerState, Grant, Rejection, Transition, Trigger, Verdict
from viber.machines._buckets import SLICES

MakeBreaker = Callable[..., Breaker]

GOOD, BAD, NO_NEWS = Verdict.SUCCESS, Verdict.FAILURE, Verdict.IGNORED
RATE: dict[str, Any] = {"failure_threshold": None, "failure_rate": 0.5, "minimum_calls": 4}
SLOW: dict[str, Any] = {
    "failure_threshold": None,
    "slow_call_duration": 2.0,
    "slow_call_rate": 0.5,
    "minimum_calls": 4,
}


def call(
    breaker: Breaker, verdict: Verdict, now: float = 0.0, *, times: int = 1, **how: Any
) -> Transition | None:
    """Let calls be granted and end at one moment; returns what the last one changed."""
    change = None
    for _ in range(times):
        grant = breaker.acquire(now)
        assert isinstance(grant, Grant)
        change = breaker.settle(grant, verdict, now, **how)
    return change


def trigger_of(change: Transition | None) -> Trigger | None:
    return change.trigger if change else None


def open_by_rate(breaker: Breaker) -> None:
    call(breaker, BAD, times=4)
    assert breaker.state is BreakerState.OPEN


def test_a_rate_that_is_reached_opens_it(make_breaker: MakeBreaker) -> None:
    """Half of the calls failed is enough where half is the limit."""
    breaker = make_breaker(**RATE)
    call(breaker, GOOD, times=2)
    call(breaker, BAD)
    assert trigger_of(call(breaker, BAD)) is Trigger.FAILURE_RATE


def test_a_rate_that_is_not_reached_does_not(make_breaker: MakeBreaker) -> None:
    """One failure less than the share changes nothing, however many calls there are."""
    breaker = make_breaker(**RATE)
    for _ in range(100):
        call(breaker, GOOD, times=2)
        call(breaker, BAD)
    assert breaker.state is BreakerState.CLOSED


@pytest.mark.parametrize("percent", range(1, 101))
def test_no_rate_is_missed_by_rounding(make_breaker: MakeBreaker, percent: int) -> None:
    """For every whole percentage it opens with the first failure that reaches it, and with none before."""
    share = Fraction(percent, 100)
    calls, bad = share.denominator, share.numerator
    breaker = make_breaker(failure_threshold=None, failure_rate=percent / 100, minimum_calls=calls)
    call(breaker, GOOD, times=calls - bad)
    call(breaker, BAD, times=bad - 1)
    assert breaker.state is BreakerState.CLOSED
    assert trigger_of(call(breaker, BAD)) is Trigger.FAILURE_RATE


def test_a_rate_of_too_few_calls_means_nothing(make_breaker: MakeBreaker) -> None:
    """Before `minimum_calls` lie within the window, not even failures alone open it."""
    breaker = make_breaker(**RATE)
    call(breaker, BAD, times=3)
    assert breaker.state is BreakerState.CLOSED
    assert trigger_of(call(breaker, BAD)) is Trigger.FAILURE_RATE


def test_a_good_call_may_be_the_one_that_completes_the_minimum(make_breaker: MakeBreaker) -> None:
    """The rate is looked at with every result, since a success can make it meaningful."""
    breaker = make_breaker(**RATE)
    call(breaker, BAD, times=3)
    assert trigger_of(call(breaker, GOOD)) is Trigger.FAILURE_RATE


def test_the_minimum_lies_within_the_window(make_breaker: MakeBreaker) -> None:
    """Calls that have left the window do not count towards the minimum."""
    breaker = make_breaker(**RATE, monitor_window=10.0)
    call(breaker, BAD, now=0, times=3)
    call(breaker, BAD, now=10, times=3)
    assert breaker.state is BreakerState.CLOSED
    assert breaker.snapshot(10).calls == 3


def test_calls_count_for_nine_tenths_of_the_window_at_least(make_breaker: MakeBreaker) -> None:
    """The documented bound: only of the oldest tenth some may be forgotten early."""
    breaker = make_breaker(**RATE, monitor_window=10.0)
    call(breaker, BAD, now=0.999, times=3)
    assert [breaker.snapshot(now).calls for now in (0.999, 9.999, 10.0)] == [3, 3, 0]
    assert trigger_of(call(breaker, BAD, now=9.999)) is Trigger.FAILURE_RATE


def test_an_ignored_result_is_no_call(make_breaker: MakeBreaker) -> None:
    """No news neither completes the minimum nor thins the failures out."""
    breaker = make_breaker(**RATE)
    call(breaker, BAD, times=3)
    call(breaker, NO_NEWS, times=100, elapsed=1000.0)
    assert (breaker.snapshot(0).calls, breaker.state) == (3, BreakerState.CLOSED)
    call(breaker, BAD)
    assert breaker.state is BreakerState.OPEN


def test_without_a_threshold_failures_alone_do_not_open_it(make_breaker: MakeBreaker) -> None:
    """With `failure_threshold=None` only the rates decide, and no failure is remembered one by one."""
    breaker = make_breaker(failure_threshold=None, failure_rate=0.9, minimum_calls=1000)
    call(breaker, BAD, times=999)
    assert (breaker.state, breaker.snapshot(0).failures) == (BreakerState.CLOSED, 0)


def test_a_threshold_beside_a_rate_opens_it_first(make_breaker: MakeBreaker) -> None:
    """Whichever rule is met first opens it; of two at once the count is named."""
    breaker = make_breaker(failure_threshold=3, failure_rate=0.5, minimum_calls=3)
    call(breaker, BAD, times=2)
    assert trigger_of(call(breaker, BAD)) is Trigger.THRESHOLD


def test_slow_calls_open_it(make_breaker: MakeBreaker) -> None:
    """Half of the calls taking `slow_call_duration` is enough where half is the limit, good as they were."""
    breaker = make_breaker(**SLOW)
    call(breaker, GOOD, times=2, elapsed=1.999)
    call(breaker, GOOD, elapsed=2.0)
    assert trigger_of(call(breaker, GOOD, elapsed=2.0)) is Trigger.SLOW_RATE


def test_quick_failures_are_not_slow(make_breaker: MakeBreaker) -> None:
    """Where only slow calls are counted, failing at once opens nothing."""
    breaker = make_breaker(**SLOW)
    call(breaker, BAD, times=20, elapsed=0.01)
    assert breaker.state is BreakerState.CLOSED
    assert breaker.snapshot(0).slow_call_rate == 0.0


def test_calls_of_unknown_length_are_not_slow(make_breaker: MakeBreaker) -> None:
    """Nobody is blamed for what was not measured."""
    breaker = make_breaker(**SLOW)
    call(breaker, GOOD, times=20)
    assert breaker.snapshot(0).slow_call_rate == 0.0


def test_a_slow_failure_is_both(make_breaker: MakeBreaker) -> None:
    """It counts once as a call, in either share."""
    breaker = make_breaker(**{**SLOW, "failure_rate": 1.0})
    call(breaker, GOOD, elapsed=0.1)
    call(breaker, BAD, elapsed=5.0)
    seen = breaker.snapshot(0)
    assert (seen.calls, seen.failure_rate, seen.slow_call_rate) == (2, 0.5, 0.5)


def test_a_slow_probe_is_a_failed_one(make_breaker: MakeBreaker) -> None:
    """A service that answers too late is not well yet, whatever it says."""
    breaker = make_breaker(**SLOW, reset_timeout=60.0)
    call(breaker, GOOD, times=4, elapsed=2.0)
    change = call(breaker, GOOD, now=60, elapsed=2.0)
    assert trigger_of(change) is Trigger.RELAPSED
    assert breaker.acquire(60) == Rejection(60)


def test_a_quick_probe_is_a_good_one(make_breaker: MakeBreaker) -> None:
    """Just below the limit is fast enough."""
    breaker = make_breaker(**SLOW)
    call(breaker, GOOD, times=4, elapsed=2.0)
    assert trigger_of(call(breaker, GOOD, now=60, times=2, elapsed=1.999)) is Trigger.RECOVERED


def test_a_slow_ignored_probe_only_gives_its_place_back(make_breaker: MakeBreaker) -> None:
    """A cancellation after a long wait is no news, neither good nor bad."""
    breaker = make_breaker(**SLOW)
    call(breaker, GOOD, times=4, elapsed=2.0)
    assert call(breaker, NO_NEWS, now=60, elapsed=50.0) is None
    assert (breaker.state, breaker.snapshot(60).probes) == (BreakerState.HALF_OPEN, 0)


def test_a_recovered_circuit_counts_anew(make_breaker: MakeBreaker) -> None:
    """Calls from before the opening are in no rate afterwards, though the window still holds them."""
    breaker = make_breaker(**RATE, monitor_window=600.0, reset_timeout=1.0)
    open_by_rate(breaker)
    call(breaker, GOOD, now=1, times=2)
    assert breaker.snapshot(1).calls == 0
    call(breaker, BAD, now=1, times=3)
    assert breaker.state is BreakerState.CLOSED


def test_a_late_result_is_in_no_rate(make_breaker: MakeBreaker) -> None:
    """What comes back in a later generation is counted nowhere."""
    breaker = make_breaker(**RATE)
    hung = breaker.acquire(0)
    assert isinstance(hung, Grant)
    breaker.force(Trigger.RESET, 0)
    breaker.settle(hung, BAD, 0, elapsed=9.0)
    assert breaker.snapshot(0).calls == 0


def test_a_disabled_breaker_counts_rates_and_never_rejects(make_breaker: MakeBreaker) -> None:
    """The share is seen, and has no effect."""
    breaker = make_breaker(**RATE)
    breaker.force(Trigger.DISABLE, 0)
    call(breaker, BAD, times=10)
    assert (breaker.snapshot(0).failure_rate, breaker.state) == (1.0, BreakerState.DISABLED)


def test_a_broken_stream_is_a_failed_call_more(make_breaker: MakeBreaker) -> None:
    """It counts beside the success that it had been, and may open the circuit."""
    breaker = make_breaker(**RATE)
    streams = [breaker.acquire(0) for _ in range(2)]
    changes = []
    for stream in streams:
        assert isinstance(stream, Grant)
        breaker.settle(stream, GOOD, 0)
        changes.append(trigger_of(breaker.interrupt(stream, 1)))
    assert changes == [None, Trigger.FAILURE_RATE]


def test_the_call_that_opens_it_may_bring_the_server_s_wish(make_breaker: MakeBreaker) -> None:
    """Retry-After lengthens the open time, also on an answer that is no failure."""
    breaker = make_breaker(**RATE, reset_timeout=60.0)
    call(breaker, BAD, times=3)
    call(breaker, GOOD, retry_after=100.0)
    assert breaker.acquire(0) == Rejection(100)


def test_nothing_called_has_no_rate(make_breaker: MakeBreaker) -> None:
    """A share of nothing is None, and so is one that nobody asked for."""
    seen = [make_breaker(**RATE).snapshot(0), make_breaker().snapshot(0)]
    assert [(s.calls, s.failure_rate, s.slow_call_rate) for s in seen] == [(0, None, None)] * 2


def test_memory_is_bounded_whatever_the_traffic(make_breaker: MakeBreaker) -> None:
    """A hundred thousand calls leave ten slices behind."""
    breaker = make_breaker(failure_threshold=None, failure_rate=0.5, monitor_window=600.0)
    for now in range(100_000):
        call(breaker, GOOD, now=now / 100, elapsed=1.0)
    recent = breaker._recent
    assert recent is not None
    assert len(recent._slices) == SLICES
    assert sum(sys.getsizeof(part) for part in recent._slices) < 1000


@pytest.mark.parametrize(("rules", "counts"), [({}, False), (RATE, True), (SLOW, True)], ids=str)
def test_a_grant_says_whether_good_news_matters(
    make_breaker: MakeBreaker,
    rules: dict[str, Any],
    counts: bool,  # noqa: FBT001
) -> None:
    """Where only failures are counted, an ordinary success need not be reported; a probe's always is."""
    breaker = make_breaker(**rules)
    assert breaker.standing is not None
    assert breaker.standing.counts is counts
    breaker.force(Trigger.ISOLATE, 0)
    assert breaker.standing is None
