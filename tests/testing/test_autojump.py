"""A clock that moves by itself when nothing else can happen."""

import asyncio

import pytest

from viber.testing import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(auto=True)


async def test_time_jumps_when_everybody_waits(clock: FakeClock) -> None:
    """A day passes at once when there is nothing else to do."""
    await clock.sleep(86_400)
    assert clock.now() == 86_400.0


async def test_task_groups_gather_and_wait(clock: FakeClock) -> None:
    """Structured and unstructured waiting end at the moment of the last, or of the first."""
    async with asyncio.TaskGroup() as group:
        for seconds in (3, 1, 2):
            group.create_task(clock.sleep(seconds))
    assert clock.now() == 3.0
    await asyncio.gather(clock.sleep(5), clock.sleep(4))
    assert clock.now() == 8.0
    tasks = [asyncio.create_task(clock.sleep(seconds)) for seconds in (1, 9)]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    assert clock.now() == 9.0
    tasks[1].cancel()


async def test_no_jump_while_a_task_can_run(clock: FakeClock) -> None:
    """Time stands still for as long as some task still has turns to take."""

    async def busy() -> float:
        for _ in range(500):
            await asyncio.sleep(0)
        return clock.now()

    sleeper = asyncio.create_task(clock.sleep(10))
    assert await busy() == 0.0
    await sleeper
    assert clock.now() == 10.0


async def test_timeout_fires_by_itself(clock: FakeClock) -> None:
    """A hang under a timeout ends at its moment without anybody moving the time."""
    with pytest.raises(TimeoutError):
        async with clock.timeout(30):
            await asyncio.Event().wait()
    assert clock.now() == 30.0


async def test_sockets_of_this_process_come_before_time(clock: FakeClock) -> None:
    """What is under way between two sockets of this loop arrives before a timeout does."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            await clock.sleep(1)
            writer.write(line)
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        for _ in range(30):
            async with clock.timeout(1.5):
                writer.write(b"ping\n")
                assert await reader.readline() == b"ping\n"
        writer.close()
        await writer.wait_closed()
    assert clock.now() == 30.0


async def test_grace_waits_for_other_threads() -> None:
    """With a grace, an answer that takes real time elsewhere comes before the jump."""
    clock = FakeClock(auto=True, grace=0.3)
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[None] = loop.create_future()
    loop.call_later(0.02, answered.set_result, None)
    async with clock.timeout(5):
        await answered
    assert clock.now() == 0.0
    await clock.sleep(5)
    assert clock.now() == 5.0


async def test_advance_goes_no_further_than_told(clock: FakeClock) -> None:
    """A clock that moves by itself does not overtake the one who moves it."""
    moments: list[float] = []

    async def nap() -> None:
        await clock.sleep(10)
        moments.append(clock.now())

    task = asyncio.create_task(nap())
    await clock.advance(4)
    assert (clock.now(), moments) == (4.0, [])
    await task
    assert moments == [10.0]


async def test_two_clocks_on_one_loop() -> None:
    """Clocks do not take each other's looking for business."""
    first, second = FakeClock(auto=True), FakeClock(auto=True)
    await asyncio.gather(first.sleep(3), second.sleep(5))
    assert (first.now(), second.now()) == (3.0, 5.0)
