"""Read by type checkers, never executed: what goes through a pipeline or a breaker keeps its type."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, assert_type

from viber.machines import Judgement, RateLimit, Reservation
from viber.resilience import (
    AttemptBlock,
    Bulkhead,
    Call,
    ChaosFault,
    ChaosLatency,
    ChaosResult,
    CircuitBreaker,
    Deadline,
    Fallback,
    Permit,
    Pipeline,
    RateLimiter,
    RateLimiterStatus,
    execute_with_resilience,
)


async def quote(currency: str, *, places: int = 2) -> float:
    return round(1.0, places)


async def number(attempt: Call) -> int:
    return attempt.number


async def pipeline_keeps_types(pipeline: Pipeline) -> None:
    task = asyncio.create_task(assert_type(pipeline.run(quote, "EUR", places=3), Coroutine[Any, Any, float]))
    assert_type(await task, float)
    assert_type(await pipeline.run(quote, "EUR"), float)
    assert_type(await pipeline.execute(number, operation="count"), int)
    assert_type(await pipeline.protect(quote)("EUR", places=3), float)
    assert_type(pipeline.with_options(timeout=None, max_attempts=1), Pipeline)
    assert_type(pipeline.unguarded(), Pipeline)


async def breaker_keeps_types(breaker: CircuitBreaker) -> None:
    assert_type(await breaker.run(quote, "EUR", places=3), float)
    assert_type(await breaker.protect(quote)("EUR"), float)
    with breaker.acquire() as permit:
        assert_type(permit, Permit)


async def execute_keeps_types() -> None:
    assert_type(await execute_with_resilience(lambda: quote("EUR"), timeout=None), float)


def protected_functions_check_their_arguments(pipeline: Pipeline) -> None:
    protected: Callable[[str], Coroutine[Any, Any, float]] = pipeline.protect(quote)
    _ = pipeline.protect(quote)(1)  # type: ignore[arg-type]
    _ = pipeline.run(quote, "EUR", place=1)  # type: ignore[call-arg]
    pipeline.with_options(tiemout=1.0)  # type: ignore[call-arg]
    _ = protected("EUR")


async def last_known(_: Exception) -> float:
    return 1.08


async def bulkhead_keeps_types(bulkhead: Bulkhead) -> None:
    assert_type(await bulkhead.run(quote, "EUR", places=3), float)
    assert_type(await bulkhead.protect(quote)("EUR"), float)
    async with bulkhead as entered:
        assert_type(entered, Bulkhead)
    assert_type(bulkhead.try_acquire(), bool)


async def limiter_keeps_types() -> None:
    limiter = RateLimiter(RateLimit(requests=60, per=60.0), RateLimit(requests=9, per="day"))
    assert_type(await limiter.run(quote, "EUR", places=3), float)
    assert_type(await limiter.protect(quote)("EUR"), float)
    assert_type(await limiter.acquire(tokens=3), Reservation)
    assert_type(limiter.try_acquire(), Reservation | None)
    assert_type(limiter.status(), RateLimiterStatus)
    async with limiter as entered:
        assert_type(entered, RateLimiter)


async def fallback_keeps_types() -> None:
    fallback = Fallback(last_known, on=(ConnectionError, TimeoutError))
    assert_type(fallback, Fallback[float])
    assert_type(await fallback.run(quote, "EUR", places=3), float)
    assert_type(await fallback.protect(quote)("EUR"), float)
    _ = Fallback(last_known, on=lambda error: bool(error.args))
    _ = Fallback(last_known)  # type: ignore[call-arg]
    _ = Fallback(last_known, on="ConnectionError")  # type: ignore[arg-type]


async def chaos_keeps_types() -> None:
    for chaos in (
        ChaosLatency(2.0, rate=0.1),
        ChaosFault(ConnectionError, rate=0.1),
        ChaosResult(0, rate=0.1),
    ):
        assert_type(await chaos.run(quote, "EUR", places=3), float)
        assert_type(await chaos.protect(quote)("EUR"), float)


async def attempts_keep_types(pipeline: Pipeline) -> float:
    async for attempt in pipeline.attempts(operation="quote", idempotent=True, tokens=3):
        assert_type(attempt, AttemptBlock)
        async with attempt as entered:
            assert_type(entered.number, int)
            return await quote("EUR")
    raise AssertionError


async def calls_keep_types(call: Call) -> None:
    assert_type(call.limit, float | None)
    assert_type(call.reservation, Reservation | None)
    assert_type(call.keep_place(), Callable[[], None])
    with Deadline(2.0) as deadline:
        assert_type(deadline.remaining(), float | None)


async def any_awaitable_will_do(pipeline: Pipeline) -> None:
    def started() -> asyncio.Future[float]:
        return asyncio.ensure_future(quote("EUR"))

    assert_type(await pipeline.run(started), float)
    keyed: Callable[[str], Awaitable[float]] = pipeline.protect(quote)
    _ = keyed


def a_pipeline_checks_its_policies(judge: Callable[[object], Judgement | None]) -> None:
    _ = Pipeline("quotes", classify_result=judge, chaos=[ChaosLatency(2.0, rate=0.1)])
    _ = Pipeline("quotes", timeout="2")  # type: ignore[arg-type]
    _ = Pipeline("quotes", bulkhead=10)  # type: ignore[arg-type]
    _ = Pipeline("quotes", tiemout=2.0)  # type: ignore[call-arg]
    _ = Pipeline().run(quote("EUR"))  # type: ignore[arg-type]


def a_pipeline_never_changes(pipeline: Pipeline) -> None:
    pipeline.timeout = 1.0  # type: ignore[misc]
