"""What a write may wish for, against the real server; each test would see a wish that is not followed."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from viber.errors import ConflictError, Delivery, InvalidRequestError
from viber.services.supabase import SupabaseService, col, uuid7

pytestmark = pytest.mark.sandbox

numbers = itertools.count(90_000_000)


@pytest.fixture
def n() -> int:
    """A number of its own in the ledger."""
    return next(numbers)


@pytest.fixture
def ledger(db: SupabaseService) -> Any:
    """The ledger."""
    return db.table("ledger", key="id")


async def test_a_write_answers_nothing_unless_it_is_asked(ledger: Any, n: int) -> None:
    """`return=minimal`: no body comes back."""
    result = await ledger.insert({"n": n}).with_response()
    assert (result.data, result.status, result.headers["preference-applied"]) == (None, 201, "return=minimal")
    result = await ledger.update({"note": "x"}).eq("n", n).with_response()
    assert (result.data, result.status) == (None, 204)


async def test_the_key_of_a_new_row_comes_in_a_header(db: SupabaseService, ledger: Any, n: int) -> None:
    """`return=headers-only`: the key that the database made, or all columns of a composite one."""
    key = await ledger.insert({"n": n}).returning_key()
    assert await ledger.select("n").eq("id", UUID(key["id"])) == [{"n": n}]
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    key = await db.table("measurements").insert({"sensor": f"s {n}", "at": at}).returning_key()
    assert (key["sensor"], datetime.fromisoformat(key["at"])) == (f"s {n}", at)


async def test_rows_that_were_written_are_counted(ledger: Any, n: int) -> None:
    """`count=exact`: of an insert, an update, a delete; and of nothing found."""
    assert await ledger.insert([{"n": n}, {"n": n}, {"n": n, "note": "x"}]).count() == 3
    assert await ledger.update({"amount": 1}).eq("n", n).is_null("note").count() == 2
    assert await ledger.delete().eq("n", n).count() == 3
    assert await ledger.delete().eq("n", n).count() == 0


async def test_columns_and_related_rows_come_back(db: SupabaseService) -> None:
    """`return=representation` with a selection: renamed columns, and those of a related table."""
    (row,) = (
        await db.admin.table("orders")
        .insert({"customer_id": 3})
        .returning(col("status").as_("state"), "total")
        .dry_run()  # others count the orders
    )
    assert row == {"state": "open", "total": 0}


async def test_what_a_row_leaves_out_is_a_default_or_null(ledger: Any, n: int) -> None:
    """`missing=default`, or PostgREST's own habit: of a column that must not be null the server complains."""
    rows = [{"n": n, "note": "a"}, {"n": n, "created_at": "2020-01-01T00:00:00Z"}]
    first, second = await ledger.insert(rows).returning()
    assert first["created_at"] > "2026" > second["created_at"]
    with pytest.raises(InvalidRequestError, match="created_at"):
        await ledger.insert(rows, missing="null")
    rows = [{"n": n, "note": "a"}, {"n": n, "amount": 1}]
    assert [row["amount"] for row in await ledger.insert(rows, missing="null").returning()] == [None, 1]


async def test_only_the_chosen_columns_are_written(ledger: Any, n: int) -> None:
    """`columns`: what else the rows hold is left out, also names that the table does not have."""
    rows = [{"n": n, "note": "kept out", "colour": "red"}, {"n": n, "amount": 2}]
    answer = await ledger.insert(rows, columns=["n", "amount"]).returning("note", "amount")
    assert answer == [{"note": None, "amount": None}, {"note": None, "amount": 2}]


async def test_a_rehearsal_answers_and_leaves_nothing(ledger: Any, n: int) -> None:
    """`tx=rollback`: defaults and constraints have their say."""
    (row,) = await ledger.insert({"n": n}).dry_run().returning()
    assert (row["n"], UUID(row["id"]).version) == (n, 4)
    await ledger.insert({"n": n, "note": "kept"})
    assert await ledger.update({"note": "x"}).eq("n", n).dry_run().count() == 1
    assert await ledger.delete().eq("n", n).dry_run().returning("note") == [{"note": "kept"}]
    assert await ledger.select("note").eq("n", n) == [{"note": "kept"}]
    with pytest.raises(InvalidRequestError):
        await ledger.insert({"n": None}).dry_run()


async def test_a_rehearsed_duplicate_is_a_conflict(ledger: Any, n: int) -> None:
    """As it would be."""
    key = uuid7()
    await ledger.insert({"id": key, "n": n})
    with pytest.raises(ConflictError) as caught:
        await ledger.insert({"id": key, "n": n}).dry_run()
    assert caught.value.delivery is Delivery.ANSWERED


