from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from viber.resilience import Pipeline
from viber.testing import EventRecorder, FakeClock


class Script:
    """A coroutine function that ends in the given ways, one after another, and notes when it was called.

    An exception is raised, a function is called and awaited, anything else is returned.
    """

    def __init__(self, clock: FakeClock, outcomes: tuple[Any, ...]) -> None:
        self.calls: list[float] = []
        self._clock = clock
        self._outcomes = iter(outcomes)

    async def __call__(self) -> Any:
        self.calls.append(self._clock.now())
        outcome = next(self._outcomes)
        if isinstance(outcome, BaseException):
            raise outcome
        if callable(outcome):
            outcome = outcome()
        return await outcome if inspect.isawaitable(outcome) else outcome


@pytest.fixture
def clock() -> FakeClock:
    """A clock that moves by itself to the next moment anybody waits for."""
    return FakeClock(auto=True)


@pytest.fixture
def recorder() -> EventRecorder:
    """A listener that remembers."""
    return EventRecorder()


@pytest.fixture
def script(clock: FakeClock) -> Callable[..., Script]:
    """A function that ends as the script says."""
    return lambda *outcomes: Script(clock, outcomes)


@pytest.fixture
def make_pipeline(clock: FakeClock) -> Callable[..., Pipeline]:
    """A pipeline on the fake clock whose chance is always one half."""

    def make(name: str = "quotes", **options: Any) -> Pipeline:
        return Pipeline(name, **{"clock": clock, "rng": lambda: 0.5, **options})

    return make
