"""What a rate log grants, when, and what it remembers of it."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viber.machines import RateLimit, RateLog, Reservation


def grant(log: RateLog, now: float, tokens: int = 0) -> Reservation:
    answer = log.take(tokens, now)
    assert isinstance(answer, Reservation)
    return answer


def used(log: RateLog, now: float) -> list[int]:
    return [status.used for status in log.status(now)]


def most_in_any_window(trace: list[tuple[float, int]], span: float) -> int:
    """The largest sum of weights in any half-open stretch of this length, by two pointers."""
    most = total = first = 0
    for moment, weight in trace:
        total += weight
        while trace[first][0] + span <= moment:
            total -= trace[first][1]
            first += 1
        most = max(most, total)
    return most


ARRIVALS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.0, 0.125, 0.5, 1.0, 7.0]),
        st.integers(0, 9),
        st.sampled_from(["keep", "keep", "settle", "give back"]),
    ),
    max_size=60,
)


@given(ARRIVALS, st.integers(1, 5), st.integers(9, 15))
def test_no_window_ever_holds_more_than_the_limit(
    arrivals: list[tuple[float, int, str]], requests: int, tokens: int
) -> None:
    """Whatever comes when, in no stretch of the limit's length is more than the limit granted, anywhere."""
    log = RateLog([RateLimit(requests=requests, per=2.0), RateLimit(tokens=tokens, per=3.0)])
    granted: list[Reservation] = []
    now = 0.0
    for gap, weight, then in arrivals:
        now += gap
        now += log.wait(weight, now)
        granted.append(grant(log, now, weight))
        if then == "settle":
            log.settle(granted[-1], weight // 2)
        elif then == "give back":
            log.give_back(granted[-1])
    assert most_in_any_window([(one.at, one.requests) for one in granted], 2.0) <= requests
    assert most_in_any_window([(one.at, one.tokens) for one in granted], 3.0) <= tokens


def test_the_window_slides() -> None:
    """A bucket that refills would let nearly twice as much through: half before its edge, half after."""
    log = RateLog([RateLimit(requests=4, per=10.0)])
    for now in (8.0, 9.0, 9.5, 9.75):
        grant(log, now)
    assert [log.take(0, now) for now in (10.0, 11.0, 17.5)] == [8.0, 7.0, 0.5]
    grant(log, 18.0)


def test_a_grant_leaves_its_window_at_the_very_end_of_it() -> None:
    """Not a moment before, and not one after."""
    log = RateLog([RateLimit(requests=1, per=4.0)])
    grant(log, 1.0)
    assert log.take(0, 5.0 - 2**-40) == 2**-40
    grant(log, 5.0)


def test_the_guard_lengthens_the_window() -> None:
    """A server that counts arrivals sees two requests nearer to each other than they were sent."""
    log = RateLog([RateLimit(requests=1, per=4.0, guard=0.5)])
    grant(log, 0.0)
    assert log.take(0, 4.0) == 0.5
    grant(log, 4.5)


@pytest.mark.parametrize("tokens_first", [True, False], ids=["tokens-first", "requests-first"])
def test_what_one_limit_refuses_is_charged_to_none(tokens_first: bool) -> None:  # noqa: FBT001
    """All or none, in whatever order the limits stand."""
    limits = [RateLimit(requests=10, per=5.0), RateLimit(tokens=10, per=5.0)]
    log = RateLog(limits[::-1] if tokens_first else limits)
    grant(log, 0.0, tokens=8)
    assert log.take(3, 0.0) == 5.0
    assert sorted(used(log, 0.0)) == [1, 8]
    grant(log, 0.0, tokens=2)


def test_the_longest_wait_counts() -> None:
    """Several limits are waited for together."""
    log = RateLog([RateLimit(requests=1, per=2.0), RateLimit(tokens=5, per=9.0)])
    grant(log, 0.0, tokens=5)
    assert (log.wait(0, 1.0), log.wait(1, 1.0)) == (1.0, 8.0)


def test_more_tokens_than_the_limit_never_fit() -> None:
    """Infinity says so: there is no time to come back."""
    log = RateLog([RateLimit(tokens=10, per=1.0)])
    assert (log.take(11, 0.0), log.wait(11, 50.0), log.heaviest) == (inf, inf, 10)


def test_requests_alone_are_never_too_heavy() -> None:
    """Tokens weigh nothing where none are counted."""
    log = RateLog([RateLimit(requests=1, per=1.0)])
    grant(log, 0.0, tokens=10**9)
    assert log.heaviest == inf


@pytest.mark.parametrize(("ahead", "wait"), [(0, 5.0), (1, 6.0), (2, 7.0), (3, 15.0), (5, 17.0), (6, 25.0)])
def test_those_ahead_are_waited_for(ahead: int, wait: float) -> None:
    """Each takes what comes free first; whoever needs what they will take waits a window more."""
    log = RateLog([RateLimit(requests=3, per=10.0)])
    for now in (0.0, 1.0, 2.0):
        grant(log, now)
    assert log.wait(0, 5.0, requests_ahead=ahead) == wait


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=12), st.integers(0, 12))
def test_a_wait_behind_other_requests_is_what_it_comes_to(gaps: list[float], ahead: int) -> None:
    """Nobody is sent away who could have gone in time, and nobody kept who could not."""
    log, now = RateLog([RateLimit(requests=3, per=4.0)]), 0.0
    for gap in gaps:
        now += gap
        log.take(0, now)
    estimate, began = log.wait(0, now, requests_ahead=ahead), now
    for _ in range(ahead + 1):
        now += log.wait(0, now)
        grant(log, now)
    assert estimate == now - began


