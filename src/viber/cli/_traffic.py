"""Calm traffic for a page: some reads, some writes, some words, whatever becomes of them."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count
from typing import Final

from viber.errors import BaseError
from viber.factory import ServiceFactory

FIRST: Final = 2_000_000
_READINGS: Final = 10_000


class Traffic:
    """Calls that come by chance, so many a second on average; none waits for another."""

    def __init__(self, services: ServiceFactory, *, rng: random.Random | None = None) -> None:
        self._db = services.supabase
        self._gemini = services.gemini
        self._rng = rng or random.Random()  # noqa: S311 - no secret is made of it
        self._numbers = count(FIRST)

    async def run(self) -> None:
        """Call until cancelled."""
        async with asyncio.TaskGroup() as calls:
            for work, rate in ((self._read, 16.0), (self._write, 6.0), (self._ask, 1.5), (self._tell, 0.7)):
                calls.create_task(self._repeat(work, rate, calls))

    async def _repeat(
        self, work: Callable[[], Awaitable[None]], rate: float, calls: asyncio.TaskGroup
    ) -> None:
        while True:
            await asyncio.sleep(self._rng.expovariate(rate))
            calls.create_task(_whatever_comes(work))

    async def _read(self) -> None:
        place = self._rng.randrange(1, _READINGS)
        await self._db.table("readings").select("id", "value").gte("id", place).order("id").limit(20)

    async def _write(self) -> None:
        await self._db.table("ledger").insert({"n": next(self._numbers), "note": "for the page"})

    async def _ask(self) -> None:
        await self._gemini.generate_text("What is a circuit breaker?", max_output_tokens=40)

    async def _tell(self) -> None:
        async with self._gemini.stream("Tell me a story about a lighthouse", max_output_tokens=80) as tokens:
            async for _ in tokens:
                pass


async def _whatever_comes(work: Callable[[], Awaitable[None]]) -> None:
    """The page shows how it ended."""
    with suppress(BaseError):
        await work()
