from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel

from viber.errors import ConflictError, Delivery, InvalidRequestError, NotFoundError
from viber.services.supabase import MultipleRowsError, SupabaseService

pytestmark = pytest.mark.sandbox

numbers = itertools.count(10_000_000)


class Entry(BaseModel):
    id: UUID | None = None
    n: int
    amount: Decimal | None = None
    note: str | None = None


@pytest.fixture
async def n(db: SupabaseService) -> AsyncIterator[int]:
    """A number of its own in the ledger, whose rows are removed at the end."""
    number = next(numbers)
    yield number
    await db.table("ledger").delete().eq("n", number)


@pytest.fixture
def ledger(db: SupabaseService) -> Any:
    """The ledger, typed."""
    return db.table("ledger", Entry, key="id")


async def test_what_was_inserted_is_there(ledger: Any, n: int) -> None:
    """Exactly, and with the database's defaults for what the model left out."""
    assert await ledger.insert(Entry(n=n, amount=Decimal("12345678901234567890.1230"))) is None
    row = await ledger.select().eq("n", n).one()
    assert str(row.amount) == "12345678901234567890.1230"
    assert row.id is not None


async def test_rows_come_back_when_they_are_asked_for(ledger: Any, n: int) -> None:
    """As models, or as some columns."""
    (row,) = await ledger.insert({"n": n, "note": "x"}).returning()
    assert (row.n, row.note) == (n, "x")
    assert await ledger.insert([{"n": n, "note": "y"}]).returning("n", "note") == [{"n": n, "note": "y"}]


async def test_a_write_for_one_row_touches_no_other_number(ledger: Any, n: int) -> None:
    """Of several rows none is changed, none is deleted."""
    await ledger.insert([{"n": n, "note": "a"}, {"n": n, "note": "b"}])
    assert (await ledger.update({"amount": 1}).eq("n", n).eq("note", "a").returning_row()).note == "a"
    for write in (ledger.update({"note": "c"}), ledger.delete()):
        with pytest.raises(MultipleRowsError, match="nothing was done"):
            await write.eq("n", n).returning_row()
    with pytest.raises(NotFoundError):
        await ledger.update({"note": "c"}).eq("n", n).eq("note", "z").returning_row()
    assert {row.note for row in await ledger.select().eq("n", n)} == {"a", "b"}
    assert (await ledger.delete().eq("n", n).eq("note", "a").returning_row()).amount == 1


async def test_rows_of_different_shape_go_in_together(ledger: Any, n: int) -> None:
    """What a row leaves out becomes the default: an id of its own, and no null."""
    rows = await ledger.insert(
        [{"n": n, "note": "a"}, {"n": n, "amount": 1}, Entry(n=n, id=uuid4())]
    ).returning()
    assert len({row.id for row in rows}) == 3
    assert sorted(row.note or "" for row in rows) == ["", "", "a"]


async def test_an_update_touches_what_its_filters_find(ledger: Any, n: int) -> None:
    """And gives it back when asked."""
    await ledger.insert([{"n": n, "note": "a"}, {"n": n, "note": "b"}])
    await ledger.update({"amount": Decimal("1.50")}).eq("n", n).eq("note", "a")
    rows = await ledger.update({"note": "c"}).eq("n", n).is_not_null("amount").returning("note", "amount")
    assert rows == [{"note": "c", "amount": 1.5}]
    assert await ledger.update({"note": "d"}).eq("n", -1).returning() == []


async def test_a_delete_removes_what_its_filters_find(ledger: Any, n: int) -> None:
    """That nothing is found is no error."""
    await ledger.insert([{"n": n, "note": "a"}, {"n": n, "note": "b"}])
    assert await ledger.delete().eq("n", n).eq("note", "a").returning("note") == [{"note": "a"}]
    assert await ledger.delete().eq("n", n).eq("note", "a") is None
    assert len(await ledger.select().eq("n", n)) == 1


async def test_an_upsert_inserts_or_merges(ledger: Any, n: int) -> None:
    """By the key, or by the columns that are named; or it leaves what is there."""
    key = uuid4()
    await ledger.upsert({"id": key, "n": n, "note": "first"})
    await ledger.upsert({"id": key, "n": n, "note": "second"}, on_conflict="id")
    assert [row.note for row in await ledger.select().eq("n", n)] == ["second"]
    ignored = ledger.upsert({"id": key, "n": n, "note": "third"}, on_duplicate="ignore").returning()
    assert await ignored == []
    assert [row.note for row in await ledger.select().eq("n", n)] == ["second"]


