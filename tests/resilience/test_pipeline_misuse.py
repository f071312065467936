"""What a pipeline refuses, and what it says to do instead."""

from __future__ import annotations

import asyncio
import functools
import gc
import math
from collections.abc import AsyncIterator, Callable
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from viber.machines import CircuitBreakerConfig, Judgement, RateLimit, RetryConfig, Verdict
from viber.resilience import (
    Bulkhead,
    Call,
    ChaosFault,
    ChaosLatency,
    CircuitBreaker,
    Fallback,
    Pipeline,
    RateLimiter,
)
from viber.testing import FakeClock

MakePipeline = Callable[..., Pipeline]
BODIES: dict[str, dict[str, Any]] = {"plain": {"timeout": 5.0}, "general": {}}
ANYTHING_PASSES = Judgement(Verdict.FAILURE, retryable=True, safe=True)


@pytest.fixture(params=BODIES.values(), ids=BODIES)
def pipeline(
    request: pytest.FixtureRequest, make_pipeline: MakePipeline, breaker: CircuitBreaker
) -> Pipeline:
    """One that repeats whatever may be repeated."""
    return make_pipeline(
        breaker=breaker, idempotent=True, classify=lambda _: ANYTHING_PASSES, **request.param
    )


@pytest.fixture
def breaker(clock: FakeClock) -> CircuitBreaker:
    return CircuitBreaker("quotes", clock=clock)


async def quote(currency: str = "EUR") -> float:
    return 1.08


async def answer(_: Exception) -> float:
    return 0.0


@pytest.mark.parametrize("way", ["run", "execute", "protect"])
def test_a_coroutine_is_no_function(pipeline: Pipeline, way: str) -> None:
    """It can be awaited once, so it cannot be repeated; it is closed, so that Python has nothing to add."""
    with pytest.raises(TypeError, match=r"pass the function and its arguments, not the coroutine quote\(\)"):
        getattr(pipeline, way)(quote())
    gc.collect()  # a coroutine that was never awaited would warn now


@pytest.mark.parametrize("way", ["run", "execute", "protect"])
@pytest.mark.parametrize("thing", [None, 5, "quote"])
def test_what_cannot_be_called_is_no_function(pipeline: Pipeline, way: str, thing: object) -> None:
    """The error names what was passed."""
    with pytest.raises(TypeError, match=f"pass a coroutine function.*, not '{type(thing).__name__}'"):
        getattr(pipeline, way)(thing)


async def test_a_sync_function_is_called_once_and_refused(
    pipeline: Pipeline, breaker: CircuitBreaker
) -> None:
    """That it is one shows in what it returns; that is neither repeated nor news of the service."""
    calls: list[str] = []

    def sync(currency: str) -> float:
        calls.append(currency)
        return 1.08

    for call in (lambda: pipeline.run(sync, "EUR"), lambda: pipeline.protect(sync)("EUR")):
        with pytest.raises(
            TypeError, match=r"sync returned 'float', which cannot be awaited: pass a coroutine"
        ):
            await call()
    assert (calls, breaker.snapshot().failures) == (["EUR", "EUR"], 0)


async def test_a_sync_function_is_refused_without_a_breaker_too(make_pipeline: MakePipeline) -> None:
    """No classification makes a mistake repeatable, and no fallback hides it."""
    calls: list[int] = []
    pipeline = make_pipeline(
        idempotent=True, classify=lambda _: ANYTHING_PASSES, fallback=Fallback(answer, on=Exception)
    )
    with pytest.raises(TypeError, match="cannot be awaited"):
        await pipeline.run(lambda: calls.append(1))
    assert calls == [1]


async def test_an_async_generator_is_not_awaited(pipeline: Pipeline, breaker: CircuitBreaker) -> None:
    """Nothing of it is run."""

    async def quotes() -> AsyncIterator[float]:
        pytest.fail("it ran")
        yield 1.08

    with pytest.raises(TypeError, match="pass a coroutine function"):
        await pipeline.run(quotes)
    with pytest.raises(TypeError, match="is an async generator"):
        pipeline.protect(quotes)
    assert breaker.snapshot().failures == 0


async def test_whatever_returns_an_awaitable_will_do(pipeline: Pipeline) -> None:
    """A partial, a method, an object with `__call__`, a function that returns a future."""

    class Quotes:
        async def get(self) -> float:
            return await quote()

        async def __call__(self) -> float:
            return await quote()

    def started() -> asyncio.Future[float]:
        return asyncio.ensure_future(quote())

    for fn in (functools.partial(quote, "EUR"), Quotes().get, Quotes(), started, lambda: quote("EUR")):
        assert await pipeline.run(fn) == 1.08


