"""When a closed circuit opens."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable

import pytest

from viber.machines import Breaker, BreakerState, Grant, Trigger, Verdict

MakeBreaker = Callable[..., Breaker]
Fail = Callable[..., object]


def give(breaker: Breaker, now: float) -> Grant:
    grant = breaker.acquire(now)
    assert isinstance(grant, Grant)
    return grant


@pytest.mark.parametrize(
    ("moments", "opens"),
    [
        pytest.param([0.0, 0.0, 0.0], True, id="at-once"),
        pytest.param([0.0, 5.0, math.nextafter(10.0, 0)], True, id="just-inside-the-window"),
        pytest.param([0.0, 5.0, 10.0], False, id="exactly-one-window-apart"),
        pytest.param([0.0, 5.0, 10.5], False, id="just-outside-the-window"),
        pytest.param([0.0, 9.0, 11.0, 12.0], True, id="the-window-slides"),
        pytest.param([0.0, 6.0, 12.0, 18.0, 24.0], False, id="slow-drip"),
        pytest.param([9.9, 10.0, 10.1], True, id="across-an-aligned-bucket"),
    ],
)
def test_failures_within_the_last_window_open_it(
    make_breaker: MakeBreaker,
    fail: Fail,
    moments: list[float],
    opens: bool,  # noqa: FBT001
) -> None:
    """It opens when `failure_threshold` failures lie within the last `monitor_window` seconds, exactly."""
    breaker = make_breaker(failure_threshold=3, monitor_window=10.0)
    for now in moments:
        fail(breaker, now)
    assert breaker.state is (BreakerState.OPEN if opens else BreakerState.CLOSED)


def test_one_failure_less_than_the_threshold_does_not_open_it(make_breaker: MakeBreaker, fail: Fail) -> None:
    """The threshold is a number of failures, not one more and not one less."""
    breaker = make_breaker(failure_threshold=3)
    fail(breaker, 0, times=2)
    assert breaker.state is BreakerState.CLOSED
    fail(breaker, 0)
    assert breaker.state is BreakerState.OPEN


def test_a_success_erases_no_failure(make_breaker: MakeBreaker, fail: Fail) -> None:
    """Half the calls failing is no health, however well they alternate with good ones."""
    breaker = make_breaker(failure_threshold=3)
    for now in range(3):
        breaker.settle(give(breaker, now), Verdict.SUCCESS, now)
        fail(breaker, now)
    assert breaker.state is BreakerState.OPEN


def test_an_ignored_result_neither_counts_nor_clears(make_breaker: MakeBreaker, fail: Fail) -> None:
    """No news moves nothing: neither towards opening nor away from it."""
    breaker = make_breaker(failure_threshold=3)
    fail(breaker, 0, times=2)
    for _ in range(10):
        breaker.settle(give(breaker, 0), Verdict.IGNORED, 0)
    assert breaker.snapshot(0).failures == 2
    fail(breaker, 0)
    assert breaker.state is BreakerState.OPEN


def test_a_failure_counts_when_it_is_known(make_breaker: MakeBreaker) -> None:
    """A failure belongs to the moment of its report, not to that of its grant."""
    breaker = make_breaker(failure_threshold=2, monitor_window=10.0)
    slow, quick = give(breaker, 0), give(breaker, 20)
    breaker.settle(slow, Verdict.FAILURE, 20)
    breaker.settle(quick, Verdict.FAILURE, 21)
    assert breaker.state is BreakerState.OPEN


def test_failures_from_before_the_opening_do_not_trip_the_recovered_circuit(
    make_breaker: MakeBreaker, fail: Fail
) -> None:
    """Calls that hung through opening and recovery are news of a world that is gone."""
    breaker = make_breaker(failure_threshold=3, success_threshold=1)
    hung = [give(breaker, 0) for _ in range(10)]
    fail(breaker, 0, times=3)
    breaker.settle(give(breaker, 60), Verdict.SUCCESS, 60)
    changes = [breaker.settle(grant, Verdict.FAILURE, 61) for grant in hung]
    assert changes == [None] * 10
    assert breaker.snapshot(61).failures == 0


def test_a_late_failure_does_not_extend_the_open_time(make_breaker: MakeBreaker, fail: Fail) -> None:
    """While open, results of earlier calls change nothing: the next probe goes when it was due."""
    breaker = make_breaker()
    hung = give(breaker, 0)
    fail(breaker, 0, times=3)
    breaker.settle(hung, Verdict.FAILURE, 59)
    assert breaker.snapshot(59).retry_after == 1
    assert isinstance(breaker.acquire(60), Grant)


def test_the_snapshot_counts_what_lies_in_the_window(make_breaker: MakeBreaker, fail: Fail) -> None:
    """Failures that have left the window are not shown."""
    breaker = make_breaker(failure_threshold=5, monitor_window=10.0)
    fail(breaker, 0)
    fail(breaker, 4)
    assert [breaker.snapshot(now).failures for now in (4, 9.9, 10, 14)] == [2, 2, 1, 0]


def test_memory_is_bounded_whatever_the_traffic(make_breaker: MakeBreaker) -> None:
    """A hundred thousand calls leave no more behind than the threshold needs."""
    breaker = make_breaker(failure_threshold=5, monitor_window=0.001)
    for now in range(100_000):
        breaker.settle(give(breaker, now), Verdict.FAILURE, now)
    assert breaker.state is BreakerState.CLOSED
    assert sys.getsizeof(breaker._failures._times) < 200


def test_a_closed_circuit_gives_everybody_the_same_grant(make_breaker: MakeBreaker) -> None:
    """Nothing is allocated for an ordinary call, so nothing has to come back."""
    breaker = make_breaker()
    assert give(breaker, 0) is give(breaker, 1)


def test_a_clock_that_steps_back_does_no_harm(make_breaker: MakeBreaker, fail: Fail) -> None:
    """Earlier times than before raise nothing, close nothing, and cost no more than the step itself."""
    breaker = make_breaker()
    fail(breaker, 100, times=3)
    assert not isinstance(breaker.acquire(50), Grant)
    assert breaker.state is BreakerState.OPEN
    assert isinstance(breaker.acquire(160), Grant)


def test_a_broken_stream_is_a_failure_more(make_breaker: MakeBreaker, fail: Fail) -> None:
    """A call that was a success and broke afterwards counts as a failure, at the time it broke."""
    breaker = make_breaker(failure_threshold=3)
    streaming = give(breaker, 0)
    breaker.settle(streaming, Verdict.SUCCESS, 0)
    fail(breaker, 20, times=2)
    change = breaker.interrupt(streaming, 20)
    assert change is not None
    assert change.trigger is Trigger.THRESHOLD
