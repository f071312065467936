"""What the pipeline adds to an awaited call, beside `asyncio.timeout` alone, which everybody needs anyway."""

import asyncio
from collections.abc import Awaitable, Callable

from _harness import Candidate, Effort, Run, Table, compare
from _report import publish

from viber import CircuitBreaker, Deadline, Pipeline

ALONE = "asyncio.timeout alone"
ANSWER = object()


async def at_once() -> object:
    return ANSWER


async def suspending() -> object:
    await asyncio.sleep(0)
    return ANSWER


def repeated(call: Callable[[], Awaitable[object]]) -> Run:
    async def run(count: int) -> None:
        for _ in range(count):
            if await call() is not ANSWER:
                raise AssertionError("a wrong answer")

    return run


def through_timeout(work: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[object]]:
    async def call() -> object:
        async with asyncio.timeout(10):
            return await work()

    return call


def candidates(work: Callable[[], Awaitable[object]]) -> list[Candidate]:
    whole = Pipeline("whole", timeout=10.0, total_timeout=30.0, breaker=CircuitBreaker("whole"))
    attempt = Pipeline("attempt", timeout=10.0, breaker=CircuitBreaker("attempt"))
    unguarded = Pipeline("unguarded", timeout=10.0)
    breaker = CircuitBreaker("alone")
    return [
        Candidate("bare await", repeated(work)),
        Candidate(ALONE, repeated(through_timeout(work))),
        Candidate("breaker alone", repeated(lambda: breaker.run(work))),
        Candidate("pipeline: retry, timeout", repeated(lambda: unguarded.run(work))),
        Candidate("pipeline: retry, breaker, timeout", repeated(lambda: attempt.run(work))),
        Candidate("pipeline: total timeout, retry, breaker, timeout", repeated(lambda: whole.run(work))),
        Candidate("the same inside a Deadline", inside_deadline(repeated(lambda: whole.run(work)))),
    ]


def inside_deadline(run: Run) -> Run:
    async def bounded(count: int) -> None:
        with Deadline(600.0):
            await run(count)

    return bounded


async def main(effort: Effort) -> None:
    async def table(title: str, work: Callable[[], Awaitable[object]]) -> Table:
        return await compare(title, candidates(work), yardstick=ALONE, operations=20_000, effort=effort)

    tables = [
        await table("A call that answers at once", at_once),
        await table("A call that suspends", suspending),
    ]
    publish("pipeline", tables, packages=[], effort=effort)


if __name__ == "__main__":
    asyncio.run(main(Effort.parse()))
