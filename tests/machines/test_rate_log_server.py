"""What a rate log does about the wishes of the server."""

from __future__ import annotations

from math import inf

from viber.machines import Allowance, RateLimit, RateLog, Reservation


def grant(log: RateLog, now: float) -> Reservation:
    answer = log.take(0, now)
    assert isinstance(answer, Reservation)
    return answer


def test_the_longest_pause_counts() -> None:
    """A shorter wish does not take back a longer one."""
    log = RateLog([RateLimit(requests=9, per=1.0)])
    log.pause(30.0)
    log.pause(20.0)
    assert (log.take(0, 5.0), log.held_for(5.0), log.held_for(40.0)) == (25.0, 25.0, 0.0)
    grant(log, 30.0)


def test_a_pause_for_good_ends_only_when_it_is_taken_back() -> None:
    """Infinity stays infinity, and resuming forgets it."""
    log = RateLog([RateLimit(requests=1, per=1.0)])
    log.pause(inf)
    assert (log.take(0, 0.0), log.take(0, 1e12), log.held_for(1e12)) == (inf, inf, inf)
    log.resume()
    grant(log, 1e12)


def test_resuming_forgets_nothing_that_was_granted() -> None:
    """Only the server's wishes are taken back."""
    log = RateLog([RateLimit(requests=1, per=9.0)])
    grant(log, 0.0)
    log.pause(inf)
    log.resume()
    assert log.take(0, 1.0) == 8.0


def test_the_servers_allowance_is_kept_to() -> None:
    """So many more until its time is over, then as many as the limit itself allows."""
    log = RateLog([RateLimit(requests=100, per=1.0)])
    log.heed(Allowance(remaining=2, seconds=30.0), now=0.0)
    grant(log, 1.0)
    grant(log, 2.0)
    assert (log.take(0, 3.0), log.held_for(3.0)) == (27.0, 27.0)
    assert log.wait(0, 1.0, requests_ahead=5) == 29.0
    for _ in range(10):
        grant(log, 30.0)


def test_those_ahead_take_of_the_allowance_first() -> None:
    """Who stands behind as many as the server still takes waits for the end of its time."""
    log = RateLog([RateLimit(requests=100, per=1.0)])
    log.heed(Allowance(remaining=2, seconds=30.0), now=0.0)
    assert [log.wait(0, 1.0, requests_ahead=ahead) for ahead in (0, 1, 2, 5)] == [0.0, 0.0, 29.0, 29.0]


def test_the_servers_last_word_counts() -> None:
    """A later answer knows more: its allowance replaces the one before, and a pause stands beside it."""
    log = RateLog([RateLimit(requests=100, per=1.0)])
    log.heed(Allowance(remaining=0, seconds=30.0), now=0.0)
    log.heed(Allowance(remaining=1, seconds=10.0), now=1.0)
    log.pause(5.0)
    assert log.take(0, 2.0) == 3.0
    grant(log, 5.0)
    assert log.take(0, 5.0) == 6.0


def test_an_unused_grant_goes_back_to_the_allowance() -> None:
    """What was never sent was never counted by the server; one from before its word it did not know of."""
    log = RateLog([RateLimit(requests=100, per=1.0)])
    before = grant(log, 0.0)
    log.heed(Allowance(remaining=1, seconds=30.0), now=1.0)
    log.give_back(before)
    unused = grant(log, 2.0)
    assert log.take(0, 2.0) == 29.0
    for _ in range(2):
        log.give_back(unused)
    grant(log, 2.0)
    assert log.take(0, 2.0) == 29.0
