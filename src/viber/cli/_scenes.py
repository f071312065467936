"""The scenes of the demo, each through the public API as an application would use it."""

import asyncio
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel

from viber.cli._invariants import Check, check_ledger
from viber.cli._load import Load
from viber.cli._screen import Screen
from viber.cli._timeline import Timeline
from viber.errors import BaseError, Delivery, StreamInterruptedError
from viber.factory import ServiceFactory
from viber.sandbox import Sandbox
from viber.services.supabase import Page

AMOUNT = Decimal("12345678901234567890.120")
"""A number that a float would spoil."""
READINGS = 10_000
ROWS = 50
LOAD_STARTS_AT = 1_000_000
RECOVERY_SECONDS = 15.0


class Entry(BaseModel):
    """A row of the ledger."""

    id: UUID
    n: int
    amount: Decimal | None
    note: str | None


class Reading(BaseModel):
    """A row of the readings."""

    id: int
    sensor: str
    at: datetime
    value: Decimal | None


async def write_and_read(services: ServiceFactory, screen: Screen) -> list[Check]:
    """Insert rows at once, and read them back typed and exact."""
    ledger = services.supabase.table("ledger", Entry, key="id")
    await asyncio.gather(*(ledger.insert({"n": n, "amount": AMOUNT}) for n in range(ROWS)))
    entries = await ledger.select().lt("n", ROWS).order("n")
    screen.say(f"wrote {ROWS} rows at once, read back {len(entries)}: {entries[0].amount} is still exact")
    exact = [entry.amount for entry in entries] == [AMOUNT] * ROWS
    digits = all(str(entry.amount) == str(AMOUNT) for entry in entries)
    return [Check("rows come back typed, numbers digit by digit", exact and digits, f"{len(entries)} rows")]


async def walk(services: ServiceFactory, screen: Screen) -> list[Check]:
    """Walk a table that is ten times larger than the server's cap on an answer."""
    seen = 0
    last = 0
    ordered = True
    readings = services.supabase.table("readings", Reading, key="id").select()

    def show(page: Page[Reading]) -> None:
        screen.progress("walking readings", page.seen, page.total or READINGS)

    async for row in readings.rows(page_size=1000, on_page=show, count="exact"):
        seen += 1
        ordered = ordered and row.id > last
        last = row.id
    return [
        Check(
            "a walk sees every row once, in order", ordered and seen == READINGS, f"{seen} of {READINGS} rows"
        )
    ]


async def stream(services: ServiceFactory, screen: Screen) -> list[Check]:
    """Show tokens as they arrive."""
    slow = services.gemini.with_options(headers={"x-viber-token-delay": "0.02"})
    shown = 0
    async with slow.stream("Tell me a story about a circuit breaker", max_output_tokens=60) as tokens:
        async for token in tokens:
            shown += len(token.text)
            screen.token(token.text)
    screen.say(f"\n{tokens.usage.total_tokens} tokens, finished with {tokens.finish_reason}")
    complete = shown == len(tokens.text) and tokens.usage.total_tokens > 0
    return [Check("a stream is complete, with its usage", complete, f"{tokens.usage.total_tokens} tokens")]


async def misbehave(services: ServiceFactory, timeline: Timeline) -> list[Check]:
    """One fault after the other: what is retried, what is not, and what the caller is told."""
    return [
        await _retried(services, timeline),
        await _cut_after_commit(services, timeline),
        await _cut_stream(services, timeline),
    ]


async def _retried(services: ServiceFactory, timeline: Timeline) -> Check:
    before = timeline.counts["retries"]
    flaky = services.supabase.with_options(headers={"x-viber-fault": "status=503; times=2; key=demo-read",
                                                    "x-viber-fault-key": "demo-read"})  # fmt: skip
    row = await flaky.table("readings").select("id").eq("id", 7).one()
    retries = timeline.counts["retries"] - before
    timeline.note(f"two 503 answers to a read: {retries} retries, then row {row['id']}")
    return Check("a read that meets two 503 answers is repeated", retries == 2, f"{retries} retries")  # noqa: PLR2004


async def _cut_after_commit(services: ServiceFactory, timeline: Timeline) -> Check:
    number = LOAD_STARTS_AT - 1
    cut = services.supabase.with_options(headers={"x-viber-fault": "cut_after"})
    delivery = None
    try:
        await cut.table("ledger").insert({"n": number})
    except BaseError as error:
        delivery = error.delivery
    rows = await services.supabase.table("ledger").select("id").eq("n", number)
    timeline.note(
        f"answer cut after the commit: outcome reported as {delivery}, {len(rows)} row in the table"
    )
    told = delivery is Delivery.UNKNOWN and len(rows) == 1
    return Check(
        "a write whose answer is lost is not repeated, and reported as unknown", told, f"{len(rows)} row"
    )


async def _cut_stream(services: ServiceFactory, timeline: Timeline) -> Check:
    cut = services.gemini.with_options(headers={"x-viber-fault": "cut_stream=3"})
    received = ""
    kept: str | None = None
    try:
        async with cut.stream("Tell me a long story") as tokens:
            async for token in tokens:
                received += token.text
    except StreamInterruptedError as error:
        kept = error.text
    timeline.note(
        f"stream cut after three events: StreamInterruptedError with the {len(received)} characters received"
    )
    return Check(
        "a broken stream is an error that holds what was received",
        bool(received) and kept == received,
        f"{len(received)} characters",
    )


async def outage(sandbox: Sandbox, services: ServiceFactory, timeline: Timeline) -> list[Check]:
    """Kill PostgREST under load, bring it back, and look at what callers saw."""
    load = Load(services.supabase, first=LOAD_STARTS_AT)
    timeline.note("load begins: writers and readers, as fast as they can")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(load.run())
        try:
            await _kill_and_revive(sandbox, load, timeline)
        finally:
            load.stop()
    timeline.note("load ends")
    account = load.account
    states = services.get_all_circuit_breaker_states()
    return [
        *await check_ledger(services.supabase, account, first=LOAD_STARTS_AT),
        Check(
            "the circuit opened, and rejected calls at once",
            timeline.counts["circuit open"] > 0 and 0 < account.rejection_time < 0.001,  # noqa: PLR2004
            f"{len(account.rejections)} rejections, median {account.rejection_time * 1e6:.0f} µs",
        ),
        Check(
            "the circuit closed without help",
            load.revived.is_set() and states["supabase"].state.value == "closed",
            states["supabase"].state.value,
        ),
    ]


async def _kill_and_revive(sandbox: Sandbox, load: Load, timeline: Timeline) -> None:
    postgrest = sandbox.process("postgrest")
    await asyncio.sleep(1.5)
    await asyncio.to_thread(postgrest.kill)
    timeline.note(f"PostgREST killed; {len(load.account.acknowledged)} inserts were acknowledged so far")
    await asyncio.sleep(3.0)
    timeline.note(
        f"still down; {len(load.account.rejections)} calls rejected by the circuit,"
        f" median {load.account.rejection_time * 1e6:.0f} µs"
    )
    await asyncio.to_thread(postgrest.start)
    timeline.note("PostgREST started again")
    load.revived.clear()
    async with asyncio.timeout(RECOVERY_SECONDS):
        await load.revived.wait()
    timeline.note("first insert acknowledged again")
    await asyncio.sleep(1.5)