async def test_a_bound_that_the_server_does_not_know_is_refused_and_nothing_done(ledger: Any, n: int) -> None:
    """PostgREST 12.0 ignores `max-affected` silently, unless it is told to be strict: it is."""
    await ledger.insert([{"n": n}, {"n": n}])
    with pytest.raises(InvalidRequestError) as caught:
        await ledger.delete().eq("n", n).max_affected(1)
    assert (caught.value.details or {})["code"] == "PGRST122"
    assert await ledger.select().eq("n", n).count() == 2


async def test_a_zone_says_what_times_without_offset_mean(ledger: Any, n: int) -> None:
    """`timezone`: on the way in, and on the way out."""
    insert = ledger.insert({"n": n, "created_at": datetime(2026, 7, 1, 12)})  # noqa: DTZ001 - that is the point
    (row,) = await insert.time_zone(ZoneInfo("Europe/Paris")).returning("created_at")
    assert row == {"created_at": "2026-07-01T12:00:00+02:00"}
    (row,) = await ledger.select("created_at").eq("n", n)
    assert row == {"created_at": "2026-07-01T10:00:00+00:00"}


async def test_a_zone_that_the_server_does_not_know_is_refused(ledger: Any, n: int) -> None:
    """And nothing is written; what no zone can be called is refused before."""
    with pytest.raises(InvalidRequestError) as caught:
        await ledger.insert({"n": n}).time_zone("Nowhere/Land")
    assert (caught.value.details or {})["code"] == "PGRST122"
    assert await ledger.select().eq("n", n).count() == 0
    with pytest.raises(InvalidRequestError) as caught:
        ledger.insert({"n": n}).time_zone("Paris, France")
    assert caught.value.delivery is Delivery.NOT_SENT


async def test_a_server_can_be_told_to_be_strict(db: SupabaseService, n: int) -> None:
    """`handling=strict`: it says so, and refuses what it does not know."""
    result = await db.table("ledger").insert({"n": n}).strict().with_response()
    assert "handling=strict" in result.headers["preference-applied"]


async def test_duplicates_are_merged_or_ignored(db: SupabaseService) -> None:
    """`resolution`: by the primary key, or by the columns that are named; ignored ones are not told."""
    number = next(numbers)
    users = db.admin.table("users", key="email")
    email = f"u{number}@example.com"
    (first,) = await users.insert({"email": email, "name": "A"}).returning("id")
    merged = users.upsert({"email": email, "name": "B"}, on_conflict="email").returning("id", "name")
    assert await merged == [{**first, "name": "B"}]
    rows = [{"email": email, "name": "C"}, {"email": f"v{number}@example.com", "name": "C"}]
    ignored = users.upsert(rows, on_conflict="email", on_duplicate="ignore")
    assert await ignored.returning("email") == [{"email": rows[1]["email"]}]
    assert await users.select("name").eq("email", email) == [{"name": "B"}]
    assert await users.upsert(rows, on_conflict="email", on_duplicate="ignore").count() == 0
    with pytest.raises(InvalidRequestError) as caught:
        await users.upsert({"email": email, "name": "D"}, on_conflict="name")
    assert (caught.value.details or {})["code"] == "42P10"


async def test_a_put_inserts_or_merges_one_row(db: SupabaseService) -> None:
    """By all columns of the primary key; what the row leaves out stays as it is."""
    items = db.admin.table("order_items", key=("order_id", "product_id"))
    key = {"order_id": 2, "product_id": 39}
    assert await items.put({**key, "quantity": 3, "unit_price": 1}).returning("quantity") == [{"quantity": 3}]
    assert await items.put({**key, "unit_price": 2}) is None
    assert await items.select("quantity", "unit_price").matching(key) == [{"quantity": 3, "unit_price": 2}]
    assert (await items.put({**key, "quantity": 4, "unit_price": 2}).returning_row())["quantity"] == 4
    await items.delete().matching(key)


async def test_a_put_by_another_key_than_the_primary_one_is_refused(db: SupabaseService) -> None:
    """By the server, before it does anything."""
    with pytest.raises(InvalidRequestError) as caught:
        await db.admin.table("users", key="email").put({"email": "x", "name": "X"})
    assert (caught.value.details or {})["code"] == "PGRST105"


async def test_a_soft_delete_hides_and_a_restore_brings_back(db: SupabaseService) -> None:
    """By the clock of the server; a row that is deleted already keeps its time."""
    users = db.admin.table("users", key="id")
    (user,) = await users.insert({"email": f"s{next(numbers)}@example.com", "name": "S"}).returning("id")
    before = datetime.now(UTC)
    (row,) = await users.soft_delete().eq("id", user["id"]).returning("deleted_at")
    assert abs(datetime.fromisoformat(row["deleted_at"]) - before).total_seconds() < 60
    assert await users.soft_delete().eq("id", user["id"]).count() == 0
    assert not await users.select().eq("id", user["id"]).is_null("deleted_at").exists()
    assert await users.restore().eq("id", user["id"]).count() == 1
    assert await users.restore().eq("id", user["id"]).count() == 0
    assert await users.select().eq("id", user["id"]).is_null("deleted_at").exists()
