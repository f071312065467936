"""Work for a database that is about to die, and an exact account of how each call ended."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count
from statistics import median

from viber.errors import BaseError, CircuitOpenError, Delivery
from viber.services.supabase import SupabaseService

WRITERS = 8
READERS = 8
BREATH = 0.002
"""Seconds a worker rests after a refusal, as a caller would who has other things to do."""


@dataclass(slots=True)
class Account:
    """Every insert of a run by how it ended, each known by its number."""

    acknowledged: set[int] = field(default_factory=set[int])
    not_sent: set[int] = field(default_factory=set[int])
    refused: set[int] = field(default_factory=set[int])
    """The service answered with an error."""
    unknown: set[int] = field(default_factory=set[int])
    reads: int = 0
    rejections: list[float] = field(default_factory=list[float])
    """Seconds that each rejection by the open circuit took."""

    def enter(self, number: int, error: BaseError) -> None:
        """An insert failed."""
        match error.delivery:
            case Delivery.NOT_SENT:
                self.not_sent.add(number)
            case Delivery.ANSWERED:
                self.refused.add(number)
            case Delivery.UNKNOWN:
                self.unknown.add(number)

    @property
    def rejection_time(self) -> float:
        """The median rejection, in seconds."""
        return median(self.rejections) if self.rejections else 0.0


class Load:
    """Writers and readers that go on until they are told to stop."""

    def __init__(self, db: SupabaseService, *, first: int) -> None:
        self._db = db
        self._numbers = count(first)
        self._stopping = False
        self.account = Account()
        self.revived = asyncio.Event()
        """Set by the next insert that is acknowledged; clear it to wait for one."""

    async def run(self) -> None:
        """Work until `stop`; calls in flight are finished and accounted for."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(WRITERS):
                tasks.create_task(self._repeat(self._write))
            for _ in range(READERS):
                tasks.create_task(self._repeat(self._read))

    def stop(self) -> None:
        """Start nothing more."""
        self._stopping = True

    async def _repeat(self, work: Callable[[], Awaitable[None]]) -> None:
        while not self._stopping:
            started = time.perf_counter()
            try:
                await work()
            except CircuitOpenError:
                self.account.rejections.append(time.perf_counter() - started)
                await asyncio.sleep(BREATH)
            except BaseError:
                await asyncio.sleep(BREATH)

    async def _write(self) -> None:
        number = next(self._numbers)
        try:
            await self._db.table("ledger").insert({"n": number, "note": "under load"})
        except BaseError as error:
            self.account.enter(number, error)
            raise
        self.account.acknowledged.add(number)
        self.revived.set()

    async def _read(self) -> None:
        number = 1 + self.account.reads % 10_000
        await self._db.table("readings").select("id", "value").eq("id", number).one()
        self.account.reads += 1
