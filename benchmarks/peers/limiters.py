"""Rate limiters and bulkheads around a call, with so much room that nothing waits.

* limits answers yes or no and does not wait; its moving window keeps every hit in a list whose front it
  extends, so it costs the more the more it holds. Here the list starts empty in each run.
* pyrate-limiter: without the thread that forgets old entries. The second row asks its synchronous method,
  which is cheaper and says no instead of waiting.
* hyx's bucket says no instead of waiting and reads the clock only when it is empty, which it never is here.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import aiolimiter
import anyio
import hyx.bulkhead
import hyx.ratelimit
import pyrate_limiter
import pyresilience
from _harness import Candidate
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import (
    FixedWindowRateLimiter,
    MovingWindowRateLimiter,
    RateLimiter,
    SlidingWindowCounterRateLimiter,
)

from peers.runs import Guard, Work, answered

PLENTY = 1_000_000_000
AT_ONCE = 1000
PER_SECOND = RateLimitItemPerSecond(PLENTY)


async def by_hyx(work: Work) -> Work:
    return hyx.ratelimit.tokenbucket(PLENTY, per_time_secs=1)(work)


async def by_pyresilience(work: Work) -> Work:
    return pyresilience.resilient(rate_limiter=pyresilience.RateLimiterConfig(max_calls=PLENTY))(work)


async def by_pyresilience_bulkhead(work: Work) -> Work:
    return pyresilience.resilient(bulkhead=pyresilience.BulkheadConfig(max_concurrent=AT_ONCE))(work)


def inside(make: Callable[[], AbstractAsyncContextManager[object]]) -> Guard:
    """The call in an `async with` of one limiter."""

    async def guard(work: Work) -> Work:
        limiter = make()

        async def call() -> object:
            async with limiter:
                return await work()

        return call

    return guard


def by_limits(strategy: type[RateLimiter], limit: RateLimitItem = PER_SECOND) -> Guard:
    async def guard(work: Work) -> Work:
        limiter = strategy(MemoryStorage())

        async def call() -> object:
            if not await limiter.hit(limit, "peer"):
                raise AssertionError("limits said no")
            return await work()

        return call

    return guard


async def by_pyrate(work: Work) -> Work:
    limiter = pyrate()

    async def call() -> object:
        if not await limiter.try_acquire_async("peer"):
            raise AssertionError("pyrate-limiter said no")
        return await work()

    return call


async def by_pyrate_at_once(work: Work) -> Work:
    limiter = pyrate()

    async def call() -> object:
        if not limiter.try_acquire("peer", blocking=False):
            raise AssertionError("pyrate-limiter said no")
        return await work()

    return call


def pyrate() -> pyrate_limiter.Limiter:
    bucket = pyrate_limiter.InMemoryBucket([pyrate_limiter.Rate(PLENTY, pyrate_limiter.Duration.SECOND)])
    return pyrate_limiter.Limiter(pyrate_limiter.SingleBucketFactory(bucket, schedule_leak=False))


LIMITERS: dict[str, Guard] = {
    "hyx token bucket": by_hyx,
    "asyncio.Semaphore": inside(lambda: asyncio.Semaphore(AT_ONCE)),
    "aiolimiter": inside(lambda: aiolimiter.AsyncLimiter(PLENTY, time_period=1)),
    "anyio.Semaphore, fast": inside(lambda: anyio.Semaphore(AT_ONCE, fast_acquire=True)),
    "anyio.CapacityLimiter": inside(lambda: anyio.CapacityLimiter(AT_ONCE)),
    "hyx bulkhead": inside(lambda: hyx.bulkhead.bulkhead(AT_ONCE, AT_ONCE)),
    "pyresilience bulkhead": by_pyresilience_bulkhead,
    "pyresilience": by_pyresilience,
    "limits, moving window": by_limits(MovingWindowRateLimiter),
    "limits, fixed window": by_limits(FixedWindowRateLimiter),
    "limits, sliding window counter": by_limits(SlidingWindowCounterRateLimiter),
    "pyrate-limiter": by_pyrate,
    "pyrate-limiter, no wait": by_pyrate_at_once,
}


def candidates(work: Work) -> list[Candidate]:
    """Limiters that let every call through at once."""
    return [Candidate(name, answered(guard, work)) for name, guard in LIMITERS.items()]
