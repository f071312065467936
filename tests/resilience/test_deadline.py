from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any

import pytest

import viber.errors
from viber.errors import Delivery
from viber.resilience import Deadline, Pipeline
from viber.testing import FakeClock

MakePipeline = Callable[..., Pipeline]
MakeScript = Callable[..., Any]


def test_the_time_left_counts_down_to_nothing(clock: FakeClock) -> None:
    """Remaining time shrinks on the deadline's own clock, and is never negative."""
    with Deadline(5.0, clock=clock) as deadline:
        clock.jump(2)
        assert deadline.remaining() == 3
        clock.jump(10)
        assert deadline.remaining() == 0


def test_there_is_none_outside() -> None:
    """Without a block there is no bound."""
    assert Deadline.current() is None


def test_the_outer_one_is_back_afterwards(clock: FakeClock) -> None:
    """Leaving a block restores what was before, also when an error leaves it."""
    with Deadline(5.0, clock=clock) as outer:
        with pytest.raises(ValueError, match="boom"), Deadline(1.0, clock=clock):
            raise ValueError("boom")
        assert Deadline.current() is outer
    assert Deadline.current() is None


@pytest.mark.parametrize(("outer", "inner", "left"), [(5.0, 1.0, 1.0), (1.0, 5.0, 1.0)])
def test_the_nearest_of_nested_deadlines_counts(
    clock: FakeClock, outer: float, inner: float, left: float
) -> None:
    """An inner block can shorten the time that is left, and cannot lengthen it."""
    with Deadline(outer, clock=clock), Deadline(inner, clock=clock) as innermost:
        assert innermost.remaining() == left


def test_each_deadline_counts_on_its_own_clock(clock: FakeClock) -> None:
    """Nested deadlines on different clocks each read their own."""
    other = FakeClock(start=1000.0)
    with Deadline(5.0, clock=clock), Deadline(4.0, clock=other) as inner:
        clock.jump(3)
        assert inner.remaining() == 2
        other.jump(3)
        assert inner.remaining() == 1


def test_none_detaches_from_what_is_around(clock: FakeClock) -> None:
    """Background work that outlives its caller is not bound by the caller's time."""
    with Deadline(1.0, clock=clock), Deadline.none() as detached:
        assert detached.remaining() is None


def test_a_deadline_within_none_counts_alone(clock: FakeClock) -> None:
    """Detached work can have a bound of its own."""
    with Deadline(1.0, clock=clock), Deadline.none(), Deadline(9.0, clock=clock) as inner:
        assert inner.remaining() == 9


def test_a_deadline_is_used_once() -> None:
    """A second block needs a second deadline, while the first runs and after it."""
    deadline = Deadline(1.0)
    with deadline, pytest.raises(RuntimeError, match="used once"), deadline:
        pass
    with pytest.raises(RuntimeError, match="used once"), deadline:
        pass
    assert Deadline.current() is None


@pytest.mark.parametrize("seconds", [-1.0, math.nan, math.inf, -math.inf])
def test_nonsense_is_refused(seconds: float) -> None:
    """A bound is a finite time from 0 on; no bound is said with None."""
    with pytest.raises(ValueError, match="deadline takes seconds"):
        Deadline(seconds)


def test_before_it_is_entered_it_bounds_nothing() -> None:
    """The time runs from the start of the block."""
    deadline = Deadline(1.0)
    assert (deadline.remaining(), repr(deadline)) == (None, "Deadline(1.0)")
    deadline.__exit__(None, None, None)


async def test_a_call_inside_ends_with_the_deadline(clock: FakeClock, make_pipeline: MakePipeline) -> None:
    """A call that cannot end in time raises our `TimeoutError`, when the time is over and not later."""
    with Deadline(2.0, clock=clock), pytest.raises(viber.errors.TimeoutError) as caught:
        await make_pipeline(timeout=10.0).run(clock.sleep, 60)
    assert (clock.now(), caught.value.code) == (2.0, "timeout.total")


async def test_a_call_after_the_deadline_is_not_made(
    clock: FakeClock, make_pipeline: MakePipeline, script: MakeScript
) -> None:
    """With no time left, nothing is sent, and the error says so."""
    fn = script("never")
    with Deadline(0.0, clock=clock), pytest.raises(viber.errors.TimeoutError) as caught:
        await make_pipeline().run(fn)
    error = caught.value
    assert (error.delivery, error.neutral, error.attempts, fn.calls) == (Delivery.NOT_SENT, True, 0, [])
    assert (error.service, str(error)) == ("quotes", "no time was left: nothing was sent")


async def test_the_caller_s_own_code_is_never_cancelled(clock: FakeClock) -> None:
    """A deadline only bounds calls of viber: what else the caller awaits goes on."""
    with Deadline(1.0, clock=clock) as deadline:
        await clock.sleep(5.0)
    assert (clock.now(), deadline.remaining()) == (5.0, 0.0)


async def test_tasks_started_inside_are_bound_too(clock: FakeClock, make_pipeline: MakePipeline) -> None:
    """A task inherits the deadline of the place where it was made."""
    with Deadline(2.0, clock=clock):
        task = asyncio.create_task(make_pipeline().run(clock.sleep, 60))
    with pytest.raises(viber.errors.TimeoutError):
        await task
    assert clock.now() == 2.0


async def test_a_task_detached_with_none_goes_on(clock: FakeClock, make_pipeline: MakePipeline) -> None:
    """Work under `Deadline.none()` may take longer than its caller has."""
    with Deadline(2.0, clock=clock), Deadline.none():
        await make_pipeline().run(clock.sleep, 60)
    assert clock.now() == 60


async def test_it_does_not_lengthen_a_call(clock: FakeClock, make_pipeline: MakePipeline) -> None:
    """A call's own limits hold beneath a longer deadline."""
    with Deadline(60.0, clock=clock), pytest.raises(viber.errors.TimeoutError) as caught:
        await make_pipeline(timeout=1.0).run(clock.sleep, 30)
    assert (clock.now(), caught.value.code) == (1.0, "timeout.attempt")


async def test_other_tasks_are_not_bound(clock: FakeClock, make_pipeline: MakePipeline) -> None:
    """A block in one task says nothing to tasks that exist already."""
    gate = asyncio.Event()

    async def bystander() -> Deadline | None:
        await gate.wait()
        return Deadline.current()

    task = asyncio.create_task(bystander())
    await asyncio.sleep(0)
    with Deadline(1.0, clock=clock):
        gate.set()
        assert await task is None
