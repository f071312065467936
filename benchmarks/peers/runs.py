"""What a benchmark does with a guarded call, and how it knows that the peer did its part."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from _harness import Run

Work = Callable[[], Awaitable[object]]
"""Answers with one and the same object each time."""

Guard = Callable[[Work], Awaitable[Work]]
"""Puts something new of a peer's around the work; awaited, for some are made by a coroutine or on a loop."""

TRIPPING = 10
"""Failures after which every peer's breaker is open: interlock-cb judges ten calls, the others five."""


def answered(guard: Guard, work: Work) -> Run:
    """Every call must give the work's own object."""

    async def run(count: int) -> None:
        others = asyncio.all_tasks()
        answer = await work()
        call = await guard(work)
        for _ in range(count):
            if await call() is not answer:
                raise AssertionError("not the answer of the work")
        await settled(others)

    return run


def rejected(guard: Guard, rejection: type[Exception]) -> Run:
    """Trips a new breaker by failing calls; then each call must end in the peer's own rejection."""

    async def run(count: int) -> None:
        call = await guard(failing)
        for _ in range(TRIPPING):
            with suppress(Exception):
                await call()
        for _ in range(count):
            try:
                await call()
            except rejection:
                continue
            raise AssertionError("not rejected")

    return run


async def settled(others: set[asyncio.Task[Any]]) -> None:
    """Wait for what a peer does in the background: it is part of its price, not of the next candidate's."""
    await asyncio.gather(*asyncio.all_tasks() - others)


async def failing() -> object:
    raise ConnectionError
