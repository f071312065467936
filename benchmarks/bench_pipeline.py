"""What protection adds to an awaited call: ours beside what people use today, part by part and whole."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from _harness import Candidate, Effort, Run, Table, compare
from _report import Sizes, publish
from peers import PACKAGES, breakers, compositions, limiters, memory, retries, windows
from peers.runs import Guard, Work, answered, rejected

from viber import (
    Bulkhead,
    CallFinished,
    CircuitBreaker,
    CircuitBreakerConfig,
    CircuitOpenError,
    Deadline,
    Pipeline,
    RateLimit,
    RateLimiter,
    RetryConfig,
)
from viber.observability import Event, Listeners

BARE = "bare await"
ALONE = "asyncio.timeout alone"
ANSWER = object()
RECORDED = 100_000
FAST = RateLimit(requests=10_000_000, per=1.0)
TOKENS = RateLimit(tokens=10_000_000_000, per=1.0)
RATES = CircuitBreakerConfig(failure_rate=0.5)
SLOW = CircuitBreakerConfig(failure_rate=0.5, slow_call_rate=0.5, slow_call_duration=1.0)


async def at_once() -> object:
    return ANSWER


async def suspending() -> object:
    await asyncio.sleep(0)
    return ANSWER


async def unguarded(work: Work) -> Work:
    return work


def by_breaker(config: CircuitBreakerConfig | None = None) -> Guard:
    async def guard(work: Work) -> Work:
        return partial(CircuitBreaker("alone", config).run, work)

    return guard


async def by_protection(work: Work) -> Work:
    return CircuitBreaker("alone").protect(work)


def by_pipeline(make: Callable[[], Pipeline]) -> Guard:
    async def guard(work: Work) -> Work:
        return partial(make().run, work)

    return guard


def by_limiter(*limits: RateLimit, tokens: int = 0) -> Guard:
    async def guard(work: Work) -> Work:
        limiter = RateLimiter(*limits)

        async def limited() -> object:
            await limiter.acquire(tokens)
            return await work()

        return limited

    return guard


async def by_bulkhead(work: Work) -> Work:
    bulkhead = Bulkhead(10)

    async def one_of_ten() -> object:
        async with bulkhead:
            return await work()

    return one_of_ten


def breaker() -> CircuitBreaker:
    return CircuitBreaker("whole")


def everything() -> Pipeline:
    return Pipeline(
        timeout=10.0, total_timeout=30.0, breaker=breaker(), bulkhead=Bulkhead(10), limiter=RateLimiter(FAST)
    )


def heard() -> Pipeline:
    def listener(event: Event) -> None:
        if not isinstance(event, CallFinished):
            raise TypeError(event)

    return Pipeline(timeout=10.0, total_timeout=30.0, breaker=breaker(), listeners=Listeners(listener))


def ours(guards: dict[str, Guard], work: Work) -> list[Candidate]:
    return [Candidate(name, answered(guard, work)) for name, guard in guards.items()]


def closed() -> list[Candidate]:
    guards = {
        BARE: unguarded,
        "**viber** breaker": by_breaker(),
        "**viber** breaker, protected function": by_protection,
        "**viber** breaker, failure rate": by_breaker(RATES),
        "**viber** breaker, failure and slow-call rate": by_breaker(SLOW),
    }
    return ours(guards, at_once) + breakers.closed(at_once)


def opened() -> list[Candidate]:
    return [
        Candidate(BARE, answered(unguarded, at_once)),
        Candidate("raise and catch", rejected(unguarded, ConnectionError)),
        Candidate("**viber** breaker", rejected(by_breaker(), CircuitOpenError)),
        *breakers.opened(),
    ]


def limited() -> list[Candidate]:
    guards = {
        BARE: unguarded,
        "**viber** rate limiter": by_limiter(FAST),
        "**viber** rate limiter, requests and tokens": by_limiter(FAST, TOKENS, tokens=10),
        "**viber** bulkhead": by_bulkhead,
    }
    return ours(guards, at_once) + limiters.candidates(at_once)


def repeated() -> list[Candidate]:
    guards = {BARE: unguarded, "**viber** retry": by_pipeline(Pipeline)}
    return ours(guards, at_once) + retries.candidates(at_once)


def whole(work: Callable[[], Awaitable[object]]) -> list[Candidate]:
    guards: dict[str, Guard] = {
        BARE: unguarded,
        ALONE: in_timeout,
        "**viber** timeout, breaker, retry": by_pipeline(lambda: Pipeline(timeout=10.0, breaker=breaker())),
        "**viber** the same and total timeout": by_pipeline(
            lambda: Pipeline(timeout=10.0, total_timeout=30.0, breaker=breaker())
        ),
        "**viber** the same, bulkhead and rate limiter": by_pipeline(everything),
        "**viber** the same without those, with a listener": by_pipeline(heard),
    }
    inside = Candidate("**viber** total timeout, inside a Deadline", inside_deadline(work))
    return [*ours(guards, work), inside, *compositions.candidates(work)]


async def in_timeout(work: Work) -> Work:
    return compositions.bounded(work)


def inside_deadline(work: Work) -> Run:
    guard = by_pipeline(lambda: Pipeline(timeout=10.0, total_timeout=30.0, breaker=breaker()))

    async def bounded(count: int) -> None:
        with Deadline(600.0):
            await answered(guard, work)(count)

    return bounded


def in_window(calls: int) -> list[Candidate]:
    by_count = CircuitBreakerConfig(failure_threshold=calls)
    by_rate = CircuitBreakerConfig(
        failure_rate=0.5, minimum_calls=calls, monitor_window=windows.SECONDS[calls]
    )
    guards = {
        BARE: unguarded,
        f"**viber** {calls} failures": windows.filled(by_breaker(by_count), calls),
        f"**viber** failure rate, {windows.SECONDS[calls]} s": windows.filled(by_breaker(by_rate), calls),
    }
    return ours(guards, at_once) + windows.candidates(at_once, calls)


async def sizes(effort: Effort) -> list[Sizes]:
    recorded = max(100, round(RECORDED * effort.scale))
    shared = CircuitBreakerConfig()
    new = {
        "**viber**": memory.held(CircuitBreaker),
        "**viber**, failure rate": memory.held(lambda: CircuitBreaker("rates", RATES)),
        "**viber**, a whole pipeline": memory.held(
            lambda: Pipeline(breaker=CircuitBreaker("whole", shared), retry=RetryConfig())
        ),
    }
    after = {
        "**viber**, failure rate": await memory.held_after(by_breaker(RATES), recorded),
        "**viber**, rate limiter": await memory.held_after(
            by_limiter(RateLimit(requests=recorded, per=3600.0)), recorded - 1
        ),
    }
    return [
        Sizes("A new breaker", new | memory.new()),
        Sizes(f"One breaker or limiter after {recorded:,} calls", after | await memory.recorded(recorded)),
    ]


async def main(effort: Effort) -> None:
    async def table(title: str, candidates: list[Candidate], yardstick: str = BARE) -> Table:
        return await compare(title, candidates, yardstick=yardstick, operations=10_000, effort=effort)

    tables = [
        await table("Breaker, closed", closed()),
        await table("Breaker, open: a rejection by exception", opened()),
        await table("Retry, nothing fails", repeated()),
        await table("Limiter, nobody waits", limited()),
        await table("Timeout, breaker and retry around a call that answers at once", whole(at_once), ALONE),
        await table("Timeout, breaker and retry around a call that suspends", whole(suspending), ALONE),
        *[await table(f"A window of {calls:,} calls", in_window(calls)) for calls in windows.SECONDS],
    ]
    publish("pipeline", tables, packages=PACKAGES, effort=effort, sizes=await sizes(effort))


if __name__ == "__main__":
    asyncio.run(main(Effort.parse()))
