"""One timer for all the waits of a stream."""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viber.clock import Timer
from viber.resilience import ReadTimer
from viber.testing import FakeClock


class CountingClock(FakeClock):
    """Counts how often a timer was set."""

    timers = 0

    def call_later(self, seconds: float, callback: Callable[[], object], /) -> Timer:
        self.timers += 1
        return super().call_later(seconds, callback)


@pytest.fixture
def clock() -> CountingClock:
    """A clock that moves by itself, and counts timers."""
    return CountingClock(auto=True)


@pytest.fixture
def timer(clock: CountingClock) -> ReadTimer:
    return ReadTimer(clock)


def cancelling() -> int:
    task = asyncio.current_task()
    assert task is not None
    return task.cancelling()


async def for_ever() -> None:
    await asyncio.Event().wait()


async def test_what_takes_too_long_ends_in_the_builtin_error(timer: ReadTimer, clock: CountingClock) -> None:
    """As with `asyncio.timeout`: what is awaited is cancelled, and the task goes on as if nothing had."""
    with pytest.raises(builtins.TimeoutError) as caught, timer.within(5.0):
        await for_ever()
    assert type(caught.value) is builtins.TimeoutError
    assert isinstance(caught.value.__cause__, asyncio.CancelledError)
    assert (clock.now(), cancelling(), clock.pending) == (5.0, 0, 0)
    await clock.sleep(1)


async def test_what_comes_in_time_is_not_disturbed(timer: ReadTimer, clock: CountingClock) -> None:
    """Neither by this wait's limit nor, later on, by one of an earlier wait."""
    with timer.within(5.0):
        await clock.sleep(4)
    await clock.sleep(100)
    with timer.within(None):
        await clock.sleep(100)
    with timer.within(5.0):
        await clock.sleep(4)
    assert clock.now() == 208.0


async def test_an_error_of_the_block_passes(timer: ReadTimer) -> None:
    """It is the stream's own."""
    with pytest.raises(ValueError, match="mine"), timer.within(5.0):
        raise ValueError("mine")


async def test_one_timer_for_many_waits(timer: ReadTimer, clock: CountingClock) -> None:
    """It is set again only when it came too early: a thousand waits in ten seconds need a dozen."""
    for _ in range(1000):
        with timer.within(1.0):
            await clock.sleep(0.01)
    assert clock.timers <= 12
    timer.close()
    assert clock.pending == 0


async def test_a_wait_without_suspension_sets_one_timer_at_most(
    timer: ReadTimer, clock: CountingClock
) -> None:
    """What is there already costs next to nothing."""
    for _ in range(1000):
        with timer.within(1.0):
            pass
    assert clock.timers == 1


async def test_a_shorter_limit_after_a_longer_one_is_kept(timer: ReadTimer, clock: CountingClock) -> None:
    """The timer of the longer one would come too late."""
    with timer.within(100.0):
        await clock.sleep(1)
    with pytest.raises(builtins.TimeoutError), timer.within(2.0):
        await for_ever()
    assert clock.now() == 3.0


async def test_no_limit_is_no_timer(timer: ReadTimer, clock: CountingClock) -> None:
    """None never rings, and what an earlier wait had set is not set again."""
    with timer.within(1.0):
        pass
    with timer.within(None):
        await clock.sleep(1000)
    assert (clock.now(), clock.timers, clock.pending) == (1000.0, 1, 0)


@pytest.mark.parametrize("seconds", [0.0, -1.0])
async def test_no_time_at_all_still_begins(timer: ReadTimer, clock: CountingClock, seconds: float) -> None:
    """What is there at once is taken; what is not ends in the next moment."""
    with timer.within(seconds):
        pass
    with pytest.raises(builtins.TimeoutError), timer.within(seconds):
        await for_ever()
    assert clock.now() == 0.0


async def test_it_can_be_used_after_it_rang(timer: ReadTimer, clock: CountingClock) -> None:
    """A stream that was silent may be asked again."""
    for _ in range(3):
        with pytest.raises(builtins.TimeoutError), timer.within(5.0):
            await for_ever()
    assert (clock.now(), cancelling()) == (15.0, 0)


async def test_closing_stops_the_timer(timer: ReadTimer, clock: CountingClock) -> None:
    """Also while somebody waits; closing twice is harmless, and a later wait sets another one."""
    with timer.within(5.0):
        timer.close()
        timer.close()
        assert clock.pending == 0
        await clock.sleep(10)
    with pytest.raises(builtins.TimeoutError), timer.within(5.0):
        await for_ever()
    assert clock.now() == 15.0


async def test_one_reader_at_a_time(timer: ReadTimer, clock: CountingClock) -> None:
    """A second one is refused, and does not move the limit of the first."""

    async def read() -> None:
        with timer.within(5.0):
            await for_ever()

    first = asyncio.create_task(read())
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="waited for already"), timer.within(50.0):
        pass
    with pytest.raises(builtins.TimeoutError):
        await first
    assert clock.now() == 5.0


async def test_a_wait_belongs_to_a_task(timer: ReadTimer) -> None:
    """A callback of the loop has nothing that could be cancelled."""
    refused: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def outside() -> None:
        with pytest.raises(RuntimeError, match="inside a task") as caught, timer.within(1.0):
            pass
        refused.set_result(str(caught.value))

    asyncio.get_running_loop().call_soon(outside)
    await refused


WAITS = st.lists(
    st.tuples(
        st.none() | st.integers(0, 9).map(lambda half: half + 0.5), st.integers(0, 12), st.integers(0, 12)
    ),
    max_size=30,
)


async def play(waits: list[tuple[float | None, int, int]]) -> None:
    clock = CountingClock(auto=True)
    timer = ReadTimer(clock)
    for limit, seconds, pause in waits:
        began = clock.now()
        try:
            with timer.within(limit):
                await clock.sleep(seconds)
        except builtins.TimeoutError:
            assert (clock.now() - began, cancelling()) == (limit, 0)
            assert limit is not None
            assert seconds > limit
        else:
            assert clock.now() - began == seconds <= (limit or seconds)
        await clock.sleep(pause)
        assert clock.pending <= 1
    timer.close()
    assert clock.pending == 0


@settings(max_examples=200, deadline=None)
@given(WAITS)
def test_each_wait_has_its_own_limit(waits: list[tuple[float | None, int, int]]) -> None:
    """Whatever limits and pauses follow each other, each wait ends when it should, with one timer at most."""
    asyncio.run(play(waits))
