"""Cancellations at every point of a call through a bulkhead, against a list kept by hand."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from viber.errors import BaseError
from viber.resilience import Bulkhead
from viber.testing import FakeClock

PLACES = 2


@dataclass(frozen=True)
class Plan:
    """What one caller does: when it comes, how long it works, how long it waits, when it is cancelled."""

    comes: int
    works: int
    within: int | None
    cancelled: float | None


def plans(*, within: st.SearchStrategy[int | None], cancelled: st.SearchStrategy[float]) -> Any:
    one = st.builds(Plan, st.integers(0, 8), st.integers(0, 5), within, st.none() | cancelled)
    return st.lists(one, max_size=16)


class Storm:
    """Callers of one bulkhead, and when each of them began to work."""

    def __init__(self) -> None:
        self.clock = FakeClock(auto=True)
        self.bulkhead = Bulkhead(PLACES, clock=self.clock)
        self.asked: list[int] = []
        self.turns: dict[int, float] = {}

    async def call(self, rank: int, plan: Plan) -> None:
        await self.clock.sleep(plan.comes)
        self.asked.append(rank)
        with contextlib.suppress(BaseError):
            await self.bulkhead.acquire(within=plan.within)
            try:
                assert self.bulkhead.taken <= PLACES
                self.turns[rank] = self.clock.now()
                await self.clock.sleep(plan.works)
            finally:
                self.bulkhead.release()

    async def cancel(self, task: asyncio.Task[None], moment: float) -> None:
        await self.clock.sleep(moment)
        task.cancel()

    async def pass_over(self, plans: list[Plan]) -> None:
        tasks: list[asyncio.Task[None]] = []
        for rank, plan in enumerate(plans):
            tasks.append(asyncio.create_task(self.call(rank, plan)))
            if plan.cancelled is not None:
                tasks.append(asyncio.create_task(self.cancel(tasks[-1], plan.cancelled)))
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(one is None or isinstance(one, asyncio.CancelledError) for one in ended)
        assert (self.bulkhead.taken, self.bulkhead.waiting, self.clock.pending) == (0, 0, 0)


@settings(max_examples=300, deadline=None)
@given(plans(within=st.none() | st.integers(0, 6), cancelled=st.integers(0, 20)))
def test_a_storm_of_cancellations_leaves_nothing(plans: list[Plan]) -> None:
    """Cancelled at any moment, while waiting, at work or in between: every place comes back, in order."""
    storm = Storm()
    asyncio.run(storm.pass_over(plans))
    turns = [storm.turns[rank] for rank in storm.asked if rank in storm.turns]
    assert turns == sorted(turns)


def turns_by_the_book(plans: list[Plan]) -> dict[int, float]:
    """When each one's turn comes, looking every half second at who works and who stands in line."""
    line: list[int] = []
    ends: list[float] = []
    turns: dict[int, float] = {}
    for moment in (step / 2 for step in range(200)):
        ends = [end for end in ends if end > moment]
        line += [rank for rank, plan in enumerate(plans) if plan.comes == moment]
        line = [rank for rank in line if moment < (plans[rank].cancelled or 1000)]
        while line and len(ends) < PLACES:
            rank = line.pop(0)
            turns[rank] = moment
            end = min(moment + plans[rank].works, plans[rank].cancelled or 1000)
            ends += [end] if end > moment else []
    return turns


@settings(max_examples=300, deadline=None)
@given(plans(within=st.none(), cancelled=st.integers(0, 20).map(lambda moment: moment + 0.5)))
def test_each_turn_comes_when_it_should(plans: list[Plan]) -> None:
    """A place that comes free is taken in the same moment by whoever waits longest."""
    storm = Storm()
    asyncio.run(storm.pass_over(plans))
    assert storm.turns == turns_by_the_book(plans)
