"""A million rows, walked page by page on the real server: rows in a second, and whether memory grows."""

import asyncio
import gc
import resource
from collections.abc import AsyncIterable, AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from _harness import Candidate, Effort, Run, compare
from _report import Sizes, publish
from postgrest import AsyncPostgrestClient
from pydantic import BaseModel, TypeAdapter

from viber import ServiceFactory, Settings
from viber.sandbox import Sandbox
from viber.services.supabase import SupabaseService

PEER = "postgrest-py, paged by hand"
ROWS = 1_000_000
PAGE = 1000
"""The cap of a hosted project."""
COLUMNS = ["id", "n", "amount", "created_at"]

Walk = Callable[[int], AsyncIterable[Any]]
"""Gives so many rows of the ledger, each once, in the order of the key."""


class Entry(BaseModel):
    id: UUID
    n: int
    amount: Decimal | None
    created_at: str


def resident() -> int:
    """Bytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


@dataclass(slots=True)
class Memory:
    """How far the process grew, at most, since it began to look."""

    before: int = field(default_factory=resident)
    peak: int = 0

    def look(self) -> None:
        self.peak = max(self.peak, resident() - self.before)


def by_hand(client: AsyncPostgrestClient, make: Callable[[list[Any]], list[Any]] = list) -> Walk:
    async def walk(count: int) -> AsyncIterator[Any]:
        last = ""
        while count > 0:
            query = client.from_("ledger").select(*COLUMNS).order("id").limit(min(PAGE, count))
            page: list[Any] = (await (query.gt("id", last) if last else query).execute()).data
            for row in make(page):
                yield row
            if not page:
                return
            last = page[-1]["id"]
            count -= len(page)

    return walk


def viber(db: SupabaseService) -> Walk:
    query = db.table("ledger", key="id").select(*COLUMNS)
    return lambda count: query.limit(count).rows(page_size=PAGE)


def viber_typed(db: SupabaseService) -> Walk:
    query = db.table("ledger", Entry, key="id").select()
    return lambda count: query.limit(count).rows(page_size=PAGE)


def counted(walk: Walk, memory: dict[str, float], name: str) -> Run:
    """Walks, adds up what it sees, and looks at the memory now and then."""

    async def run(count: int) -> None:
        gc.collect()
        watch, seen, last = Memory(), 0, None
        async for row in walk(count):
            key = row.id if isinstance(row, Entry) else row["id"]
            seen += last is None or key > last
            last = key
            if not seen % PAGE:
                watch.look()
        if seen != count:
            raise AssertionError(f"{name} gave {seen} rows of {count} in order")
        memory[name] = max(memory.get(name, 0), watch.peak)

    return run


async def main(effort: Effort) -> None:
    rows = max(2 * PAGE, round(ROWS * effort.scale))
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(Sandbox())
        settings = Settings.from_env(sandbox.environment())
        db = (await stack.enter_async_context(ServiceFactory(settings))).supabase.admin
        patient = db.with_options(timeout=None, total_timeout=None)
        await patient.rpc("record_entries", {"first": 1, "last": rows}).select("n").first()
        key = sandbox.service_role_key
        client = AsyncPostgrestClient(
            f"{sandbox.supabase_url}/rest/v1", headers={"apikey": key, "authorization": f"Bearer {key}"}
        )
        stack.push_async_callback(client.aclose)
        memory: dict[str, float] = {}
        walks = {
            PEER: by_hand(client),
            f"{PEER}, then pydantic": by_hand(client, TypeAdapter(list[Entry]).validate_python),
            "viber": viber(db),
            "viber, rows as pydantic models": viber_typed(db),
        }
        candidates = [Candidate(name, counted(walk, memory, name)) for name, walk in walks.items()]
        title = f"{rows:,} rows in pages of {PAGE}; an operation is a row"
        table = await compare(title, candidates, yardstick=PEER, operations=ROWS, effort=effort)
    growth = Sizes("Memory, at most, above that of the start of the walk", memory)
    publish("walk", [table], packages=["postgrest", "httpx", "pydantic"], effort=effort, sizes=[growth])


if __name__ == "__main__":
    asyncio.run(main(Effort.parse()))
