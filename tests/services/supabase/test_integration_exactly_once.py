"""Writes whose answers are cut after the commit, against the real server: what is told is what is there."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from viber.errors import BaseError, ConflictError, Delivery
from viber.services.supabase import SupabaseService, Table, UnsettledWriteError, uuid7

if TYPE_CHECKING:
    from viber.sandbox import Sandbox

pytestmark = pytest.mark.sandbox

numbers = itertools.count(40_000_000, 1_000_000)
Suffering = Callable[[SupabaseService, str], SupabaseService]
CUT_ONCE = "cut-after; times=1; method=POST"


@pytest.fixture
def slow_at_times(viber_sandbox: Sandbox) -> Iterator[None]:
    """Every tenth answer takes a little longer."""
    fault = viber_sandbox.supabase_faults.add("latency=0.02; rate=0.1; path=/rest/v1/ledger")
    yield
    viber_sandbox.supabase_faults.remove(fault)


async def insert_all(
    ledger: Table[dict[str, Any]], rows: list[dict[str, Any]], sandbox: Sandbox
) -> list[BaseError | None]:
    """Insert every row by itself, 30 % of the answers cut after the commit, while the server restarts."""
    places = asyncio.Semaphore(24)
    restarted: asyncio.Task[None] | None = None

    async def insert(number: int, row: dict[str, Any]) -> BaseError | None:
        nonlocal restarted
        async with places:
            if number == len(rows) // 3:
                restarted = asyncio.create_task(asyncio.to_thread(sandbox.process("postgrest").restart))
            try:
                await ledger.insert(row)
            except BaseError as error:
                return error
        return None

    outcomes = await asyncio.gather(*(insert(*each) for each in enumerate(rows)))
    assert restarted is not None
    await restarted
    return outcomes


async def there(db: SupabaseService, first: int) -> Counter[int]:
    """How often each number stands in the ledger."""
    rows = db.table("ledger", key="id").select("id", "n").gte("n", first).lt("n", first + 1_000_000).rows()
    return Counter([row["n"] async for row in rows])


async def test_a_thousand_keyed_inserts_are_there_exactly_once(
    patient: SupabaseService, viber_sandbox: Sandbox, slow_at_times: None, suffering: Suffering
) -> None:
    """Each is told as done, though a third of the answers was lost: no duplicate, no false failure."""
    first = next(numbers)
    rows = [{"id": uuid7(), "n": first + n, "amount": Decimal(n) / 8} for n in range(1000)]
    ledger = suffering(patient, "cut-after; rate=0.3").table("ledger", key="id")
    outcomes = await insert_all(ledger, rows, viber_sandbox)
    assert [error for error in outcomes if error] == []
    assert await there(patient, first) == Counter(range(first, first + 1000))


async def test_a_thousand_inserts_without_a_key_are_there_at_most_once(
    patient: SupabaseService, viber_sandbox: Sandbox, slow_at_times: None, suffering: Suffering
) -> None:
    """Told as done they are there; told as unknown they may be; nothing is there twice."""
    first = next(numbers)
    rows = [{"n": first + n, "amount": Decimal(n) / 8} for n in range(1000)]
    ledger = suffering(patient, "cut-after; rate=0.3").table("ledger")
    outcomes = await insert_all(ledger, rows, viber_sandbox)
    found = await there(patient, first)
    assert set(found.values()) == {1}
    assert found.keys() >= {first + n for n, error in enumerate(outcomes) if error is None}
    errors = [error for error in outcomes if error]
    assert len(errors) > 100
    assert {error.delivery for error in errors} == {Delivery.UNKNOWN}
    assert all("may have acted" in error.message for error in errors)
    lost = {first + n for n, error in enumerate(outcomes) if error}
    assert len(lost & found.keys()) > 50  # it was right to say so


async def test_chunks_of_keyed_rows_are_there_exactly_once(
    patient: SupabaseService, suffering: Suffering
) -> None:
    """With composite keys, numeric values and times: each chunk in a transaction, each settled."""
    start = datetime(2026, 5, 1, tzinfo=UTC)
    sensor = f"sensor {next(numbers)}"
    rows = [
        {"sensor": sensor, "at": start + timedelta(seconds=n), "value": Decimal(n) / 100} for n in range(2500)
    ]
    table = suffering(patient, "cut-after; rate=0.4; method=POST; seed=3").table(
        "measurements", key=("sensor", "at")
    )
    account = await table.insert_many(iter(rows), chunk_size=250, concurrency=3).returning("at")
    assert (account.written, account.is_complete) == (2500, True)
    assert any(chunk.replayed for chunk in account.chunks)
    told = [datetime.fromisoformat(row["at"]) for chunk in account.chunks for row in chunk.data or []]
    assert told == [row["at"] for row in rows]
    assert await patient.table("measurements").select().eq("sensor", sensor).count() == 2500


async def test_a_value_that_its_type_rounds_is_not_told_as_done(
    db: SupabaseService, suffering: Suffering
) -> None:
    """numeric(12,2) keeps 1.01 of 1.005: what is there is not what was sent, and the error says why."""
    insert = suffering(db, CUT_ONCE).table("valuables", key="id").insert({"id": uuid7(), "price": "1.005"})
    with pytest.raises(ConflictError, match="the column's type") as caught:
        await insert
    assert caught.value.delivery is Delivery.UNKNOWN


async def test_a_value_that_a_trigger_changes_is_not_told_as_done(
    db: SupabaseService, suffering: Suffering
) -> None:
    """The row is there with our key and other values; left as it is by the trigger, it is recognised."""
    parcels = suffering(db, CUT_ONCE).table("parcels", key="id")
    with pytest.raises(ConflictError, match="a trigger") as caught:
        await parcels.insert({"id": uuid7(), "code": " ab ", "weight": "1.5"})
    assert caught.value.delivery is Delivery.UNKNOWN
    parcels = suffering(db, CUT_ONCE).table("parcels", key="id")
    result = await parcels.insert({"id": uuid7(), "code": "AB", "weight": "1.5"}).with_response()
    assert result.replayed


async def test_a_row_that_nobody_may_read_is_unknown(db: SupabaseService, suffering: Suffering) -> None:
    """Row level security hides it: neither a success nor a conflict, and it is there once."""
    key = uuid7()
    with pytest.raises(UnsettledWriteError, match="row level security") as caught:
        await suffering(db, CUT_ONCE).table("inbox", key="id").insert({"id": key, "body": "hello"})
    assert caught.value.delivery is Delivery.UNKNOWN
    assert await db.admin.table("inbox").select("id").eq("id", key) == [{"id": str(key)}]


async def test_rows_of_which_one_is_hidden_are_unknown(db: SupabaseService, suffering: Suffering) -> None:
    """What can be seen of a transaction is not all of it; seen whole, it is told as done."""
    plain, secret = (
        {"id": uuid7(), "body": "a", "secret": False},
        {"id": uuid7(), "body": "b", "secret": True},
    )
    with pytest.raises(UnsettledWriteError):
        await suffering(db, CUT_ONCE).table("memos", key="id").insert([plain, secret])
    result = (
        await suffering(db.admin, CUT_ONCE)
        .table("memos", key="id")
        .insert([{**plain, "id": uuid7()}, {**secret, "id": uuid7()}])
        .with_response()
    )
    assert result.replayed


async def test_a_constraint_that_is_checked_before_the_key_hides_nothing(
    db: SupabaseService, suffering: Suffering
) -> None:
    """A room is booked once: the repetition meets our own booking, by the exclusion constraint."""
    start = datetime(2027, 1, 1, tzinfo=UTC) + timedelta(days=next(numbers) // 1_000_000)
    during = f"[{start.isoformat()},{(start + timedelta(hours=1)).isoformat()})"
    row = {"id": uuid7(), "room": 1, "during": during}
    assert (await suffering(db, CUT_ONCE).table("bookings", key="id").insert(row).with_response()).replayed
    with pytest.raises((ConflictError, UnsettledWriteError)) as caught:
        await (
            suffering(db, "cut-before; times=1; method=POST")
            .table("bookings", key="id")
            .insert({**row, "id": uuid7()})
        )
    assert caught.value.delivery is Delivery.UNKNOWN


async def test_somebody_else_has_the_seat(db: SupabaseService, suffering: Suffering) -> None:
    """Another unique column is in the way: the real conflict, and not one of ours."""
    seat = f"seat {next(numbers)}"
    far = {"room": 2, "during": "[1900-01-01,1900-01-02)"}
    await db.table("bookings").insert({"id": uuid7(), "seat": seat, "room": 3, "during": "empty"})
    with pytest.raises(ConflictError):
        await (
            suffering(db, "cut-before; times=1; method=POST")
            .table("bookings", key="id")
            .insert({"id": uuid7(), "seat": seat, **far})
        )


async def test_a_job_that_starts_anew_inserts_nothing_twice(db: SupabaseService) -> None:
    """`again()` takes the rows of an earlier run for done, and other rows for the conflict they are."""
    memos = db.table("memos", key="id")
    rows = [{"id": uuid7(), "body": "a"}, {"id": uuid7(), "body": "b"}]
    await memos.insert(rows)
    assert await memos.insert(rows).again().count() == 2
    with pytest.raises(ConflictError):
        await memos.insert({**rows[0], "body": "other"}).again()
    assert await memos.select().in_("id", [row["id"] for row in rows]).count() == 2
