"""The timer of a stream, and the cancellations and timeouts of its caller."""

from __future__ import annotations

import asyncio
import builtins

import pytest

from viber.resilience import ReadTimer
from viber.testing import FakeClock


@pytest.fixture
def timer(clock: FakeClock) -> ReadTimer:
    return ReadTimer(clock)


def cancelling() -> int:
    task = asyncio.current_task()
    assert task is not None
    return task.cancelling()


async def for_ever() -> None:
    await asyncio.Event().wait()


async def test_a_cancellation_after_it_rang_is_one(timer: ReadTimer, clock: FakeClock) -> None:
    """That an earlier wait took too long is no reason to take this end for another one."""

    async def read() -> None:
        with pytest.raises(builtins.TimeoutError), timer.within(5.0):
            await for_ever()
        with timer.within(5.0):
            await for_ever()

    task = asyncio.create_task(read())
    await clock.sleep(7)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


@pytest.mark.parametrize("caller_first", [True, False], ids=["caller-first", "timer-first"])
async def test_a_cancellation_of_the_caller_wins(caller_first: bool) -> None:  # noqa: FBT001
    """Both in one turn: whoever cancels gets a cancelled task, and no TimeoutError."""
    clock = FakeClock()
    timer = ReadTimer(clock)

    async def read() -> None:
        with timer.within(5.0):
            await for_ever()

    task = asyncio.create_task(read())
    await asyncio.sleep(0)
    if caller_first:
        task.cancel()
    clock.jump(5)
    if not caller_first:
        task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def test_a_cancellation_from_before_is_left_as_it_was(timer: ReadTimer) -> None:
    """A task that goes on after having been told to stop is still told so, and its reads still end."""
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.sleep(0)
    with pytest.raises(builtins.TimeoutError), timer.within(5.0):
        await for_ever()
    assert task.uncancel() == 0


@pytest.mark.parametrize(
    ("outer", "inner", "outer_rings"), [(3.0, 5.0, True), (5.0, 3.0, False), (5.0, 5.0, True)]
)
async def test_within_a_timeout_of_the_caller(
    timer: ReadTimer,
    clock: FakeClock,
    outer: float,
    inner: float,
    outer_rings: bool,  # noqa: FBT001
) -> None:
    """The first one rings; of two at once, the caller's."""
    scope = clock.timeout(outer)

    async def read() -> None:
        async with scope:
            with timer.within(inner):
                await for_ever()

    with pytest.raises(builtins.TimeoutError):
        await read()
    assert (scope.expired(), clock.now(), cancelling()) == (outer_rings, min(outer, inner), 0)


async def test_around_a_timeout_of_the_stream(timer: ReadTimer, clock: FakeClock) -> None:
    """A limit within is the stream's own, and does not hide that of the wait."""
    with timer.within(5.0):
        with pytest.raises(builtins.TimeoutError):
            async with clock.timeout(1):
                await for_ever()
        await clock.sleep(1)
    assert (clock.now(), cancelling()) == (2.0, 0)


async def test_a_block_that_swallows_the_end_is_left_alone(timer: ReadTimer) -> None:
    """Whoever catches the cancellation ends as he likes, and the task is not told to stop any more."""
    with timer.within(5.0):
        try:
            await for_ever()
        except asyncio.CancelledError:
            result = "swallowed"
    assert (result, cancelling()) == ("swallowed", 0)


async def test_an_error_of_the_cleaning_up_passes(timer: ReadTimer) -> None:
    """What goes wrong while it is cancelled is worth more than that it took too long."""

    async def read() -> None:
        try:
            await for_ever()
        finally:
            raise ValueError("while closing")

    with pytest.raises(ValueError, match="while closing"), timer.within(5.0):
        await read()
    assert cancelling() == 0