async def test_names_of_any_kind_can_be_written(db: SupabaseService) -> None:
    """In the body, in columns, in returning, in on_conflict and in filters."""
    odd = db.admin.table("odd names", key="id")
    rows = await odd.insert([{"a.b": "1"}, {"order, (by)": "2"}]).returning("id", "a.b", "order, (by)")
    ids = [row.pop("id") for row in rows]
    assert rows == [{"a.b": "1", "order, (by)": None}, {"a.b": None, "order, (by)": "2"}]
    (row,) = await odd.upsert({"id": ids[0], 'quo"te': "q"}, on_conflict="id").returning("a.b", 'quo"te')
    assert row == {"a.b": "1", 'quo"te': "q"}
    await odd.delete().in_("id", ids).neq("select", "never").returning()
    await odd.delete().in_("id", ids)


async def test_a_duplicate_key_is_a_conflict(ledger: Any, n: int) -> None:
    """With PostgreSQL's own code and words."""
    key = uuid4()
    await ledger.insert({"id": key, "n": n})
    with pytest.raises(ConflictError) as caught:
        await ledger.insert({"id": key, "n": n})
    error = caught.value
    assert (error.details or {})["code"] == "23505"
    assert str(key) in (error.details or {})["details"]
    assert (error.status, error.delivery, error.attempts) == (409, Delivery.ANSWERED, 1)


@pytest.mark.parametrize(
    ("row", "code"),
    [({"note": "no n"}, "23502"), ({"n": "abc"}, "22P02"), ({"n": 1, "colour": 2}, "PGRST204")],
)
async def test_a_row_that_the_table_refuses_is_invalid(row: Any, code: str, db: SupabaseService) -> None:
    """A missing value, a wrong type, an unknown column."""
    with pytest.raises(InvalidRequestError) as caught:
        await db.table("ledger").insert(row)
    assert (caught.value.details or {})["code"] == code


async def test_a_reference_to_nothing_is_a_conflict(db: SupabaseService) -> None:
    """23503: the customer does not exist."""
    with pytest.raises(ConflictError) as caught:
        await db.admin.table("orders").insert({"customer_id": -1})
    assert (caught.value.details or {})["code"] == "23503"


async def test_the_direct_forms_give_the_rows(db: SupabaseService, n: int) -> None:
    """Insert, select, update, upsert and delete in dicts."""
    row = await db.insert("ledger", {"n": n, "note": "a"})
    assert await db.select("ledger", "id, note", where={"n": n}, order="-note", limit=5) == [
        {"id": row["id"], "note": "a"}
    ]
    assert [each["note"] for each in await db.update("ledger", {"note": "b"}, where={"n": n})] == ["b"]
    assert (await db.upsert("ledger", {"id": row["id"], "n": n, "note": "c"}))["note"] == "c"
    assert [each["id"] for each in await db.delete("ledger", where={"n": [n]})] == [row["id"]]


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_a_function_that_reads_is_called_either_way(method: Any, db: SupabaseService) -> None:
    """With the same result."""
    assert await db.rpc("add", {"a": 40, "b": 2}, method=method) == 42
    assert await db.rpc("nothing", method=method) is None
    rows = await db.rpc("customer_orders", {"customer_id": 3}, model=dict[str, Any], method=method)
    assert {row["customer_id"] for row in rows} == {3}


async def test_a_function_may_write_and_give_one_row(db: SupabaseService, n: int) -> None:
    """A composite is a list of one row, exact as the model wants it."""
    (entry,) = await db.rpc("record_entry", {"n": n, "amount": Decimal("0.10")}, model=Entry)
    assert (entry.n, str(entry.amount)) == (n, "0.10")


async def test_a_writing_function_is_not_called_by_get(db: SupabaseService, n: int) -> None:
    """The server refuses (25006), and the error says what to do."""
    with pytest.raises(InvalidRequestError) as caught:
        await db.rpc("record_entry", {"n": n}, method="GET")
    assert (caught.value.details or {})["code"] == "25006"
    assert "POST" in caught.value.suggestion


async def test_what_a_function_raises_comes_through(db: SupabaseService) -> None:
    """Its message, detail and hint; it says nothing of the server's health."""
    with pytest.raises(InvalidRequestError, match="on my own account") as caught:
        await db.rpc("fail", {"message": "on my own account"})
    assert caught.value.neutral
    assert (caught.value.details or {})["hint"] == "do not call it"


async def test_a_function_with_other_arguments_is_not_found(db: SupabaseService) -> None:
    """Functions are known by their arguments' names."""
    with pytest.raises(NotFoundError):
        await db.rpc("add", {"x": 1})
