from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from viber.errors import ServerError
from viber.machines import CircuitBreakerConfig, RateLimit, RetryConfig
from viber.resilience import Bulkhead, CircuitBreaker, Pipeline, RateLimiter
from viber.testing import EventRecorder, FakeClock

Run = Callable[..., Coroutine[Any, Any, Any]]


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


class CallUnderWay:
    """A call that hangs until it is told how to end."""

    def __init__(self, run: Run) -> None:
        self.answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.task = asyncio.create_task(run(self._hang))

    async def _hang(self) -> object:
        return await self.answer

    async def finish(self, *, well: bool) -> None:
        if well:
            self.answer.set_result("late")
        else:
            self.answer.set_exception(ServerError("late"))
        await asyncio.wait([self.task])
        assert well == (self.task.exception() is None)

    async def cancel(self) -> None:
        self.task.cancel()
        await asyncio.wait([self.task])
        assert self.task.cancelled()


class Guarded:
    """Calls behind a breaker: two failures open it for 60 s, then one probe may be out and one closes it."""

    def __init__(self, way_in: Callable[[CircuitBreaker], Run]) -> None:
        config = CircuitBreakerConfig(failure_threshold=2, half_open_max_calls=1, reset_jitter=0)
        self.clock = FakeClock()
        self.breaker = CircuitBreaker("quotes", config, clock=self.clock)
        self.run = way_in(self.breaker)

    async def fail(self, times: int = 2) -> None:
        for _ in range(times):
            with pytest.raises(ServerError, match="boom"):
                await self.run(_boom)

    def lapse(self) -> None:
        """Open the circuit, and let the open time pass."""
        for _ in range(2):
            self.breaker.acquire().failure()
        self.clock.jump(60)

    async def under_way(self) -> CallUnderWay:
        call = CallUnderWay(self.run)
        await asyncio.sleep(0)
        return call


async def _boom() -> None:
    await asyncio.sleep(0)
    raise ServerError("boom")


ONCE = RetryConfig(max_attempts=1)
WAYS_IN: dict[str, Callable[[CircuitBreaker], Run]] = {
    "breaker": lambda breaker: breaker.run,
    "plain": lambda breaker: Pipeline("quotes", breaker=breaker, retry=ONCE, timeout=60.0).run,
    "general": lambda breaker: Pipeline("quotes", breaker=breaker, retry=ONCE).run,
}


@pytest.fixture(params=WAYS_IN.values(), ids=WAYS_IN)
def guarded(request: pytest.FixtureRequest) -> Guarded:
    """A breaker and a way in: its own, or a pipeline, which has one body for the usual first attempt."""
    return Guarded(request.param)


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


def plain(pipeline: Pipeline) -> Run:
    """The body for the usual first attempt, if the pipeline has a time limit and no lines."""
    return pipeline.run


def general(pipeline: Pipeline) -> Run:
    return replace(pipeline, bulkhead=pipeline.bulkhead or Bulkhead(1000)).run


def looped(pipeline: Pipeline) -> Run:
    async def run(fn: Run, *args: Any) -> Any:
        async for attempt in pipeline.attempts():
            async with attempt:
                return await fn(*args)
        raise AssertionError("the last attempt returns or raises")

    return run


@pytest.fixture(params=[plain, general, looped], ids=lambda body: body.__name__)
def through(request: pytest.FixtureRequest) -> Callable[[Pipeline], Run]:
    """Each of the bodies that a pipeline has for a call."""
    body: Callable[[Pipeline], Run] = request.param
    return body


@pytest.fixture
def make_limiter(clock: FakeClock) -> Callable[..., RateLimiter]:
    """A rate limiter on the fake clock, of two requests a minute unless told otherwise."""

    def make(*limits: RateLimit, **options: Any) -> RateLimiter:
        usual = (RateLimit(requests=2, per=60.0),)
        return RateLimiter(*(limits or usual), **{"clock": clock, "name": "quotes", **options})

    return make
