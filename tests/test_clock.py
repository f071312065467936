from __future__ import annotations

import asyncio
import time

import pytest

from viber.clock import SYSTEM_CLOCK, Clock, SystemClock


def test_the_system_clock_is_a_clock() -> None:
    """The real clock has what everything that waits or measures asks for."""
    clock: Clock = SystemClock()
    assert all(callable(verb) for verb in (clock.now, clock.wall, clock.sleep, clock.timeout))


def test_now_is_monotonic_time() -> None:
    """Decisions rest on monotonic seconds, which no change of the wall clock moves."""
    before = time.monotonic()
    assert before <= SYSTEM_CLOCK.now() <= time.monotonic()


def test_wall_is_time_since_the_epoch() -> None:
    """Headers and people are told seconds since the epoch."""
    before = time.time()
    assert before <= SYSTEM_CLOCK.wall() <= time.time()


async def test_sleep_lets_others_run() -> None:
    """Sleeping suspends the task only, even for no time at all."""
    ran: list[str] = []
    other = asyncio.create_task(_note(ran))
    await SYSTEM_CLOCK.sleep(0)
    assert ran == ["other"]
    await other


async def _note(ran: list[str]) -> None:
    ran.append("other")


async def test_a_timeout_ends_in_the_builtin_error() -> None:
    """What does not end in time is cancelled and becomes the builtin `TimeoutError`."""
    with pytest.raises(TimeoutError):
        async with SYSTEM_CLOCK.timeout(0):
            await asyncio.Event().wait()


async def test_no_timeout_never_ends() -> None:
    """None is no limit."""
    async with SYSTEM_CLOCK.timeout(None) as scope:
        await asyncio.sleep(0)
    assert (scope.when(), scope.expired()) == (None, False)


def test_the_system_clock_holds_nothing() -> None:
    """One real clock is as good as another, and says so."""
    assert repr(SYSTEM_CLOCK) == "SystemClock()"
    assert not hasattr(SYSTEM_CLOCK, "__dict__")
