"""Breakers around a call: closed, and open.

* hyx, aiobreaker, pyresilience, interlock-cb: decorator or `call_async`, whichever was cheaper.
* purgatory: one breaker kept; its examples ask the factory for it at each call, which doubles the cost.
* pybreaker: its `calling()` block around the await, which needs no tornado; its `call_async` runs through
  tornado's coroutines and costs ten times as much.
* redress: a policy with a breaker and without retry.
"""

from dataclasses import dataclass

import aiobreaker
import hyx.circuitbreaker
import hyx.circuitbreaker.exceptions
import interlock
import purgatory
import purgatory.domain.model
import pybreaker
import pyresilience
import redress
from _harness import Candidate

from peers.runs import Guard, Work, answered, rejected


@dataclass(frozen=True, slots=True)
class Breaker:
    """A peer's breaker and the exception by which it rejects."""

    name: str
    guard: Guard
    rejection: type[Exception]


async def by_hyx(work: Work) -> Work:
    return hyx.circuitbreaker.consecutive_breaker()(work)


async def by_aiobreaker(work: Work) -> Work:
    breaker = aiobreaker.CircuitBreaker()
    return lambda: breaker.call_async(work)


async def by_purgatory(work: Work) -> Work:
    breaker = await purgatory.AsyncCircuitBreakerFactory().get_breaker("peer")

    async def call() -> object:
        async with breaker:
            return await work()

    return call


async def by_pybreaker(work: Work) -> Work:
    breaker = pybreaker.CircuitBreaker()

    async def call() -> object:
        with breaker.calling():
            return await work()

    return call


async def by_redress(work: Work) -> Work:
    policy = redress.AsyncPolicy(circuit_breaker=redress.CircuitBreaker())
    return lambda: policy.call(work)


def by_pyresilience(config: pyresilience.CircuitBreakerConfig) -> Guard:
    async def guard(work: Work) -> Work:
        return pyresilience.resilient(circuit_breaker=config)(work)

    return guard


def by_interlock(config: interlock.Config) -> Guard:
    async def guard(work: Work) -> Work:
        breaker = interlock.CircuitBreaker(name="peer", config=config)
        return lambda: breaker.call_async(work)

    return guard


def counting(calls: int) -> interlock.Config:
    return interlock.Config(window_type=interlock.WindowType.COUNT_BASED, window_size=calls)


def timing(seconds: int) -> interlock.Config:
    return interlock.Config(window_type=interlock.WindowType.TIME_BASED, window_size=seconds)


BREAKERS = (
    Breaker("hyx", by_hyx, hyx.circuitbreaker.exceptions.BreakerFailing),
    Breaker("aiobreaker", by_aiobreaker, aiobreaker.CircuitBreakerError),
    Breaker("purgatory", by_purgatory, purgatory.domain.model.OpenedState),
    Breaker("pybreaker", by_pybreaker, pybreaker.CircuitBreakerError),
    Breaker("redress", by_redress, redress.CircuitOpenError),
    Breaker(
        "pyresilience",
        by_pyresilience(pyresilience.CircuitBreakerConfig()),
        pyresilience.CircuitOpenError,
    ),
    Breaker("interlock-cb, 100 calls", by_interlock(counting(100)), interlock.CircuitOpenError),
    Breaker("interlock-cb, 60 s", by_interlock(timing(60)), interlock.CircuitOpenError),
)


def closed(work: Work) -> list[Candidate]:
    """Breakers that let every call through."""
    return [Candidate(peer.name, answered(peer.guard, work)) for peer in BREAKERS]


def opened() -> list[Candidate]:
    """Breakers that reject every call by an exception; the work is not reached."""
    return [Candidate(peer.name, rejected(peer.guard, peer.rejection)) for peer in BREAKERS]
