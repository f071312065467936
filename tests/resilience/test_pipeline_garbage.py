"""No error is held in a circle that only the garbage collector could open."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from viber.errors import ServerError
from viber.resilience import CircuitBreaker, Pipeline
from viber.testing import FakeClock

MakePipeline = Callable[..., Pipeline]
Run = Callable[..., Coroutine[Any, Any, Any]]
Through = Callable[[Pipeline], Run]


class Errors:
    """Makes errors, and knows which of them are still there."""

    def __init__(self) -> None:
        self._made: list[weakref.ref[Exception]] = []

    def make(self) -> Exception:
        error = ServerError("broken")
        self.note(error)
        return error

    def note(self, error: Exception) -> None:
        self._made.append(weakref.ref(error))

    def __len__(self) -> int:
        return len(self._made)

    def left(self) -> list[Exception]:
        return [error for note in self._made if (error := note()) is not None]


@pytest.fixture
def errors() -> Iterator[Errors]:
    gc.disable()
    yield Errors()
    gc.enable()


async def test_the_errors_before_a_success_are_gone(
    make_pipeline: MakePipeline, through: Through, errors: Errors
) -> None:
    """A call that ended well holds nothing of its earlier attempts."""

    async def flaky() -> None:
        if len(errors) < 2:
            raise errors.make()

    await through(make_pipeline(timeout=5.0, idempotent=True))(flaky)
    assert (len(errors), errors.left()) == (2, [])


async def test_the_errors_before_a_cancellation_are_gone(
    make_pipeline: MakePipeline, through: Through, errors: Errors
) -> None:
    """Nor does a call that was cancelled in its wait."""
    clock = FakeClock()

    async def broken() -> None:
        raise errors.make()

    call = asyncio.create_task(through(make_pipeline(timeout=5.0, idempotent=True, clock=clock))(broken))
    await clock.settle()
    call.cancel()
    await asyncio.wait([call])
    del call
    assert (len(errors), errors.left()) == (1, [])


@pytest.mark.parametrize("end", ["failure", "timeout", "rejection"])
async def test_the_error_that_ends_a_call_is_gone_with_its_reader(
    make_pipeline: MakePipeline, through: Through, errors: Errors, clock: FakeClock, end: str
) -> None:
    """Whatever kind of error it was."""
    breaker = CircuitBreaker("quotes", clock=clock)
    if end == "rejection":
        breaker.isolate()

    async def fn() -> None:
        if end == "timeout":
            await clock.sleep(60)
        raise errors.make()

    try:
        await through(make_pipeline(timeout=5.0, breaker=breaker))(fn)
    except Exception as error:  # noqa: BLE001 - each kind
        errors.note(error)
    assert errors.left() == []
