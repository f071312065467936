"""From the bytes of an answer to its rows: the cost, and how long the event loop stands still for it."""

import asyncio
import gc
import json
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from statistics import median
from typing import Any
from uuid import UUID

from _harness import Candidate, Effort, Run, Table, compare
from _report import Sizes, publish
from pydantic import BaseModel, TypeAdapter
from pydantic_core import from_json

from viber.http import Request, Response
from viber.resilience import Pipeline
from viber.services import Channel
from viber.services.supabase import SupabaseConfig, SupabaseService

NARROW = "models of 5 columns"
PEER = "json.loads, then model_validate"
OPERATIONS = {1000: 20, 50_000: 1}
"""A round, for each number of rows."""

BETWEEN_ROWS = ", \n "

Decode = Callable[[], Awaitable[Sequence[Any]]]


class Size(BaseModel):
    width: int
    unit: str


class Flat(BaseModel):
    id: int
    name: str
    placed_at: datetime
    total: float
    paid: bool


class Wide(Flat):
    ref: UUID
    email: str
    updated_at: datetime
    tags: list[str]
    note: str | None
    size: Size


class Exact(Wide):
    total: Decimal


MODELS: dict[str, type[BaseModel] | None] = {
    "dicts of 11 columns": None,
    NARROW: Flat,
    "models of 11 columns": Wide,
    "models of 11 columns, one a Decimal": Exact,
}


def row(number: int) -> dict[str, object]:
    return {
        "id": number,
        "ref": str(UUID(int=number)),
        "name": f"Customer {number}",
        "email": f"customer{number}@example.org",
        "placed_at": f"2026-03-01T12:{number % 60:02}:00+00:00",
        "updated_at": f"2026-03-02T12:{number % 60:02}:00+00:00",
        "tags": ["new", "web"],
        "total": number / 8,
        "paid": number % 2 == 0,
        "note": None,
        "size": {"width": number % 90, "unit": "cm"},
    }


def body_of(rows: int, model: type[BaseModel] | None) -> bytes:
    """As PostgREST writes it: columns without blanks, and a line break between rows."""
    columns = (model or Wide).model_fields
    wanted = ({name: row(number)[name] for name in columns} for number in range(rows))
    return f"[{BETWEEN_ROWS.join(json.dumps(each, separators=(',', ':')) for each in wanted)}]".encode()


class Canned:
    """A transport that has the answer already."""

    def __init__(self, body: bytes) -> None:
        self._answer = Response(200, {"content-type": "application/json"}, body)

    async def send(self, _: Request) -> Response:
        return self._answer


def viber(body: bytes, model: type[BaseModel] | None, **config: Any) -> Decode:
    settings = SupabaseConfig(url="http://canned.example", anon_key="key", max_rows=None, **config)
    db = SupabaseService(settings, Channel("supabase", Canned(body), Pipeline("supabase")))
    query = db.table("t", model).select() if model else db.table("t").select()
    return query.run


def in_a_thread(body: bytes, model: type[BaseModel] | None) -> Decode:
    """The decoder that viber uses, in a worker thread."""
    adapter = TypeAdapter(list[model] if model else Any)

    def exact() -> Sequence[Any]:
        return adapter.validate_python(json.loads(body, parse_float=Decimal))

    plain = partial(adapter.validate_json, body) if model else partial(from_json, body)
    return partial(asyncio.to_thread, exact if model is Exact else plain)


def by_hand(body: bytes, model: type[BaseModel] | None) -> Decode:
    async def decode() -> Sequence[Any]:
        rows = json.loads(body, parse_float=Decimal if model is Exact else None)
        return [model.model_validate(each) for each in rows] if model else rows

    return decode


def ways(body: bytes, model: type[BaseModel] | None) -> dict[str, Decode]:
    return {
        PEER if model else "json.loads": by_hand(body, model),
        "viber, at once": viber(body, model, decode_at_once=None),
        "in a thread": in_a_thread(body, model),
        "viber, in slices": viber(body, model),
    }


def repeated(decode: Decode, rows: int) -> Run:
    async def run(count: int) -> None:
        for _ in range(count):
            found = await decode()
            if len(found) != rows or id_of(found[-1]) != rows - 1:
                raise AssertionError("a wrong answer")

    return run


def id_of(found: Any) -> object:
    return found.id if isinstance(found, BaseModel) else found["id"]


async def check(decodes: Sequence[Decode]) -> None:
    """All ways give the same rows."""
    wanted = await decodes[0]()
    for decode in decodes[1:]:
        if await decode() != wanted:
            raise AssertionError("a wrong answer")


async def longest_stall(decode: Decode, *, collecting: bool) -> float:
    """Microseconds of processor time between two turns of another task; the rows are kept meanwhile."""
    longest = 0

    async def beat() -> None:
        nonlocal longest
        last = time.process_time_ns()
        while True:
            await asyncio.sleep(0)
            now = time.process_time_ns()
            longest, last = max(longest, now - last), now

    gc.collect()
    (gc.enable if collecting else gc.disable)()
    beating = asyncio.create_task(beat())
    try:
        await asyncio.sleep(0.001)
        rows = await decode()
        await asyncio.sleep(0)
        del rows
    finally:
        beating.cancel()
        gc.enable()
    return longest / 1000


async def stalls(decodes: dict[str, Decode], *, collecting: bool, effort: Effort) -> dict[str, float]:
    """The median over the rounds of the longest stall in each, in shuffled order."""
    found: dict[str, list[float]] = {name: [] for name in decodes}
    for _ in range(effort.rounds):
        for name in random.sample(list(decodes), len(decodes)):
            found[name].append(await longest_stall(decodes[name], collecting=collecting))
    return {name: median(times) for name, times in found.items()}


async def compared(rows: int, kind: str, effort: Effort) -> tuple[Table, dict[str, Decode]]:
    """What the ways cost, and the ways."""
    model = MODELS[kind]
    decodes = ways(body_of(rows, model), model)
    await check(list(decodes.values()))
    candidates = [Candidate(name, repeated(decode, rows)) for name, decode in decodes.items()]
    yardstick, operations = candidates[0].name, OPERATIONS[rows]
    title = f"{rows:,} rows as {kind}, {effort.rounds} rounds"
    table = await compare(title, candidates, yardstick=yardstick, operations=operations, effort=effort)
    return table, {f"{kind}: {name}": decode for name, decode in decodes.items()}


async def measured(rows: int, kinds: Iterable[str], effort: Effort) -> tuple[list[Table], list[Sizes]]:
    """All kinds of rows, a case after the other; then how long the loop stands still for each."""
    tables: list[Table] = []
    decodes: dict[str, Decode] = {}
    for kind in kinds:
        table, found = await compared(rows, kind, effort)
        tables.append(table)
        decodes |= found
    title = f"{rows:,} rows: longest stall of the event loop, garbage collector"
    return tables, [
        Sizes(f"{title} off", await stalls(decodes, collecting=False, effort=effort), unit="µs"),
        Sizes(f"{title} on", await stalls(decodes, collecting=True, effort=effort), unit="µs"),
    ]


async def main(effort: Effort) -> None:
    tables, sizes = await measured(1000, MODELS, effort)
    if not effort.smoke:
        fewer = replace(effort, rounds=max(1, effort.rounds // 3))
        more_tables, more_sizes = await measured(50_000, [kind for kind in MODELS if kind != NARROW], fewer)
        tables, sizes = tables + more_tables, sizes + more_sizes
    publish("decode", tables, packages=["pydantic", "pydantic-core"], effort=effort, sizes=sizes)


if __name__ == "__main__":
    asyncio.run(main(Effort.parse()))
