"""How long a circuit stays open."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from viber.machines import Breaker, Grant, Rejection, Trigger, Verdict

MakeBreaker = Callable[..., Breaker]
Fail = Callable[..., object]


def open_time(breaker: Breaker, now: float) -> float | None:
    answer = breaker.acquire(now)
    assert isinstance(answer, Rejection)
    return answer.retry_after


def relapse(breaker: Breaker, now: float) -> float | None:
    """Let a probe fail at that time; how long the circuit is then open."""
    grant = breaker.acquire(now)
    assert isinstance(grant, Grant)
    breaker.settle(grant, Verdict.FAILURE, now)
    return open_time(breaker, now)


def test_each_failed_recovery_lengthens_the_open_time(make_breaker: MakeBreaker, fail: Fail) -> None:
    """The open time grows by `reset_backoff` with each failed recovery, up to `max_reset_timeout`."""
    breaker = make_breaker(reset_backoff=2.0, max_reset_timeout=300.0)
    fail(breaker, 0, times=3)
    times = [open_time(breaker, 0), *(relapse(breaker, now) for now in (1000, 2000, 3000, 4000))]
    assert times == [60, 120, 240, 300, 300]


def test_the_open_time_stays_finite(make_breaker: MakeBreaker, fail: Fail) -> None:
    """Thousands of failed recoveries do not overflow."""
    breaker = make_breaker(reset_backoff=10.0)
    fail(breaker, 0, times=3)
    assert {relapse(breaker, now * 1000.0) for now in range(2, 3000)} == {600.0}


def test_a_recovery_forgets_the_failed_ones(make_breaker: MakeBreaker, fail: Fail) -> None:
    """Once closed, the circuit opens for the first time again."""
    breaker = make_breaker(reset_backoff=2.0, success_threshold=1)
    fail(breaker, 0, times=3)
    relapse(breaker, 60)
    probe = breaker.acquire(200)
    assert isinstance(probe, Grant)
    breaker.settle(probe, Verdict.SUCCESS, 200)
    fail(breaker, 200, times=3)
    assert open_time(breaker, 200) == 60


def test_a_reset_forgets_the_failed_ones(make_breaker: MakeBreaker, fail: Fail) -> None:
    """An operator's reset begins from the start."""
    breaker = make_breaker(reset_backoff=2.0)
    fail(breaker, 0, times=3)
    relapse(breaker, 60)
    breaker.force(Trigger.RESET, 61)
    fail(breaker, 61, times=3)
    assert open_time(breaker, 61) == 60


@pytest.mark.parametrize(("chance", "seconds"), [(0.0, 60.0), (0.5, 63.0), (1.0, 66.0)])
def test_jitter_only_lengthens(make_breaker: MakeBreaker, fail: Fail, chance: float, seconds: float) -> None:
    """Chance adds up to the share `reset_jitter`, so that many processes do not probe at one moment."""
    breaker = make_breaker(reset_jitter=0.1, rng=lambda: chance)
    fail(breaker, 0, times=3)
    assert open_time(breaker, 0) == pytest.approx(seconds)


def test_jitter_keeps_below_the_cap(make_breaker: MakeBreaker, fail: Fail) -> None:
    """Not even chance exceeds `max_reset_timeout`."""
    breaker = make_breaker(max_reset_timeout=60.0, reset_jitter=1.0)
    fail(breaker, 0, times=3)
    assert open_time(breaker, 0) == 60


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        pytest.param(None, 60, id="nothing-asked"),
        pytest.param(0.0, 60, id="zero"),
        pytest.param(-5.0, 60, id="negative"),
        pytest.param(30.0, 60, id="shorter-than-ours"),
        pytest.param(90.0, 90, id="longer-than-ours"),
        pytest.param(9000.0, 600, id="longer-than-the-cap"),
        pytest.param(float("nan"), 60, id="nonsense"),
    ],
)
def test_the_server_may_ask_for_more(
    make_breaker: MakeBreaker, fail: Fail, asked: float | None, seconds: float
) -> None:
    """The open time is the server's Retry-After if that is longer, never above the cap."""
    breaker = make_breaker()
    fail(breaker, 0, times=3, retry_after=asked)
    assert open_time(breaker, 0) == seconds


def test_a_probe_may_bring_the_server_s_wish(make_breaker: MakeBreaker, fail: Fail) -> None:
    """What a failed probe was told counts too."""
    breaker = make_breaker()
    fail(breaker, 0, times=3)
    fail(breaker, 60, retry_after=100.0)
    assert open_time(breaker, 60) == 100


def test_the_snapshot_counts_the_open_time_down(make_breaker: MakeBreaker, fail: Fail) -> None:
    """`retry_after` goes to 0 and stays there until a call comes; it is None unless open."""
    breaker = make_breaker()
    assert breaker.snapshot(0).retry_after is None
    fail(breaker, 0, times=3)
    assert [breaker.snapshot(now).retry_after for now in (0, 45, 60, 600)] == [60, 15, 0, 0]
    assert breaker.snapshot(600).since == 0
