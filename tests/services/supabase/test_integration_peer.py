"""The same questions through the `supabase` package and through viber, on the same server.

Where both give the same rows, one table says so; where they differ, a test of its own says who is right.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import pytest
from postgrest import CountMethod
from postgrest.exceptions import APIError
from pydantic import BaseModel
from supabase import AsyncClient, AsyncClientOptions, acreate_client

from viber.errors import InvalidRequestError
from viber.services.supabase import SupabaseService, and_, col, embed, or_

if TYPE_CHECKING:
    from viber.sandbox import Sandbox

pytestmark = pytest.mark.sandbox

Ours = Callable[[SupabaseService], Awaitable[Any]]
Theirs = Callable[[AsyncClient], Any]


@pytest.fixture
async def peer(viber_sandbox: Sandbox) -> AsyncIterator[AsyncClient]:
    # A client of our own: the one the package makes warns about deprecated arguments.
    async with httpx.AsyncClient() as http:
        options = AsyncClientOptions(httpx_client=http)
        yield await acreate_client(viber_sandbox.supabase_url, viber_sandbox.service_role_key, options)


class Total(BaseModel):
    id: int
    total: Decimal


READS: dict[str, tuple[Theirs, Ours]] = {
    "some columns, a filter, an order, a bound": (
        lambda c: c.table("orders").select("id,status").eq("status", "open").order("id", desc=True).limit(5),
        lambda db: (
            db.table("orders").select("id", "status").eq("status", "open").order("id", desc=True).limit(5)
        ),
    ),
    "every comparison": (
        lambda c: (
            c.table("orders").select("id").gt("id", 3).gte("id", 5).lt("id", 20).lte("id", 18).neq("id", 7)
        ),
        lambda db: (
            db.table("orders").select("id").gt("id", 3).gte("id", 5).lt("id", 20).lte("id", 18).neq("id", 7)
        ),
    ),
    "a list of values": (
        lambda c: c.table("orders").select("id").in_("id", [3, 1, 2]).order("id"),
        lambda db: db.table("orders").select("id").in_("id", [3, 1, 2]).order("id"),
    ),
    "an empty list of values": (
        lambda c: c.table("orders").select("id").in_("id", []),
        lambda db: db.table("orders").select("id").in_("id", []),
    ),
    "patterns": (
        lambda c: c.table("customers").select("id").ilike("name", "%ADA%").like("email", "customer%0@%"),
        lambda db: db.table("customers").select("id").ilike("name", "%ADA%").like("email", "customer%0@%"),
    ),
    "null": (
        lambda c: c.table("users").select("id").is_("deleted_at", "null").order("id"),
        lambda db: db.table("users").select("id").is_null("deleted_at").order("id"),
    ),
    "not null": (
        lambda c: c.table("users").select("id").not_.is_("deleted_at", "null").order("id"),
        lambda db: db.table("users").select("id").is_not_null("deleted_at").order("id"),
    ),
    "one of two conditions": (
        lambda c: c.table("orders").select("id").or_("id.lt.3,and(id.gt.197,status.eq.open)").order("id"),
        lambda db: (
            db.table("orders")
            .select("id")
            .or_(col("id").lt(3), and_(col("id").gt(197), col("status").eq("open")))
            .order("id")
        ),
    ),
    "arrays": (
        lambda c: c.table("customers").select("id").contains("tags", ["vip"]).order("id"),
        lambda db: db.table("customers").select("id").contains("tags", ["vip"]).order("id"),
    ),
    "an array element with a comma": (
        lambda c: c.table("customers").select("id").contains("tags", ["news, letter"]).order("id"),
        lambda db: db.table("customers").select("id").contains("tags", ["news, letter"]).order("id"),
    ),
    "values with quotes and backslashes": (
        lambda c: c.table("customers").select("id").in_("name", ["Ada 10", 'a"b\\', "x,y"]),
        lambda db: db.table("customers").select("id").in_("name", ["Ada 10", 'a"b\\', "x,y"]),
    ),
    "json": (
        lambda c: c.table("customers").select("id,profile->>theme").contains("profile", {"theme": "dark"}),
        lambda db: (
            db.table("customers").select("id", "profile->>theme").contains("profile", {"theme": "dark"})
        ),
    ),
    "text search": (
        lambda c: c.table("products").select("id").text_search("search", "lamp"),
        lambda db: db.table("products").select("id").text_search("search", "lamp"),
    ),
    "related rows": (
        lambda c: (
            c.table("orders").select("id,customers(name),order_items(quantity)").lte("id", 3).order("id")
        ),
        lambda db: (
            db.table("orders")
            .select("id", embed("customers", "name"), embed("order_items", "quantity"))
            .lte("id", 3)
            .order("id")
        ),
    ),
    "rows that have related ones": (
        lambda c: (
            c.table("orders").select("id,customers!inner(country)").eq("customers.country", "PT").order("id")
        ),
        lambda db: (
            db.table("orders")
            .select("id", embed("customers", "country", join="inner").eq("country", "PT"))
            .order("id")
        ),
    ),
    "a range of rows": (
        lambda c: c.table("readings").select("id").order("id").range(100, 109),
        lambda db: db.table("readings").select("id").order("id").range(100, 109),
    ),
    "one row": (
        lambda c: c.table("orders").select("id,status").eq("id", 7).single(),
        lambda db: db.table("orders").select("id", "status").eq("id", 7).one(),
    ),
    "a function": (
        lambda c: c.rpc("add", {"a": 1, "b": 2}),
        lambda db: db.rpc("add", {"a": 1, "b": 2}),
    ),
    "a function that gives rows": (
        lambda c: c.rpc("customer_orders", {"customer_id": 3}),
        lambda db: db.rpc("customer_orders", {"customer_id": 3}),
    ),
    "filtered rows of a function": (
        lambda c: c.rpc("customer_orders", {"customer_id": 3}, get=True).select("id").gt("id", 60),
        lambda db: db.rpc("customer_orders", {"customer_id": 3}, method="GET").select("id").gt("id", 60),
    ),
    "another schema": (
        lambda c: c.schema("audit").table("customers").select("*"),
        lambda db: db.schema("audit").table("customers").select(),
    ),
}


@pytest.mark.parametrize("question", READS)
async def test_the_same_question_has_the_same_answer(
    question: str, peer: AsyncClient, db: SupabaseService
) -> None:
    """Row for row, value for value."""
    theirs, ours = READS[question]
    assert await ours(db.admin) == (await theirs(peer).execute()).data


async def test_writes_give_the_same_rows(peer: AsyncClient, db: SupabaseService) -> None:
    """Insert, upsert, update and delete."""
    ids = [str(uuid4()), str(uuid4())]
    ledger = db.admin.table("ledger")
    given: list[Any] = []
    for row_id, answers in zip(ids, ("theirs", "ours"), strict=True):
        row, more = {"id": row_id, "n": 41, "note": "a"}, {"id": row_id, "n": 42, "note": 'b, "c"'}
        if answers == "theirs":
            table = peer.table("ledger")
            steps = [
                (await table.insert(row).execute()).data,
                (await table.upsert(more).execute()).data,
                (await table.update({"note": None}).eq("id", row_id).execute()).data,
                (await table.delete().eq("id", row_id).execute()).data,
            ]
        else:
            steps = [
                await ledger.insert(row).returning(),
                await ledger.upsert(more).returning(),
                await ledger.update({"note": None}).eq("id", row_id).returning(),
                await ledger.delete().eq("id", row_id).returning(),
            ]
        given.append([[(each["n"], each["amount"], each["note"]) for each in rows] for rows in steps])
    assert given[0] == given[1]
    assert not await ledger.select().in_("id", ids).exists()


async def test_counts_are_the_same(peer: AsyncClient, db: SupabaseService) -> None:
    """Beside rows, and alone."""
    theirs = (
        await peer.table("readings").select("id", count=CountMethod.exact).eq("ok", False).limit(2).execute()
    )
    ours = await db.table("readings").select("id").is_("ok", value=False).limit(2).with_count()
    assert (ours.data, ours.count) == (theirs.data, theirs.count)


async def test_nothing_found_is_none_for_both(peer: AsyncClient, db: SupabaseService) -> None:
    """Of a row that may be missing."""
    assert await peer.table("users").select("*").eq("id", -1).maybe_single().execute() is None
    assert await db.table("users").select().eq("id", -1).maybe_one() is None


async def test_the_empty_text_is_a_value(peer: AsyncClient, db: SupabaseService) -> None:
    """We are right: the server reads a list of the empty text as the empty list."""
    theirs = await peer.table("products").select("id").in_("description", [""]).execute()
    assert theirs.data == []
    row_id = str(uuid4())
    ledger = db.admin.table("ledger")
    await ledger.insert({"id": row_id, "n": 1, "note": ""})
    assert (await peer.table("ledger").select("n").eq("id", row_id).in_("note", [""]).execute()).data == []
    assert await ledger.select("n").eq("id", row_id).in_("note", [""]) == [{"n": 1}]
    await ledger.delete().eq("id", row_id)


async def test_a_name_with_a_dot_is_a_name(peer: AsyncClient, db: SupabaseService) -> None:
    """We are right: the peer leaves it bare, and the server looks for an embedded table."""
    with pytest.raises(APIError):
        await peer.table("odd names").select("id").eq("a.b", "dot").execute()
    assert await db.table("odd names").select("id").eq("a.b", "dot") == [{"id": 1}]


async def test_a_column_may_be_named_like_a_part_of_the_query(peer: AsyncClient, db: SupabaseService) -> None:
    """We are right: the peer's filter is taken for a selection, and all rows come."""
    assert len((await peer.table("odd names").select("id").eq("select", "star").execute()).data) == 3
    assert await db.table("odd names").select("id").eq("select", "star") == [{"id": 1}]


