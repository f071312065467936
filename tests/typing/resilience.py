"""Read by type checkers, never executed: what goes through a pipeline or a breaker keeps its type."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, assert_type

from viber.resilience import Call, CircuitBreaker, Permit, Pipeline, execute_with_resilience


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
