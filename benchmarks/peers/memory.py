"""Bytes that a breaker holds, new and after many recorded calls, as tracemalloc counts them."""

import asyncio
import gc
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count

import aiobreaker
import hyx.circuitbreaker
import interlock
import purgatory
import pybreaker
import pyresilience
import redress
from limits import RateLimitItemPerHour
from limits.aio.strategies import MovingWindowRateLimiter

from peers.breakers import (
    by_aiobreaker,
    by_hyx,
    by_interlock,
    by_purgatory,
    by_pybreaker,
    by_pyresilience,
    by_redress,
    counting,
    timing,
)
from peers.limiters import by_limits
from peers.runs import Guard, settled

COPIES = 1000
ANSWER = object()


def new() -> dict[str, float]:
    """Bytes of one new breaker, the mean of a thousand; what breakers share is not counted."""
    config = pyresilience.CircuitBreakerConfig
    makers: dict[str, Callable[[], object]] = {
        "hyx": hyx.circuitbreaker.consecutive_breaker,
        "aiobreaker": aiobreaker.CircuitBreaker,
        "purgatory": purgatory_maker(),
        "pybreaker": pybreaker.CircuitBreaker,
        "redress": redress.CircuitBreaker,
        "pyresilience": partial(pyresilience.CircuitBreaker, config()),
        "pyresilience, 100 calls": partial(pyresilience.CircuitBreaker, config(sliding_window_size=100)),
        "interlock-cb, 100 calls": partial(interlock.CircuitBreaker, name="peer", config=counting(100)),
        "interlock-cb, 60 s": partial(interlock.CircuitBreaker, name="peer", config=timing(60)),
    }
    return {name: held(make) for name, make in makers.items()}


def purgatory_maker() -> Callable[[], object]:
    """Its synchronous breaker has the same attributes as the other, and needs no loop to be made."""
    factory, numbers = purgatory.SyncCircuitBreakerFactory(), count()
    return lambda: factory.get_breaker(f"peer {next(numbers)}")


async def recorded(calls: int) -> dict[str, int]:
    """Bytes of one guarded call after so many calls, all of them within the window if there is one."""
    guards: dict[str, Guard] = {
        "hyx": by_hyx,
        "aiobreaker": by_aiobreaker,
        "purgatory": by_purgatory,
        "pybreaker": by_pybreaker,
        "redress": by_redress,
        "pyresilience": by_pyresilience(pyresilience.CircuitBreakerConfig(sliding_window_size=calls)),
        "interlock-cb, all calls": by_interlock(counting(calls)),
        "interlock-cb, 60 s": by_interlock(timing(60)),
        "limits, moving window": by_limits(MovingWindowRateLimiter, RateLimitItemPerHour(calls)),
    }
    return {name: await held_after(guard, calls) for name, guard in guards.items()}


def held(make: Callable[[], object]) -> float:
    """Bytes of what `make` makes, the mean of a thousand."""
    make()  # what is kept from the first of a kind on belongs to all
    kept: list[object] = [None] * COPIES
    with traced() as bytes_held:
        for index in range(COPIES):
            kept[index] = make()
        return bytes_held() / COPIES


async def held_after(guard: Guard, calls: int) -> int:
    """Bytes of one guarded call after so many calls."""
    others = asyncio.all_tasks()
    first = await guard(answer)
    await first()
    with traced() as bytes_held:
        call = await guard(answer)
        for _ in range(calls):
            await call()
        total = bytes_held()
    await settled(others)
    return total


async def answer() -> object:
    return ANSWER


@contextmanager
def traced() -> Iterator[Callable[[], int]]:
    """Yields what tells how many bytes were allocated inside the block and are still held."""

    def bytes_held() -> int:
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    gc.collect()
    tracemalloc.start()
    try:
        yield bytes_held
    finally:
        tracemalloc.stop()
