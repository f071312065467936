"""Everything that an application does with the library, in a random order, and half of it going wrong."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from itertools import count
from random import Random
from uuid import UUID, uuid4

from pydantic import BaseModel

from viber import BaseError, CircuitOpenError, Deadline, ServiceFactory
from viber.cli._load import Account
from viber.services.gemini import GeminiService
from viber.services.supabase import SupabaseService

TOLD = " ".join(["The tide carries what it is given, and a lighthouse counts each passing ship."] * 4)
STORY = f"repeat: {TOLD}"
FAULTY = 0.3
"""The share of calls that ask the server for a fault."""
CANCELLED = 0.15
"""The share of calls that are cancelled, if they still run by then."""
PATIENCE = 0.2
"""Seconds by which the latest of them is cancelled; most are sooner."""
BREATH = 0.02
"""Seconds that a worker rests after an open circuit has turned it away."""
READ_FAULTS = (
    *("status=503", "status=429; retry-after=0.01", "status=500; code=57014", "latency=0.05", "hang"),
    *("cut-before", "cut-before; reset", "cut-after", "truncate=20", "html=502", "empty"),
)
WRITE_FAULTS = tuple(fault for fault in READ_FAULTS if fault != "empty")
"""An empty 200 is what an insert answers when all is well."""
STREAM_FAULTS = (
    *("cut-stream=2", "cut-stream=2; reset", "end-stream=2", "stall=2", "error-event=2", "error-tail=2"),
    *READ_FAULTS,
)


class Entry(BaseModel):
    """A row of the ledger."""

    id: UUID
    n: int


class Reading(BaseModel):
    """A row of the readings."""

    id: int
    sensor: str


class WrongAnswerError(Exception):
    """An answer that was given out as good and is not."""


class Traffic:
    """One action after the other, by as many workers as are wanted; how each ended is tallied."""

    def __init__(self, services: ServiceFactory, rng: Random) -> None:
        self._services = services
        self._rng = rng
        self._numbers = count(1)
        self._actions: dict[Callable[[], Awaitable[None]], int] = {
            self._select: 6,
            self._select_many: 2,
            self._walk: 1,
            self._insert: 4,
            self._insert_keyed: 2,
            self._call: 2,
            self._generate: 2,
            self._count_tokens: 1,
            self._stream: 4,
            self._stream_and_leave: 3,
            self._hurry: 1,
        }
        self.tally: Counter[str] = Counter()
        self.mistakes: list[str] = []
        self.unheard: list[str] = []
        """Calls that went on although they were cancelled."""
        self._account = Account()
        self._first = 1

    @property
    def calls(self) -> int:
        """How many ended, in whatever way."""
        return self.tally.total()

    def turn_page(self) -> tuple[Account, int]:
        """How each insert of this page ended, and the number of the first; the next page begins."""
        page = self._account, self._first
        self._account, self._first = Account(), next(self._numbers) + 1
        return page

    async def work(self, until: float) -> None:
        """Act until the loop's clock says so."""
        loop = asyncio.get_running_loop()
        while loop.time() < until:
            (action,) = self._rng.choices(list(self._actions), list(self._actions.values()))
            await self._act(action)

    async def _act(self, action: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.ensure_future(action())
        was_cancelled = False
        if self._rng.random() < CANCELLED:
            await asyncio.wait({task}, timeout=PATIENCE * self._rng.random() ** 3)
            was_cancelled = task.cancel()
        await asyncio.wait({task})
        if was_cancelled and not task.cancelled():
            self.unheard.append(f"{action.__name__}: {task!r}")
        if task.cancelled():
            self.tally["cancelled"] += 1
        elif (error := task.exception()) is None:
            self.tally["succeeded"] += 1
        elif isinstance(error, BaseError):
            self.tally[type(error).__name__] += 1
            if isinstance(error, CircuitOpenError):
                await asyncio.sleep(BREATH)
        else:
            self.mistakes.append(f"{action.__name__}: {error!r}")

    def _db(self, faults: tuple[str, ...] = READ_FAULTS) -> SupabaseService:
        fault = self._fault(faults)
        return self._services.supabase.with_options(headers=fault) if fault else self._services.supabase

    def _gemini(self, faults: tuple[str, ...] = READ_FAULTS) -> GeminiService:
        fault = self._fault(faults)
        return self._services.gemini.with_options(headers=fault) if fault else self._services.gemini

    def _fault(self, faults: tuple[str, ...]) -> dict[str, str]:
        return {"x-viber-fault": self._rng.choice(faults)} if self._rng.random() < FAULTY else {}

    async def _select(self) -> None:
        number = self._rng.randint(1, 10_000)
        row = await self._db().table("readings").select("id").eq("id", number).one()
        expect(row["id"], number)

    async def _select_many(self) -> None:
        start = self._rng.randint(1, 9_000)
        rows = await self._db().table("readings", Reading).select().gte("id", start).order("id").limit(500)
        expect([row.id for row in rows], list(range(start, start + 500)))

    async def _walk(self) -> None:
        numbers: list[int] = []
        table = self._db().table("readings", key="id")
        async for row in table.select("id").gt("id", 7_000).rows(page_size=700):
            numbers.append(row["id"])
            if self._rng.random() < 1 / 3_000:
                return
        expect(numbers, list(range(7_001, 10_001)))

    async def _insert(self) -> None:
        await self._enter(lambda db, number: db.table("ledger").insert({"n": number}).run())

    async def _insert_keyed(self) -> None:
        await self._enter(
            lambda db, number: db.table("ledger", Entry, key="id").insert(Entry(id=uuid4(), n=number)).run()
        )

    async def _enter(self, insert: Callable[[SupabaseService, int], Awaitable[object]]) -> None:
        number = next(self._numbers)
        try:
            await insert(self._db(WRITE_FAULTS), number)
        except BaseError as error:
            self._account.enter(number, error)
            raise
        except asyncio.CancelledError:
            self._account.unknown.add(number)
            raise
        self._account.acknowledged.add(number)

    async def _call(self) -> None:
        expect(await self._db().rpc("add", {"a": 40, "b": 2}), 42)

    async def _generate(self) -> None:
        expect(await self._gemini().generate_text(STORY), TOLD)

    async def _count_tokens(self) -> None:
        if not await self._gemini().count_tokens(STORY):
            raise WrongAnswerError("a story of no tokens")

    async def _stream(self) -> None:
        async with self._gemini(STREAM_FAULTS).stream(STORY) as tokens:
            texts = [token.text async for token in tokens]
        expect("".join(texts), TOLD)
        expect(tokens.finish_reason, "STOP")

    async def _stream_and_leave(self) -> None:
        async with self._gemini(STREAM_FAULTS).stream(STORY) as tokens:
            async for _ in tokens:
                if self._rng.random() < 0.2:
                    break

    async def _hurry(self) -> None:
        with Deadline(self._rng.uniform(0, 0.02)):
            await self._select()


def expect(found: object, due: object) -> None:
    """Raise unless it is what it has to be.

    Raises:
        WrongAnswerError: it is not.
    """
    if found != due:
        raise WrongAnswerError(f"{found!r:.200} instead of {due!r:.200}")
