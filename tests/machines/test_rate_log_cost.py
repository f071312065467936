"""What a rate log costs: a bounded number of looks at each grant, and memory only for what still counts."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import pytest

from viber.machines import RateLimit, RateLog, Reservation


def grant(log: RateLog, now: float, tokens: int = 0) -> Reservation:
    answer = log.take(tokens, now)
    assert isinstance(answer, Reservation)
    return answer


def used(log: RateLog, now: float) -> list[int]:
    return [status.used for status in log.status(now)]


class CountingLog(deque[Reservation]):
    """Counts how many grants anybody looks at."""

    looked_at = 0

    def __getitem__(self, place: int) -> Reservation:  # type: ignore[override]
        self.looked_at += 1
        return super().__getitem__(place)

    def __iter__(self) -> Iterator[Reservation]:
        for one in super().__iter__():
            self.looked_at += 1
            yield one

    def popleft(self) -> Reservation:
        self.looked_at += 1
        return super().popleft()


@pytest.mark.parametrize("size", [10, 1000])
@pytest.mark.parametrize("kind", ["requests", "tokens"])
def test_a_grant_costs_the_same_however_large_the_limit(kind: str, size: int) -> None:
    """Each grant is looked at a few times between its coming and its going, and not by everyone who waits."""
    log, now = RateLog([RateLimit(per=50.0, **{kind: size})]), 0.0
    counting = log._meters[0]._log = CountingLog()
    for turn in range(5000):
        now += log.wait(1, now)
        grant(log, now, tokens=1)
        now += 1 / 64 * (turn % 3)
    assert counting.looked_at <= 6 * 5000


@pytest.mark.parametrize("size", [10, 1000])
def test_a_heavy_one_looks_only_at_those_that_it_waits_for(size: int) -> None:
    """Each of the light ones before it is looked at once more, whatever the size of the limit."""
    log, now = RateLog([RateLimit(tokens=size, per=50.0)]), 0.0
    counting = log._meters[0]._log = CountingLog()
    for turn in range(5000):
        weight = size // 2 if turn % (size // 2) == 0 else 1
        now += log.wait(weight, now)
        grant(log, now, weight)
    assert counting.looked_at <= 6 * 5000


@pytest.mark.parametrize("keep_every", [10**9, 10], ids=["none-kept", "some-kept"])
def test_what_is_given_back_is_not_kept(keep_every: int) -> None:
    """A storm of unused grants within one window leaves no more in memory than what lives, twice over."""
    log = RateLog([RateLimit(requests=1000, per=1e6), RateLimit(tokens=10**6, per=1e6)])
    for turn in range(1, 10_001):
        one = grant(log, float(turn), tokens=1)
        if turn % keep_every:
            log.give_back(one)
    live = used(log, 1e4)[0]
    assert all(len(meter._log) <= 2 * live + 200 for meter in log._meters)


def test_an_idle_log_remembers_nothing_once_it_is_asked() -> None:
    """What left every window is forgotten with the next look."""
    log = RateLog([RateLimit(requests=1000, per=1.0)])
    for _ in range(1000):
        grant(log, 0.0)
    grant(log, 5.0)
    assert len(log._meters[0]._log) == 1
