"""The short form of a pipeline, for one call."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from viber.clock import SYSTEM_CLOCK, Clock
from viber.machines import Classify, RetryConfig, judge
from viber.resilience._circuit_breaker import CircuitBreaker
from viber.resilience._pipeline import Pipeline

T = TypeVar("T")


async def execute_with_resilience(
    fn: Callable[[], Awaitable[T]],
    *,
    timeout: float | None = 10.0,  # noqa: ASYNC109 - the pipeline's own, one timer an attempt
    total_timeout: float | None = None,
    retry: RetryConfig | None = None,
    breaker: CircuitBreaker | None = None,
    idempotent: bool = False,
    classify: Classify = judge,
    clock: Clock = SYSTEM_CLOCK,
) -> T:
    """Await a function without arguments once, through timeout, breaker and retry; times in seconds.

    Raises:
        CircuitOpenError: the circuit is open; the function was not called.
        TimeoutError: an attempt, or the whole call, took too long.
        Exception: what the function raised in its last attempt.

    Example:
        >>> import asyncio
        >>> async def answer() -> int:
        ...     return 42
        >>> asyncio.run(execute_with_resilience(answer, timeout=1.0))
        42
    """
    pipeline = Pipeline(
        breaker.name if breaker is not None else "",
        retry=retry or RetryConfig(),
        breaker=breaker,
        timeout=timeout,
        total_timeout=total_timeout,
        idempotent=idempotent,
        classify=classify,
        clock=clock,
    )
    return await pipeline.run(fn)