WEIGHTS = st.lists(st.integers(0, 9), min_size=1, max_size=10)


def behind_others(granted: list[int], owed: int, waiting: list[int]) -> tuple[float, float]:
    """What the last one is told that it will have to wait, and what it comes to."""
    log, now = RateLog([RateLimit(tokens=9, per=4.0)]), 0.0
    for weight in granted:
        now += log.wait(weight, now) + 0.5
        last = grant(log, now, weight)
    log.settle(last, last.tokens + owed)
    told, began = log.wait(waiting[-1], now, requests_ahead=99, tokens_ahead=sum(waiting[:-1])), now
    for weight in waiting:
        now += log.wait(weight, now)
        grant(log, now, weight)
    return told, now - began


@given(WEIGHTS, st.integers(0, 30), WEIGHTS)
def test_a_wait_behind_heavy_ones_is_never_too_long(
    granted: list[int], owed: int, waiting: list[int]
) -> None:
    """How weights fit together is not foreseen, but nobody is sent away who could have gone in time."""
    told, came_to = behind_others(granted, owed, waiting)
    assert told <= came_to


@given(WEIGHTS, st.integers(0, 30), st.integers(1, 25))
def test_a_wait_behind_light_ones_is_what_it_comes_to(granted: list[int], owed: int, waiting: int) -> None:
    """Also where more is owed than the limit itself."""
    told, came_to = behind_others(granted, owed, [1] * waiting)
    assert told == came_to


def test_giving_back_makes_room_at_once() -> None:
    """As if it had never been granted."""
    log = RateLog([RateLimit(requests=1, per=10.0), RateLimit(tokens=5, per=10.0)])
    unused = grant(log, 0.0, tokens=5)
    log.give_back(unused)
    assert used(log, 0.0) == [0, 0]
    grant(log, 0.0, tokens=5)


def test_giving_back_twice_changes_nothing() -> None:
    """Nor does it when the window is over, or when somebody settles what was given back."""
    log = RateLog([RateLimit(requests=2, per=10.0), RateLimit(tokens=9, per=10.0)])
    unused = grant(log, 0.0, tokens=5)
    grant(log, 0.0, tokens=1)
    for _ in range(2):
        log.give_back(unused)
    log.settle(unused, 8)
    assert (used(log, 0.0), used(log, 10.0)) == ([1, 1], [0, 0])
    log.give_back(unused)
    assert used(log, 10.0) == [0, 0]


def test_a_smaller_bill_makes_room() -> None:
    """What was reserved too much comes back when the real number is known."""
    log = RateLog([RateLimit(tokens=10, per=10.0)])
    reserved = grant(log, 0.0, tokens=10)
    log.settle(reserved, 4)
    grant(log, 1.0, tokens=6)
    assert log.take(4, 1.0) == 9.0


def test_a_larger_bill_is_owed() -> None:
    """The window may be overdrawn; the next ones wait until it is not, and no longer."""
    log = RateLog([RateLimit(tokens=10, per=10.0)])
    first, second = grant(log, 0.0, tokens=1), grant(log, 3.0, tokens=1)
    log.settle(second, 25)
    assert [status.remaining for status in log.status(3.0)] == [0]
    assert log.take(1, 5.0) == 8.0
    log.settle(first, 40)
    assert log.wait(1, 5.0) == 8.0
    grant(log, 13.0, tokens=10)


@pytest.mark.parametrize("tokens", [0, 9], ids=["less", "more"])
def test_a_bill_that_comes_after_its_window_changes_nothing(tokens: int) -> None:
    """What has left the window is paid, whatever it turns out to have been."""
    log = RateLog([RateLimit(tokens=9, per=10.0)])
    late = grant(log, 0.0, tokens=5)
    grant(log, 10.0, tokens=2)
    log.settle(late, tokens)
    assert (used(log, 10.0), used(log, 20.0)) == ([2], [0])


def test_a_bill_may_be_settled_again() -> None:
    """A running total: the last word counts."""
    log = RateLog([RateLimit(tokens=9, per=10.0)])
    streamed = grant(log, 0.0, tokens=1)
    totals = []
    for tokens in (3, 7, 2):
        log.settle(streamed, tokens)
        totals += used(log, 0.0)
    assert totals == [3, 7, 2]


def test_the_status_tells_of_each_limit() -> None:
    """What is used, what remains, and when one more fits."""
    limits = [RateLimit(requests=2, per=10.0), RateLimit(tokens=10, per=20.0)]
    log = RateLog(limits)
    grant(log, 0.0, tokens=4)
    grant(log, 1.0, tokens=4)
    requests, tokens = log.status(3.0)
    assert (requests.limit, requests.used, requests.remaining, requests.free_in) == (limits[0], 2, 0, 7.0)
    assert (tokens.limit, tokens.used, tokens.remaining, tokens.free_in) == (limits[1], 8, 2, 0.0)
