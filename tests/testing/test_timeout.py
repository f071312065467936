"""Timeouts on a fake clock."""

import asyncio
import math

import pytest

from viber.testing import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def test_finished_timeouts_leave_nothing(clock: FakeClock) -> None:
    """A block that ends in time takes its timeout with it."""
    async with clock.timeout(5):
        assert clock.pending == 1
    assert clock.pending == 0
    await clock.advance(10)


async def test_timeout_expires_at_its_moment(clock: FakeClock) -> None:
    """What takes too long ends in TimeoutError at the moment that was set."""
    moments: list[float] = []

    async def work() -> None:
        with pytest.raises(TimeoutError):
            async with clock.timeout(2.5):
                await clock.sleep(100)
        moments.append(clock.now())

    task = asyncio.create_task(work())
    await clock.advance(60)
    await task
    assert (moments, clock.pending, task.cancelling()) == ([2.5], 0, 0)


async def test_timeout_is_asyncios_own_in_the_time_of_the_clock(clock: FakeClock) -> None:
    """It is an `asyncio.Timeout` whose deadline is read and moved on this clock."""
    await clock.advance(10)
    scope = clock.timeout(5)
    assert isinstance(scope, asyncio.Timeout)
    assert scope.when() == 15.0

    async def work() -> None:
        async with scope:
            scope.reschedule(clock.now() + 20)
            await clock.advance(100)

    with pytest.raises(TimeoutError):
        await work()
    assert (clock.now(), scope.expired()) == (30.0, True)


@pytest.mark.parametrize("seconds", [0, -1.0], ids=["zero", "negative"])
async def test_timeout_without_time_expires_at_the_first_wait(clock: FakeClock, seconds: float) -> None:
    """A timeout that is over before it begins ends the first wait in the block."""
    with pytest.raises(TimeoutError):
        async with clock.timeout(seconds):
            await asyncio.Event().wait()


@pytest.mark.parametrize("seconds", [None, math.inf])
async def test_timeout_without_limit_never_expires(clock: FakeClock, seconds: float | None) -> None:
    """None, or infinity, is no limit."""
    async with clock.timeout(seconds):
        await clock.advance(1e6)


async def test_timeout_entered_late_expires_at_once(clock: FakeClock) -> None:
    """Its time runs from where it was made, not from where it is entered."""
    scope = clock.timeout(5)
    await clock.advance(6)
    with pytest.raises(TimeoutError):
        async with scope:
            await asyncio.Event().wait()


async def test_timeout_is_used_once(clock: FakeClock) -> None:
    """As with asyncio's own, a second entrance is an error, and so is rescheduling what is over."""
    async with clock.timeout(5) as scope:
        pass
    with pytest.raises(RuntimeError):
        scope.reschedule(3)
    with pytest.raises(RuntimeError):
        await scope.__aenter__()


@pytest.mark.parametrize("order", ["cancel, then expire", "expire, then cancel"])
async def test_cancellation_in_the_turn_of_the_timeout_wins(clock: FakeClock, order: str) -> None:
    """A caller's own cancellation is never turned into a TimeoutError."""

    async def work() -> None:
        async with clock.timeout(5):
            await asyncio.Event().wait()

    async def cancel() -> None:
        await clock.sleep(5)
        working.cancel()

    if order.startswith("cancel"):
        canceller = asyncio.create_task(cancel())
        working = asyncio.create_task(work())
    else:
        working = asyncio.create_task(work())
        canceller = asyncio.create_task(cancel())
    await clock.advance(5)
    await canceller
    assert working.cancelled()


async def test_outer_timeout_stays_the_outer_ones(clock: FakeClock) -> None:
    """A shorter timeout around a longer one is raised outside."""
    seen: list[str] = []

    async def work() -> None:
        try:
            async with clock.timeout(1):
                try:
                    async with clock.timeout(9):
                        await asyncio.Event().wait()
                except TimeoutError:
                    seen.append("inner")
        except TimeoutError:
            seen.append("outer")

    task = asyncio.create_task(work())
    await clock.advance(10)
    await task
    assert seen == ["outer"]


async def test_advance_inside_its_own_timeout(clock: FakeClock) -> None:
    """Whoever moves time past its own timeout is timed out at the right moment."""
    with pytest.raises(TimeoutError):
        async with clock.timeout(5):
            await clock.advance(10)
    assert clock.now() == 5.0
