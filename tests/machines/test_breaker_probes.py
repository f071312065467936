"""How a half-open circuit finds out."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from viber.machines import Breaker, BreakerState, Grant, Rejection, Trigger, Verdict

MakeBreaker = Callable[..., Breaker]
Fail = Callable[..., object]


def probe(breaker: Breaker, now: float, **lease: float) -> Grant:
    grant = breaker.acquire(now, **lease)
    assert isinstance(grant, Grant)
    assert grant.expires_at is not None
    return grant


@pytest.fixture
def breaker(make_breaker: MakeBreaker, fail: Fail) -> Breaker:
    """Opened at 0, ready for probes at 60; two may be out, each for 30 s, and two good ones close it."""
    breaker = make_breaker(half_open_max_calls=2, probe_lease=30.0)
    fail(breaker, 0, times=3)
    return breaker


def test_the_open_time_ends_at_its_edge(breaker: Breaker) -> None:
    """One moment before, a call is rejected; at the very moment it becomes a probe."""
    assert isinstance(breaker.acquire(math.nextafter(60, 0)), Rejection)
    first = probe(breaker, 60)
    assert first.change is not None
    assert first.change.trigger is Trigger.ELAPSED


def test_a_rejection_says_how_long_to_wait(breaker: Breaker) -> None:
    """While open, that is the rest of the open time."""
    assert breaker.acquire(45) == Rejection(15)


def test_only_the_first_probe_tells_of_the_change(breaker: Breaker) -> None:
    """The end of the open state happens once."""
    probe(breaker, 60)
    assert probe(breaker, 60).change is None


def test_no_more_probes_than_allowed_are_out(breaker: Breaker) -> None:
    """However many wait at the end of the open time, `half_open_max_calls` pass and the rest are rejected."""
    answers = [breaker.acquire(60) for _ in range(100)]
    assert sum(isinstance(answer, Grant) for answer in answers) == 2
    assert answers[-1] == Rejection(None)


def test_a_good_probe_makes_room_for_the_next(breaker: Breaker) -> None:
    """The limit is on probes that are out, not on probes in all."""
    first, _ = probe(breaker, 60), probe(breaker, 60)
    breaker.settle(first, Verdict.SUCCESS, 61)
    probe(breaker, 61)
    assert isinstance(breaker.acquire(61), Rejection)


def test_enough_good_probes_close_it(breaker: Breaker) -> None:
    """`success_threshold` successes, one after another or together, end the half-open state."""
    first, second = probe(breaker, 60), probe(breaker, 60)
    assert breaker.settle(first, Verdict.SUCCESS, 61) is None
    change = breaker.settle(second, Verdict.SUCCESS, 62)
    assert change is not None
    assert (change.before, change.after) == (BreakerState.HALF_OPEN, BreakerState.CLOSED)


def test_one_bad_probe_reopens_it_for_a_full_period(breaker: Breaker) -> None:
    """A relapse begins a new open time, whatever succeeded before."""
    first, second = probe(breaker, 60), probe(breaker, 60)
    breaker.settle(first, Verdict.SUCCESS, 61)
    breaker.settle(second, Verdict.FAILURE, 62)
    assert breaker.acquire(62) == Rejection(60)


def test_when_a_probe_fails_nobody_else_reaches_the_service(breaker: Breaker) -> None:
    """Those who wait behind the failed probe are rejected, all of them."""
    only = probe(breaker, 60)
    breaker.settle(only, Verdict.FAILURE, 61)
    assert not any(isinstance(breaker.acquire(61), Grant) for _ in range(100))


def test_an_ignored_probe_gives_its_place_back(breaker: Breaker) -> None:
    """A cancelled probe is neither good nor bad news, and another may go."""
    for _ in range(10):
        held, returned = probe(breaker, 60), probe(breaker, 60)
        breaker.settle(returned, Verdict.IGNORED, 60)
        breaker.settle(held, Verdict.IGNORED, 60)
    snapshot = breaker.snapshot(60)
    assert (snapshot.state, snapshot.probes, snapshot.successes) == (BreakerState.HALF_OPEN, 0, 0)


@pytest.mark.parametrize("verdict", Verdict)
def test_a_result_from_before_the_opening_changes_nothing(
    make_breaker: MakeBreaker, fail: Fail, verdict: Verdict
) -> None:
    """In half-open, a late result neither closes, nor re-opens, nor gives back a place it never had."""
    breaker = make_breaker(half_open_max_calls=1, success_threshold=1)
    hung = breaker.acquire(0)
    assert isinstance(hung, Grant)
    fail(breaker, 0, times=3)
    probe(breaker, 60)
    before = breaker.snapshot(61)
    assert breaker.settle(hung, verdict, 61) is None
    assert breaker.snapshot(61) == before
    assert isinstance(breaker.acquire(61), Rejection)


@pytest.mark.parametrize("verdict", Verdict)
def test_a_probe_of_an_earlier_recovery_changes_nothing(breaker: Breaker, verdict: Verdict) -> None:
    """Probes of a half-open time that failed are stale in the next one."""
    slow, quick = probe(breaker, 60), probe(breaker, 60)
    breaker.settle(quick, Verdict.FAILURE, 61)
    probe(breaker, 121)
    before = breaker.snapshot(122)
    assert breaker.settle(slow, verdict, 122) is None
    assert breaker.snapshot(122) == before


def test_a_probe_of_an_earlier_recovery_holds_no_place(breaker: Breaker) -> None:
    """However long its lease, a probe that is still out from the last half-open time counts no more."""
    probe(breaker, 60, lease=1000.0)
    breaker.settle(probe(breaker, 60), Verdict.FAILURE, 61)
    assert breaker.snapshot(61).probes == 0
    assert [isinstance(breaker.acquire(121), Grant) for _ in range(3)] == [True, True, False]


def test_a_probe_that_never_returns_loses_its_place(breaker: Breaker) -> None:
    """After its lease others may go: a hung probe cannot keep the circuit half-open for ever."""
    probe(breaker, 60)
    probe(breaker, 60)
    assert isinstance(breaker.acquire(math.nextafter(90, 0)), Rejection)
    assert [isinstance(breaker.acquire(90), Grant) for _ in range(3)] == [True, True, False]


def test_a_longer_attempt_has_a_longer_lease(breaker: Breaker) -> None:
    """The lease is never shorter than the attempt may take, and never shorter than configured."""
    assert probe(breaker, 60, lease=100.0).expires_at == 160
    assert probe(breaker, 60, lease=1.0).expires_at == 90


@pytest.mark.parametrize("verdict", Verdict)
def test_a_probe_after_its_lease_is_stale(breaker: Breaker, verdict: Verdict) -> None:
    """What comes back after its place is gone neither closes nor re-opens."""
    late = probe(breaker, 60)
    assert breaker.settle(late, verdict, 90) is None
    assert breaker.snapshot(90).successes == 0
    assert breaker.state is BreakerState.HALF_OPEN


def test_a_lapsed_probe_is_not_counted_as_out(breaker: Breaker) -> None:
    """A snapshot shows the probes that still hold their places."""
    probe(breaker, 60)
    probe(breaker, 70)
    assert [breaker.snapshot(now).probes for now in (70, 90, 100)] == [2, 1, 0]


def test_a_stream_that_breaks_after_closing_counts_in_the_new_generation(breaker: Breaker) -> None:
    """The probe whose success closed the circuit, and which breaks later, is a failure of the closed time."""
    breaker.settle(probe(breaker, 60), Verdict.SUCCESS, 60)
    last = probe(breaker, 60)
    breaker.settle(last, Verdict.SUCCESS, 60)
    assert breaker.interrupt(last, 65) is None
    assert (breaker.state, breaker.snapshot(65).failures) == (BreakerState.CLOSED, 1)


def test_a_good_probe_that_breaks_while_half_open_reopens(breaker: Breaker) -> None:
    """A probe that began well and broke is a failed probe, even after the time of its lease."""
    streaming = probe(breaker, 60)
    breaker.settle(streaming, Verdict.SUCCESS, 61)
    change = breaker.interrupt(streaming, 100)
    assert change is not None
    assert change.trigger is Trigger.RELAPSED


def test_an_earlier_good_probe_that_breaks_after_closing_is_stale(breaker: Breaker) -> None:
    """A probe that helped to close but did not close belongs to the half-open time, which is over."""
    first, last = probe(breaker, 60), probe(breaker, 60)
    breaker.settle(first, Verdict.SUCCESS, 61)
    breaker.settle(last, Verdict.SUCCESS, 61)
    assert breaker.interrupt(first, 62) is None
    assert breaker.snapshot(62).failures == 0


@pytest.mark.parametrize(
    ("verdict", "at"),
    [pytest.param(Verdict.SUCCESS, 90, id="stale"), pytest.param(Verdict.IGNORED, 61, id="ignored")],
)
def test_a_probe_whose_success_did_not_count_cannot_break(
    breaker: Breaker, verdict: Verdict, at: float
) -> None:
    """An interruption takes back a success that counted: without one there is nothing to take back."""
    unheard = probe(breaker, 60)
    breaker.settle(unheard, verdict, at)
    assert breaker.interrupt(unheard, at) is None
    assert breaker.state is BreakerState.HALF_OPEN


@pytest.mark.parametrize("trigger", [Trigger.RESET, Trigger.ISOLATE, Trigger.DISABLE])
@pytest.mark.parametrize("verdict", Verdict)
def test_a_probe_that_an_operator_overtook_is_stale(
    breaker: Breaker, trigger: Trigger, verdict: Verdict
) -> None:
    """What an operator has set, the result of an earlier probe does not undo."""
    overtaken = probe(breaker, 60)
    forced = breaker.force(trigger, 61)
    assert breaker.settle(overtaken, verdict, 62) is None
    assert breaker.state is forced.after


def test_lapsed_probes_leave_nothing_behind(breaker: Breaker) -> None:
    """However many probes never return, the breaker remembers those that are out."""
    for count in range(1000):
        probe(breaker, 60 + 30 * count)
        probe(breaker, 60 + 30 * count)
    assert len(breaker._probes) == 2


def test_a_lapsed_probe_stays_stale_when_the_clock_steps_back(breaker: Breaker) -> None:
    """A place that was given to another is not had back, though the lease seems to run again."""
    late = probe(breaker, 60)
    probe(breaker, 90)
    assert breaker.settle(late, Verdict.SUCCESS, 80) is None
    assert (breaker.snapshot(80).probes, breaker.snapshot(80).successes) == (1, 0)


def test_a_breaker_knows_until_when_nobody_passes(breaker: Breaker) -> None:
    """That is a moment while open, for ever while isolated, and the past otherwise."""
    assert breaker.shut_until == 60
    probe(breaker, 60)
    assert breaker.shut_until == -math.inf
    breaker.force(Trigger.ISOLATE, 61)
    assert breaker.shut_until == math.inf
    breaker.force(Trigger.RESET, 62)
    assert breaker.shut_until == -math.inf
