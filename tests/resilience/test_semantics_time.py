"""Promises about time that every body of a pipeline keeps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

import viber.errors
from viber.errors import Delivery
from viber.machines import RetryConfig
from viber.resilience import Deadline, Pipeline
from viber.testing import FakeClock

MakePipeline = Callable[..., Pipeline]
Run = Callable[..., Coroutine[Any, Any, Any]]
Through = Callable[[Pipeline], Run]
STEADY = RetryConfig(jitter="none")


async def ends_late(run: Run, fn: Run, *args: Any) -> viber.errors.TimeoutError:
    with pytest.raises(viber.errors.TimeoutError) as caught:
        await run(fn, *args)
    return caught.value


async def test_an_attempt_has_one_timer(
    make_pipeline: MakePipeline, through: Through, clock: FakeClock
) -> None:
    """However many limits bound it, there is one at the nearest, and none afterwards."""
    seen: list[int] = []

    async def look() -> None:
        seen.append(clock.pending)

    with Deadline(7.0, clock=clock):
        await through(make_pipeline(timeout=5.0, total_timeout=9.0))(look)
    assert (seen, clock.pending) == ([1], 0)


async def test_an_attempt_may_take_what_remains(
    make_pipeline: MakePipeline, through: Through, clock: FakeClock
) -> None:
    """The last of several ends with the whole call, and the error says which limit it was."""
    run = through(make_pipeline(timeout=2.0, total_timeout=4.0, idempotent=True, retry=STEADY))
    error = await ends_late(run, clock.sleep, 60)
    assert (clock.now(), error.code, error.attempts) == (4.0, "timeout.total", 2)
    assert error.message == "no answer within 1 s"


async def test_an_attempt_has_unwound_before_the_next_begins(
    make_pipeline: MakePipeline, through: Through, clock: FakeClock
) -> None:
    """No ghost request, however long its clean-up takes."""
    story: list[tuple[str, float]] = []

    async def fn() -> None:
        story.append(("begin", clock.now()))
        try:
            await clock.sleep(60)
        finally:
            await clock.sleep(4)
            story.append(("end", clock.now()))

    await ends_late(through(make_pipeline(timeout=1.0, idempotent=True, retry=STEADY)), fn)
    moments = [0.0, 5.0, 6.0, 11.0, 13.0, 18.0]
    assert story == list(zip(["begin", "end"] * 3, moments, strict=True))


async def test_a_timeout_error_of_the_function_is_its_own(
    make_pipeline: MakePipeline, through: Through
) -> None:
    """Also one that comes from a timeout inside it."""

    async def impatient() -> None:
        async with asyncio.timeout(0):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError) as caught:
        await through(make_pipeline(timeout=5.0))(impatient)
    assert type(caught.value) is TimeoutError


async def test_a_result_in_spite_of_the_timeout_is_taken(
    make_pipeline: MakePipeline, through: Through, clock: FakeClock
) -> None:
    """Who catches the cancellation and returns has returned."""

    async def stubborn() -> str:
        try:
            await clock.sleep(60)
        except asyncio.CancelledError:
            return "at last"
        return "in time"

    assert await through(make_pipeline(timeout=1.0))(stubborn) == "at last"


async def test_no_time_left_is_no_attempt(
    make_pipeline: MakePipeline, through: Through, clock: FakeClock
) -> None:
    """After the deadline nothing is called, and the error says that nothing was sent."""

    async def never() -> None:
        pytest.fail("it was called")

    with Deadline(1.0, clock=clock):
        clock.jump(1)
        error = await ends_late(through(make_pipeline(timeout=5.0)), never)
    assert (error.delivery, error.attempts) == (Delivery.NOT_SENT, 0)


async def test_the_deadline_is_that_of_the_beginning(
    make_pipeline: MakePipeline, through: Through, clock: FakeClock
) -> None:
    """A deadline set inside an attempt bounds what is inside, and not the attempts that follow."""
    began: list[float] = []

    async def fn() -> None:
        began.append(clock.now())
        with Deadline(0.5, clock=clock):
            await make_pipeline("inner", retry=RetryConfig(max_attempts=1)).run(clock.sleep, 60)

    await ends_late(through(make_pipeline(timeout=5.0, idempotent=True, retry=STEADY)), fn)
    assert began == [0.0, 1.5, 4.0]