async def test_none_is_not_compared(peer: AsyncClient, db: SupabaseService) -> None:
    """We are right: the peer compares with the word None, and the server cannot read that as a time."""
    with pytest.raises(APIError, match="None"):
        await peer.table("users").select("id").eq("deleted_at", None).execute()
    with pytest.raises(InvalidRequestError, match="is_null"):
        db.table("users").select("id").eq("deleted_at", None)


async def test_a_number_keeps_its_digits(peer: AsyncClient, db: SupabaseService) -> None:
    """We are right where a model asks: a float, which both give in a dict, has lost most of them."""
    digits = "12345678901234567890.123456789"
    theirs = (await peer.table("orders").select("id,total").eq("id", 200).single().execute()).data
    assert theirs == await db.table("orders").select("id", "total").eq("id", 200).one()
    assert Decimal(theirs["total"]) != Decimal(digits)
    assert str((await db.table("orders", Total).select().eq("id", 200).one()).total) == digits


async def test_all_rows_are_all_rows(peer: AsyncClient, db: SupabaseService) -> None:
    """The peer gives what the server's cap leaves, and says nothing; we walk."""
    assert len((await peer.table("readings").select("id").execute()).data) == 1000
    assert len([row async for row in db.table("readings", key="id").select("id").rows()]) == 10_000


async def test_values_of_python_can_be_written(peer: AsyncClient, db: SupabaseService) -> None:
    """We are right: the peer hands them to a JSON encoder that knows neither times nor decimals nor ids."""
    row = {"id": uuid4(), "n": 1, "amount": Decimal("1.10"), "created_at": datetime(2026, 3, 1, tzinfo=UTC)}
    with pytest.raises(TypeError, match="not JSON serializable"):
        await peer.table("ledger").insert(row).execute()
    ledger = db.admin.table("ledger")
    await ledger.insert(row)
    assert await ledger.select("created_at").eq("id", row["id"]).one() == {
        "created_at": "2026-03-01T00:00:00+00:00"
    }
    await ledger.delete().eq("id", row["id"])


async def test_a_group_takes_any_value(peer: AsyncClient, db: SupabaseService) -> None:
    """We are right: the peer's groups are raw text, where a value with a comma ends the condition."""
    text = "Red chair no. 5, or (other)"
    with pytest.raises(APIError):
        await peer.table("products").select("id").or_(f"name.eq.{text},id.eq.5").execute()
    assert await db.table("products").select("id").where(or_(col("name").eq(text), col("id").eq(5))) == [
        {"id": 5}
    ]
