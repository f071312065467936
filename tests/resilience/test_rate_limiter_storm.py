"""Many callers of one rate limiter at once: herds, and storms of cancellations."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viber.errors import RateLimitError
from viber.machines import RateLimit, Reservation
from viber.resilience import RateLimiter
from viber.testing import FakeClock

LIMITS = (RateLimit(requests=3, per=4.0), RateLimit(tokens=10, per=6.0))


def weight(grant: Reservation, limit: RateLimit) -> int:
    return grant.tokens if limit.counts_tokens else grant.requests


def most_in_any_window(grants: list[Reservation], limit: RateLimit) -> int:
    """The largest sum of weights in any stretch as long as the limit's: each of them begins with a grant."""
    stretches = [[one for one in grants if first.at <= one.at < first.at + limit.per] for first in grants]
    return max((sum(weight(one, limit) for one in stretch) for stretch in stretches), default=0)


@pytest.mark.parametrize("limit", [RateLimit(requests=20, per=0.5), RateLimit(tokens=20, per=0.5)], ids=str)
async def test_a_herd_goes_at_full_speed_and_no_faster(clock: FakeClock, limit: RateLimit) -> None:
    """A hundred at once: twenty in any window, never one more, and no window is wasted."""
    limiter = RateLimiter(limit, clock=clock)
    grants = await asyncio.gather(*[limiter.acquire(1) for _ in range(100)])
    assert most_in_any_window(grants, limit) == 20
    assert 4 * 0.5 / clock.now() >= 0.99
    assert [grant.at for grant in grants] == sorted(grant.at for grant in grants)


async def test_a_herd_that_mostly_leaves_wastes_nothing(clock: FakeClock) -> None:
    """Where nine of ten are cancelled while they wait, the tenth go as if they had been alone."""
    limiter = RateLimiter(RateLimit(requests=5, per=1.0), clock=clock)
    tasks = [asyncio.create_task(limiter.acquire()) for _ in range(1000)]
    await asyncio.sleep(0)
    for place, task in enumerate(tasks):
        if place % 10:
            task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    granted = [grant.at for grant in ended if isinstance(grant, Reservation)]
    assert sorted(granted) == [float(place // 5) for place in range(len(granted))]
    assert len(granted) >= 100


@dataclass(frozen=True)
class Plan:
    """What one caller does: when it comes, what it wants, how long it waits, when it is cancelled."""

    comes: int
    tokens: int
    within: int | None
    cancelled: float | None
    canceller_first: bool
    then: Literal["keep", "give back", "settle"]


def plans(*, within: st.SearchStrategy[int | None], cancelled: st.SearchStrategy[float]) -> Any:
    return st.lists(
        st.builds(
            Plan,
            comes=st.integers(0, 12),
            tokens=st.integers(0, 11),
            within=within,
            cancelled=st.none() | cancelled,
            canceller_first=st.booleans(),
            then=st.sampled_from(["keep", "keep", "give back", "settle"]),
        ),
        max_size=16,
    )


class Storm:
    """Callers of one limiter, and what became of them."""

    def __init__(self) -> None:
        self.clock = FakeClock(auto=True)
        self.limiter = RateLimiter(*LIMITS, clock=self.clock)
        self.asked: list[int] = []
        self.granted: dict[int, float] = {}
        self.kept: list[Reservation] = []
        self.callers: dict[int, asyncio.Task[None]] = {}

    async def call(self, rank: int, plan: Plan) -> None:
        await self.clock.sleep(plan.comes)
        self.asked.append(rank)
        with contextlib.suppress(RateLimitError):
            grant = await self.limiter.acquire(plan.tokens, within=plan.within)
            self.granted[rank] = grant.at
            if plan.then == "give back":
                self.limiter.give_back(grant)
                return
            if plan.then == "settle":
                self.limiter.settle(grant, tokens=plan.tokens // 2)
            self.kept.append(grant)

    async def cancel(self, rank: int, moment: float) -> None:
        await self.clock.sleep(moment)
        self.callers[rank].cancel()

    async def pass_over(self, plans: list[Plan]) -> None:
        cancellers: list[asyncio.Task[None]] = []
        for rank, plan in enumerate(plans):
            caller, moment = self.call(rank, plan), plan.cancelled
            if not plan.canceller_first:
                self.callers[rank] = asyncio.create_task(caller)
            if moment is not None:
                cancellers.append(asyncio.create_task(self.cancel(rank, moment)))
            if plan.canceller_first:
                self.callers[rank] = asyncio.create_task(caller)
        ended = await asyncio.gather(*self.callers.values(), *cancellers, return_exceptions=True)
        assert all(one is None or isinstance(one, asyncio.CancelledError) for one in ended)

    def look_around(self) -> None:
        """Nothing is left behind, nothing was lost, and nobody overtook."""
        status, now = self.limiter.status(), self.clock.now()
        assert (status.waiting, self.clock.pending) == (0, 0)
        for limit, left in zip(LIMITS, status.limits, strict=True):
            assert left.used == sum(weight(one, limit) for one in self.kept if one.at + limit.per > now)
            assert most_in_any_window(self.kept, limit) <= limit.amount
        turns = [self.granted[rank] for rank in self.asked if rank in self.granted]
        assert turns == sorted(turns)


@settings(max_examples=300, deadline=None)
@given(plans(within=st.none() | st.integers(0, 15), cancelled=st.integers(0, 25)))
def test_a_storm_of_cancellations_leaves_nothing(plans: list[Plan]) -> None:
    """Cancelled at any moment, that of the grant too: used is what was granted and kept, and nobody waits."""
    storm = Storm()
    asyncio.run(storm.pass_over(plans))
    storm.look_around()


def turns_by_the_book(plans: list[Plan]) -> dict[int, float]:
    """When each one's turn comes, looking every half second at a list of those in line."""
    line: list[int] = []
    kept: list[tuple[float, int]] = []
    turns: dict[int, float] = {}
    for moment in (step / 2 for step in range(200)):
        arriving = [rank for rank, plan in enumerate(plans) if plan.comes == moment and plan.tokens <= 10]
        line = [rank for rank in line + arriving if moment < (plans[rank].cancelled or 1000)]
        while line and fits(kept, plans[line[0]].tokens, moment):
            rank = line.pop(0)
            turns[rank] = moment
            if plans[rank].then != "give back":
                charged = plans[rank].tokens // (2 if plans[rank].then == "settle" else 1)
                kept.append((moment, charged))
    return turns


def fits(kept: list[tuple[float, int]], tokens: int, moment: float) -> bool:
    requests = sum(at + 4.0 > moment for at, _ in kept)
    charged = sum(one for at, one in kept if at + 6.0 > moment)
    return requests < 3 and charged + tokens <= 10


@settings(max_examples=300, deadline=None)
@given(plans(within=st.none(), cancelled=st.integers(0, 25).map(lambda moment: moment + 0.5)))
def test_each_turn_comes_when_it_should(plans: list[Plan]) -> None:
    """Whoever leaves, gives back or owes less makes room at once: no turn comes late, and none early."""
    storm = Storm()
    asyncio.run(storm.pass_over(plans))
    assert storm.granted == turns_by_the_book(plans)