async def test_arguments_may_have_any_name(pipeline: Pipeline) -> None:
    """The names of ours are not taken from the function, in its first attempt or a later one."""
    attempts: list[dict[str, Any]] = []

    async def apply(**names: Any) -> dict[str, Any]:
        attempts.append(names)
        if len(attempts) == 1:
            raise ConnectionResetError
        return names

    names = {"fn": 1, "self": 2, "call": 3, "args": 4}
    assert await pipeline.protect(apply)(**names) == names
    assert await pipeline.run(apply, fn=1) == {"fn": 1}
    assert len(attempts) == 3


def policies(breaker: CircuitBreaker) -> dict[str, Any]:
    return {
        "breaker": breaker,
        "bulkhead": Bulkhead(1),
        "limiter": RateLimiter(RateLimit(requests=1)),
        "fallback": Fallback(answer, on=ConnectionError),
        "chaos": [ChaosFault(ConnectionError, rate=0.0)],
    }


@pytest.mark.parametrize("name", ["breaker", "bulkhead", "limiter", "fallback", "chaos"])
def test_no_policy_guards_a_function_twice(
    make_pipeline: MakePipeline, breaker: CircuitBreaker, name: str
) -> None:
    """Each call would be counted twice: of two pipelines with one policy in common the second is refused."""
    shared = {name: policies(breaker)[name]}
    protected = make_pipeline("inner", **shared).protect(quote)
    with pytest.raises(TypeError, match=r"quote is guarded by <.*> already: pass the function without it"):
        make_pipeline("outer", **shared).protect(protected)


def test_pipelines_of_different_policies_may_be_nested(make_pipeline: MakePipeline) -> None:
    """And know of each other: a third one in common is found however deep it is."""
    inner, between = CircuitBreaker("inner"), CircuitBreaker("between")
    protected = make_pipeline(breaker=between).protect(make_pipeline(breaker=inner).protect(quote))
    with pytest.raises(TypeError, match="guarded by <CircuitBreaker 'inner' closed> already"):
        inner.protect(protected)


def test_a_chaos_policy_stands_in_a_pipeline_once(make_pipeline: MakePipeline) -> None:
    """Its rate would not be what it says."""
    chaos = ChaosLatency(1.0, rate=0.5)
    with pytest.raises(TypeError, match="stands here twice"):
        make_pipeline(chaos=[chaos, chaos])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", 5),
        ("retry", 3),
        ("retry", None),
        ("retry", RetryConfig),
        ("budget", 0.2),
        ("breaker", "quotes"),
        ("breaker", CircuitBreakerConfig()),
        ("breaker", CircuitBreaker),
        ("bulkhead", 10),
        ("limiter", RateLimit(requests=1)),
        ("fallback", answer),
        ("chaos", ChaosLatency(1.0, rate=0.5)),
        ("chaos", [0.5]),
        ("chaos", None),
        ("idempotent", "no"),
        ("idempotent", 1),
        ("classify", None),
        ("classify", ConnectionError()),
        ("classify_result", 5),
        ("rng", 0.5),
        ("listeners", print),
        ("listeners", None),
        ("timeout", "5"),
        ("timeout", True),
        ("total_timeout", [5.0]),
    ],
)
def test_something_else_than_a_policy_is_refused_by_name(
    make_pipeline: MakePipeline, name: str, value: object
) -> None:
    """A `TypeError` says what the keyword takes, when the pipeline is made."""
    with pytest.raises(TypeError, match=f"^{name} takes .*, not "):
        make_pipeline(**{name: value})


@pytest.mark.parametrize("name", ["timeout", "total_timeout"])
@pytest.mark.parametrize("seconds", [0, -0.1, math.nan, math.inf, -math.inf])
def test_a_limit_that_is_no_time_is_refused_by_name(name: str, seconds: float) -> None:
    """None is no limit; infinity, nothing and less are not."""
    with pytest.raises(ValueError, match=f"^{name} takes seconds above 0, or None for no limit, not "):
        Pipeline(**{name: seconds})


def test_a_pipeline_never_changes(pipeline: Pipeline) -> None:
    """No attribute can be set or deleted: it may be shared freely."""
    for name in ("timeout", "breaker", "is_plain", "name"):
        with pytest.raises(FrozenInstanceError):
            setattr(pipeline, name, None)
        with pytest.raises(FrozenInstanceError):
            delattr(pipeline, name)
    with pytest.raises((AttributeError, TypeError)):
        pipeline.anything = 1


def test_what_was_handed_in_may_change_afterwards() -> None:
    """A pipeline keeps the policies that it was made with."""
    chaos = [ChaosLatency(1.0, rate=0.5)]
    pipeline = Pipeline(chaos=chaos)
    chaos.clear()
    assert len(pipeline.chaos) == 1


async def test_a_call_knows_its_own_pipeline_only(make_pipeline: MakePipeline) -> None:
    """Two calls through one pipeline share nothing but its policies."""
    calls: list[Call] = []

    async def remember(call: Call) -> None:
        calls.append(call)

    pipeline = make_pipeline()
    await asyncio.gather(*(pipeline.execute(remember, operation=name) for name in "ab"))
    assert [(call.operation, call.number) for call in calls] == [("a", 1), ("b", 1)]
