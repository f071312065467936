"""A select, from the call to the rows, beside the client that most people use and the library beneath it."""

import asyncio
import json
import warnings
from collections.abc import Awaitable, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any, Protocol

import httpx
from _canned import canned, whole
from _harness import Candidate, Effort, Run, Table, compare
from _report import publish
from postgrest import AsyncPostgrestClient
from pydantic import BaseModel, TypeAdapter

from viber import ServiceFactory, Settings

PEER = "postgrest-py"
KEY = "key-of-the-benchmark"
COLUMNS = ["id", "customer_id", "status", "total", "placed_at"]
TABLES = {"one": 1, "many": 1000}

Rows = Sequence[Any]


class Select(Protocol):
    """Selects open orders from a table; gives its rows."""

    def __call__(self, table: str, limit: int = 1000) -> Awaitable[Rows]: ...


class Order(BaseModel):
    id: int
    customer_id: int
    status: str
    total: float
    placed_at: datetime


def row(number: int) -> dict[str, object]:
    placed = f"2026-03-01T12:{number % 60:02}:00+00:00"
    return {"id": number, "customer_id": 7, "status": "open", "total": 9.9, "placed_at": placed}


def stored(table: str) -> list[dict[str, object]]:
    return [row(number) for number in range(TABLES[table])]


def concurrently(select: Select, table: str, tasks: int) -> Run:
    """That many tasks share the operations; each answer is looked at where a wrong one would show."""
    return asking(select, table, tasks, rows=TABLES[table], last=TABLES[table] - 1, limit=1000)


def asking(select: Select, table: str, tasks: int, *, rows: int, last: int, limit: int) -> Run:
    """The same where an answer has so many rows, the last with this id."""

    async def work(count: int) -> None:
        for _ in range(count):
            found = await select(table, limit)
            if len(found) != rows or id_of(found[-1]) != last:
                raise AssertionError("a wrong answer")

    async def run(count: int) -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(tasks):
                group.create_task(work(count // tasks + (number < count % tasks)))

    return run


def id_of(found: Order | dict[str, object]) -> object:
    return found.id if isinstance(found, Order) else found["id"]


def postgrest(stack: AsyncExitStack, url: str, key: str = KEY) -> Select:
    client = AsyncPostgrestClient(f"{url}/rest/v1", headers={"apikey": key, "authorization": f"Bearer {key}"})
    stack.push_async_callback(client.aclose)

    async def select(table: str, limit: int = 1000) -> Rows:
        query = client.from_(table).select(*COLUMNS).eq("status", "open").order("id").limit(limit)
        return (await query.execute()).data

    return select


def validated(select: Select) -> Select:
    """What a caller does who wants typed rows of a client that gives dicts."""
    orders = TypeAdapter(list[Order])

    async def select_orders(table: str, limit: int = 1000) -> Rows:
        return orders.validate_python(await select(table, limit))

    return select_orders


async def plain_httpx(stack: AsyncExitStack, url: str) -> Select:
    client = await stack.enter_async_context(httpx.AsyncClient(headers={"apikey": KEY}))
    params = {"select": ",".join(COLUMNS), "status": "eq.open", "order": "id"}

    async def select(table: str, limit: int = 1000) -> Rows:
        answer = await client.get(f"{url}/rest/v1/{table}", params={**params, "limit": str(limit)})
        answer.raise_for_status()
        return answer.json()

    return select


async def sockets(stack: AsyncExitStack, url: str) -> Select:
    """The floor: prebuilt bytes out, the known number of bytes in; no check, no safety."""
    host, port = url.removeprefix("http://").split(":")
    lengths = {table: len(whole(json.dumps(stored(table)).encode())) for table in TABLES}
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    stack.callback(lambda: [writer.close() for _, writer in idle])

    async def select(table: str, limit: int = 1000) -> Rows:  # noqa: ARG001 - the bytes are prebuilt
        reader, writer = idle.pop() if idle else await asyncio.open_connection(host, int(port), limit=2**20)
        writer.write(b"GET /rest/v1/%b HTTP/1.1\r\nhost: canned\r\n\r\n" % table.encode())
        answer = await reader.readexactly(lengths[table])
        idle.append((reader, writer))
        return json.loads(answer.partition(b"\r\n\r\n")[2])

    return select


async def viber(stack: AsyncExitStack, url: str) -> tuple[Select, Select]:
    settings = Settings.from_env({"SUPABASE_URL": url, "SUPABASE_ANON_KEY": KEY})
    unlimited = settings.require("supabase").model_copy(update={"max_rows": None})
    services = await stack.enter_async_context(ServiceFactory(Settings(supabase=unlimited)))
    db = services.supabase

    async def select(table: str, limit: int = 1000) -> Rows:
        return await db.table(table).select(*COLUMNS).eq("status", "open").order("id").limit(limit)

    async def typed(table: str, limit: int = 1000) -> Rows:
        return await db.table(table, Order).select().eq("status", "open").order("id").limit(limit)

    return select, typed


async def check(select: Select) -> None:
    """Every row and value is right, once."""
    for table in TABLES:
        rows = [found.model_dump() if isinstance(found, Order) else found for found in await select(table)]
        wanted = stored(table)
        if isinstance(rows[0]["placed_at"], datetime):
            wanted = [Order.model_validate(one).model_dump() for one in wanted]
        if rows != wanted:
            raise AssertionError("a wrong answer")


async def main(effort: Effort) -> None:
    warnings.simplefilter("ignore", DeprecationWarning)  # the peer's own
    answers = {f"/rest/v1/{table}": whole(json.dumps(stored(table)).encode()) for table in TABLES}
    async with AsyncExitStack() as stack:
        url = stack.enter_context(canned(answers))
        peer, (dicts, typed) = postgrest(stack, url), await viber(stack, url)
        selects = {
            PEER: peer,
            "httpx": await plain_httpx(stack, url),
            "viber": dicts,
            "postgrest-py, then pydantic": validated(peer),
            "viber, rows as pydantic models": typed,
            "sockets and json (floor)": await sockets(stack, url),
        }
        for select in selects.values():
            await check(select)
        tables = [await table(selects, name, tasks, effort) for name in TABLES for tasks in (1, 50)]
    publish("select", tables, packages=["postgrest", "httpx", "httpcore", "pydantic"], effort=effort)


async def table(selects: dict[str, Select], name: str, tasks: int, effort: Effort) -> Table:
    title = f"{TABLES[name]} row{'s' * (name != 'one')}, {tasks} task{'s' * (tasks > 1)}"
    candidates = [Candidate(who, concurrently(select, name, tasks)) for who, select in selects.items()]
    operations = {"one": 1000, "many": 200}[name]
    return await compare(title, candidates, yardstick=PEER, operations=operations, effort=effort)


if __name__ == "__main__":
    asyncio.run(main(Effort.parse()))
