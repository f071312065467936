"""Places are exact, fair, and never lost."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viber.http._slots import Slots

STEPS = st.lists(
    st.tuples(st.sampled_from(["take", "give", "cancel", "give_and_cancel"]), st.integers(0, 9)), max_size=60
)


@given(limit=st.integers(1, 4), steps=STEPS)
def test_against_a_queue_on_paper(limit: int, steps: list[tuple[str, int]]) -> None:
    """Never more than the limit; first come, first served; a cancelled waiter leaves no hole."""
    asyncio.run(_play(limit, steps))


class Paper:
    """The slots, and beside them what they should be: holders, and a queue."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.slots = Slots(limit)
        self.holding: list[asyncio.Task[None]] = []
        self.queue: list[asyncio.Task[None]] = []

    def promote(self) -> None:
        while self.queue and len(self.holding) < self.limit:
            self.holding.append(self.queue.pop(0))

    def take(self, _: int) -> None:
        self.queue.append(asyncio.create_task(self.slots.take()))
        if len(self.holding) < self.limit:
            self.promote()

    def give(self, pick: int) -> None:
        if self.holding:
            self.holding.pop(pick % len(self.holding))
            self.slots.give()
            self.promote()

    def cancel(self, pick: int) -> None:
        if self.queue:
            self.queue.pop(pick % len(self.queue)).cancel()

    def give_and_cancel(self, pick: int) -> None:
        """The place is handed over, and its taker cancelled before it could notice."""
        heir = self.queue[0] if self.queue else None
        self.give(pick)
        if heir:
            heir.cancel()
            self.holding.remove(heir)
            self.promote()

    async def check(self) -> None:
        for _ in range(4):
            await asyncio.sleep(0)
        assert self.slots.taken == len(self.holding)
        assert self.slots.waiting == len(self.queue)
        assert all(task.done() and not task.cancelled() for task in self.holding)
        assert not any(task.done() for task in self.queue)


async def _play(limit: int, steps: list[tuple[str, int]]) -> None:
    paper = Paper(limit)
    for step, pick in steps:
        getattr(paper, step)(pick)
        await paper.check()
    for task in paper.queue:
        task.cancel()
    await asyncio.gather(*paper.queue, return_exceptions=True)


async def test_no_limit() -> None:
    """None is no limit."""
    slots = Slots(None)
    assert all(slots.try_take() for _ in range(1000))


async def test_everybody_refused_has_an_error_of_his_own() -> None:
    """An exception instance is never shared: notes and tracebacks would mix."""
    slots = Slots(1)
    await slots.take()
    waiting = [asyncio.create_task(slots.take()) for _ in range(2)]
    await asyncio.sleep(0)
    slots.refuse(lambda: OSError("closed"))
    errors = await asyncio.gather(*waiting, return_exceptions=True)
    assert errors[0] is not errors[1]
    assert (slots.taken, slots.waiting) == (1, 0)


async def test_a_refused_waiter_that_is_cancelled_too_returns_nothing() -> None:
    """Refusal hands over no place, so there is none to give back."""
    slots = Slots(1)
    await slots.take()
    waiting = asyncio.create_task(slots.take())
    await asyncio.sleep(0)
    slots.refuse(lambda: OSError("closed"))
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert slots.taken == 1
