"""Time that moves only when it is told to."""

import asyncio
import math
from functools import partial

import pytest

from viber.testing import FakeClock
from viber.testing import _stillness as stillness


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def note_sleeps(clock: FakeClock, log: list[float], *naps: float) -> None:
    for nap in naps:
        await clock.sleep(nap)
        log.append(clock.now())


async def test_chained_sleeps_wake_at_their_moments(clock: FakeClock) -> None:
    """Sleeps that follow from one another inside one span end at their exact times."""
    log: list[float] = []
    task = asyncio.create_task(note_sleeps(clock, log, 1.5, 2.0, 3.0))
    await clock.advance(6.5)
    assert (log, clock.now()) == ([1.5, 3.5, 6.5], 6.5)
    await task


async def test_decimal_steps_add_up(clock: FakeClock) -> None:
    """Ten times a tenth is one."""
    log: list[float] = []
    task = asyncio.create_task(note_sleeps(clock, log, 1.0))
    await clock.settle()
    for _ in range(10):
        await clock.advance(0.1)
    assert (log, clock.now()) == ([1.0], 1.0)
    await task


async def test_a_sleep_too_short_to_count_still_moves(clock: FakeClock) -> None:
    """A loop that sleeps away a rounding error comes to its end."""
    assert await asyncio.wait_for(asyncio.gather(clock.sleep(1e-17), clock.advance(1e-9)), 5)
    assert clock.now() == 1e-9


async def test_deep_chains_of_tasks_run_to_their_end_before_time_moves(clock: FakeClock) -> None:
    """However many tasks wait for each other, all have run when time moves on."""

    async def follow(ahead: asyncio.Task[float] | None) -> float:
        if ahead is None:
            await clock.sleep(1)
            return clock.now()
        return await ahead

    task: asyncio.Task[float] | None = None
    for _ in range(300):
        task = asyncio.create_task(follow(task))
    assert task is not None
    await clock.advance(1)
    assert (task.done(), await task) == (True, 1.0)


async def test_equal_moments_come_first_come_first_served(clock: FakeClock) -> None:
    """Sleepers due at the same moment wake in the order in which they lay down."""
    order: list[int] = []

    async def nap(name: int, seconds: float) -> None:
        await clock.sleep(seconds)
        order.append(name)

    async with asyncio.TaskGroup() as group:
        for name in range(20):
            group.create_task(nap(name, 5))
        await clock.advance(5)
    assert order == list(range(20))


async def test_cancelled_sleepers_leave_nothing(clock: FakeClock) -> None:
    """A cancelled sleep is forgotten."""
    tasks = [asyncio.create_task(clock.sleep(5)) for _ in range(3)]
    await clock.settle()
    assert clock.pending == 3
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert clock.pending == 0


async def test_jump_wakes_late(clock: FakeClock) -> None:
    """After a leap the sleepers wake in order, and find that it is late."""
    log: list[float] = []
    tasks = [asyncio.create_task(note_sleeps(clock, log, nap)) for nap in (2.0, 1.0)]
    await clock.settle()
    clock.jump(10)
    assert (clock.now(), log) == (10.0, [])
    await asyncio.gather(*tasks)
    assert log == [10.0, 10.0]


async def test_time_moves_forward_only(clock: FakeClock) -> None:
    """Neither the past nor eternity can be reached."""
    for seconds in (-1.0, math.inf, math.nan):
        with pytest.raises(ValueError, match="forward"):
            clock.jump(seconds)
        with pytest.raises(ValueError, match="forward"):
            await clock.advance(seconds)


async def test_wall_time_steps_without_waking_anybody(clock: FakeClock) -> None:
    """The wall clock goes with the time, and can be set back and forward while everything sleeps on."""
    task = asyncio.create_task(clock.sleep(5))
    before = clock.wall()
    await clock.advance(2)
    assert clock.wall() == before + 2
    clock.set_wall(1e9)
    await clock.settle()
    assert (clock.wall(), clock.now(), clock.pending) == (1e9, 2.0, 1)
    task.cancel()


async def test_one_task_moves_the_time(clock: FakeClock) -> None:
    """Two tasks that advance one clock at the same time are a mistake that is named."""
    first = asyncio.create_task(clock.advance(5))
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="being advanced already"):
        await clock.advance(5)
    await first


async def test_spinning_task_is_named(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task that never waits makes `advance` fail instead of hanging."""

    async def spin() -> None:
        while True:
            await clock.sleep(0)

    monkeypatch.setattr(stillness, "_PATIENCE", 0.05)
    task = asyncio.create_task(spin())
    with pytest.raises(RuntimeError, match="did not come to rest"):
        await clock.advance(1)
    task.cancel()


def test_one_loop_at_a_time() -> None:
    """A clock with sleepers in one loop is refused by another; afterwards it may be used again."""
    clock, first = FakeClock(auto=True), asyncio.new_event_loop()
    sleeper = first.create_task(clock.sleep(math.inf))
    first.run_until_complete(asyncio.sleep(0))
    with pytest.raises(RuntimeError, match="another event loop"):
        asyncio.run(clock.sleep(1))
    sleeper.cancel()
    first.run_until_complete(asyncio.wait([sleeper]))
    first.close()
    asyncio.run(clock.sleep(1))
    assert clock.now() == 1.0


def test_what_a_closed_loop_left_is_forgotten() -> None:
    """Sleepers of a loop that was closed under them are no hindrance."""
    clock, first = FakeClock(), asyncio.new_event_loop()
    sleeper = clock.sleep(1)
    first.call_soon(partial(sleeper.send, None))
    first.run_until_complete(asyncio.sleep(0))
    first.close()
    asyncio.run(FakeClock.settle(clock))
    asyncio.run(asyncio.wait_for(clock.advance(0), 5))
    sleeper.close()


async def test_repr_tells_time_and_sleepers() -> None:
    """A clock shows where it stands."""
    clock = FakeClock(12.5)
    async with clock.timeout(1), clock.timeout(2):
        assert repr(clock) == "<FakeClock now=12.5 sleeping=2>"
