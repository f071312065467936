"""Timeout, breaker and retry together: each attempt goes through the breaker and is bounded in time.

Where a peer offers several ways (its own timeout or `asyncio.timeout`, a decorator or a block, a pipeline or
its parts by hand), each has a row. hyx's timeout as a block costs about what `asyncio.timeout` does, but
never calls `uncancel` on the task that it cancelled.
"""

import asyncio

import aiobreaker
import hyx.circuitbreaker
import hyx.timeout
import interlock
import pyresilience
import redress
from _harness import Candidate
from interlock.integrations.tenacity import retry_unless_open

from peers import breakers, retries
from peers.runs import Guard, Work, answered

SECONDS = 10.0


def bounded(work: Work) -> Work:
    async def call() -> object:
        async with asyncio.timeout(SECONDS):
            return await work()

    return call


def bounded_by_hyx(work: Work) -> Work:
    async def call() -> object:
        async with hyx.timeout.timeout(SECONDS):
            return await work()

    return call


async def hyx_with_timeout(work: Work) -> Work:
    return await retries.by_hyx(await breakers.by_hyx(bounded(work)))


async def hyx_block(work: Work) -> Work:
    return await retries.by_hyx(await breakers.by_hyx(bounded_by_hyx(work)))


async def hyx_decorators(work: Work) -> Work:
    return await retries.by_hyx(await breakers.by_hyx(hyx.timeout.timeout(SECONDS)(work)))


async def backoff_aiobreaker(work: Work) -> Work:
    return await retries.by_backoff(aiobreaker.CircuitBreaker()(bounded(work)))


async def stamina_aiobreaker(work: Work) -> Work:
    return await retries.by_stamina(aiobreaker.CircuitBreaker()(bounded(work)))


async def tenacity_purgatory(work: Work) -> Work:
    return await retries.by_tenacity(await breakers.by_purgatory(bounded(work)))


async def interlock_with_timeout(work: Work) -> Work:
    return await breakers.by_interlock(interlock.Config())(bounded(work))


async def interlock_pipeline(work: Work) -> Work:
    breaker = interlock.CircuitBreaker(name="peer")
    return interlock.Pipeline.builder().circuit_breaker(breaker).timeout(SECONDS).build()(work)


async def interlock_tenacity(work: Work) -> Work:
    return retries.tenacity_loop(await interlock_with_timeout(work), retry_unless_open())


async def interlock_tenacity_pipeline(work: Work) -> Work:
    breaker = interlock.CircuitBreaker(name="peer")
    builder = interlock.Pipeline.builder().retry(attempts=retries.ATTEMPTS)
    return builder.circuit_breaker(breaker).timeout(SECONDS).build()(work)


async def whole_pyresilience(work: Work) -> Work:
    return pyresilience.resilient(
        retry=pyresilience.RetryConfig(max_attempts=retries.ATTEMPTS),
        timeout=pyresilience.TimeoutConfig(SECONDS),
        circuit_breaker=pyresilience.CircuitBreakerConfig(),
    )(work)


async def redress_with_timeout(work: Work) -> Work:
    return redress_policy(bounded(work), retries.redress_retry())


async def whole_redress(work: Work) -> Work:
    return redress_policy(work, retries.redress_retry(SECONDS))


def redress_policy(work: Work, retry: redress.AsyncRetry) -> Work:
    policy = redress.AsyncPolicy(retry=retry, circuit_breaker=redress.CircuitBreaker())
    return lambda: policy.call(work)


COMPOSITIONS: dict[str, Guard] = {
    "hyx retry and breaker, asyncio.timeout": hyx_with_timeout,
    "hyx, timeout as a block": hyx_block,
    "hyx, three decorators": hyx_decorators,
    "backoff, aiobreaker, asyncio.timeout": backoff_aiobreaker,
    "interlock-cb, asyncio.timeout, no retry": interlock_with_timeout,
    "interlock-cb pipeline, no retry": interlock_pipeline,
    "pyresilience": whole_pyresilience,
    "redress, asyncio.timeout": redress_with_timeout,
    "redress": whole_redress,
    "stamina, aiobreaker, asyncio.timeout": stamina_aiobreaker,
    "tenacity, purgatory, asyncio.timeout": tenacity_purgatory,
    "tenacity, interlock-cb, asyncio.timeout": interlock_tenacity,
    "interlock-cb pipeline with tenacity": interlock_tenacity_pipeline,
}


def candidates(work: Work) -> list[Candidate]:
    """Everything closed, nothing fails, nothing times out."""
    return [Candidate(name, answered(guard, work)) for name, guard in COMPOSITIONS.items()]
