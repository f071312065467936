import asyncio

import pytest

from viber.resilience import ReadTimer, read_within
from viber.testing import FakeClock


def five() -> float:
    return 5.0


async def test_what_is_done_at_once_needs_no_timer() -> None:
    """The limit is not even asked for."""

    async def work() -> str:
        return "here"

    def never() -> float:
        raise AssertionError("nobody waited")

    assert await read_within(ReadTimer(FakeClock()), never, work()) == "here"


async def test_what_waits_is_awaited_to_its_end() -> None:
    """Turns of the loop, sleeps and results go through, in order."""
    clock = FakeClock(auto=True)

    async def work() -> list[int]:
        await asyncio.sleep(0)
        await clock.sleep(1)
        woken: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(woken.set_result, 7)
        return [await woken, await asyncio.sleep(0, 8)]

    assert await read_within(ReadTimer(clock), five, work()) == [7, 8]
    assert clock.now() == 1


async def test_the_first_turn_of_the_loop_is_not_skipped() -> None:
    """Who gives way, gives way."""
    order: list[str] = []
    asyncio.get_running_loop().call_soon(order.append, "other")

    async def work() -> None:
        await asyncio.sleep(0)
        order.append("own")

    await read_within(ReadTimer(FakeClock()), five, work())
    assert order == ["other", "own"]


async def test_what_takes_too_long_is_cancelled_and_awaited() -> None:
    """The work cleans up, in its own time, before the error goes on."""
    clock = FakeClock(auto=True)
    cleaned: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append("up")

    with pytest.raises(TimeoutError):
        await read_within(ReadTimer(clock), five, work())
    assert (cleaned, clock.now(), clock.pending) == (["up"], 5.0, 0)


async def test_an_error_at_any_step_goes_through() -> None:
    """Before the first wait and after it."""

    async def work(waits: int) -> None:
        for _ in range(waits):
            await asyncio.sleep(0)
        raise KeyError(waits)

    for waits in range(3):
        with pytest.raises(KeyError):
            await read_within(ReadTimer(FakeClock()), five, work(waits))


async def test_a_cancellation_is_a_cancellation() -> None:
    """It reaches the work, and is not turned into anything else."""
    reached: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            reached.append("work")
            raise

    task = asyncio.ensure_future(read_within(ReadTimer(FakeClock()), five, work()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert reached == ["work"]


async def test_without_time_left_the_work_is_closed() -> None:
    """A limit that refuses leaves nothing half begun."""
    closed: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            closed.append("work")

    def refuse() -> float:
        raise TimeoutError("none left")

    with pytest.raises(TimeoutError, match="none left"):
        await read_within(ReadTimer(FakeClock()), refuse, work())
    assert closed == ["work"]
