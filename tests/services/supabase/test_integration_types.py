from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel
from typing_extensions import TypedDict

from viber.services.supabase import Range, RowMismatchError, SupabaseService, col

pytestmark = pytest.mark.sandbox

START = datetime(2026, 3, 1, 8, tzinfo=UTC)


class Status(Enum):
    OPEN = "open"
    PAID = "paid"


class OrderModel(BaseModel):
    id: int
    customer_id: int
    status: Status
    total: Decimal
    placed_at: datetime
    delivery: Range[datetime] | None
    meta: dict[str, Any]


@dataclass
class OrderData:
    id: int
    customer_id: int
    status: Status
    total: Decimal
    placed_at: datetime
    delivery: Range[datetime] | None
    meta: dict[str, Any]


class OrderDict(TypedDict):
    id: int
    customer_id: int
    status: Status
    total: Decimal
    placed_at: datetime
    delivery: Range[datetime] | None
    meta: dict[str, Any]


VALUES: dict[str, Any] = {
    "customer_id": 1,
    "status": Status.PAID,
    "total": Decimal("12345678901234567890.1230"),
    "placed_at": datetime(2026, 3, 1, 8, 0, 0, 123456, tzinfo=UTC),
    "delivery": Range(START, None, "[)"),
    "meta": {"nested": [1, {"a": None}], "fraction": 1.5},
}


@pytest.mark.parametrize("kind", [OrderModel, OrderData, OrderDict])
async def test_a_row_of_any_type_comes_back_as_it_went(kind: Any, db: SupabaseService) -> None:
    """Number, enum, time, range and JSON: from a model, a dataclass, a TypedDict, and into it."""
    orders = db.admin.table("orders", kind, key="id")
    row = kind(id=900_000 + [OrderModel, OrderData, OrderDict].index(kind), **VALUES)
    row_id = row["id"] if isinstance(row, dict) else row.id
    try:
        assert await orders.insert(row).returning() == [row]
        found = await orders.select().eq("id", row_id).one()
        assert found == row
        assert str(found["total"] if isinstance(found, dict) else found.total) == "12345678901234567890.1230"
        assert [row async for row in orders.select().eq("id", row_id).rows()] == [row]
    finally:
        await orders.delete().eq("id", row_id)


async def test_values_of_python_find_their_rows(db: SupabaseService) -> None:
    """As filters: enum, time, date, number, range, id."""
    orders = db.table("orders", OrderModel)
    assert {row.status for row in await orders.select().eq("status", Status.PAID).limit(5)} == {Status.PAID}
    assert (await orders.select().eq("total", Decimal("12.340")).one()).id == 1
    assert (await orders.select().eq("placed_at", datetime(2026, 3, 1, 11, tzinfo=UTC)).one()).id == 1
    assert await orders.select().lt("placed_at", date(2026, 3, 2)).count() == 5
    one = await orders.select().eq("id", 1).one()
    assert one.delivery == Range(datetime(2026, 3, 3, tzinfo=UTC), datetime(2026, 3, 5, tzinfo=UTC))
    inside = Range(datetime(2026, 3, 3, 1, tzinfo=UTC), datetime(2026, 3, 3, 2, tzinfo=UTC))
    assert [row.id for row in await orders.select().contains("delivery", inside)] == [1]
    note = UUID("00000000-0000-4000-8000-000000000010")
    assert await db.table("notes").select("body").eq("id", note).one() == {"body": "Note 10"}


class Entry(BaseModel):
    id: UUID
    n: int
    amount: Decimal | None
    created_at: datetime


async def test_digits_survive_wherever_they_are_exact(db: SupabaseService) -> None:
    """More of them than any float has, zeros at the end, none at all, and a whole number."""
    ledger, mark = db.admin.table("ledger", Entry, key="id"), str(uuid4())
    amounts = ["0.10", "-12345678901234567890123456789.000000001000", "7", "1E+3", "0E-6", "100.00"]
    await ledger.insert([{"n": n, "note": mark, "amount": Decimal(text)} for n, text in enumerate(amounts)])
    rows = await ledger.select().eq("note", mark).order("n")
    await ledger.delete().eq("note", mark)
    assert [f"{row.amount:f}" for row in rows] == [f"{Decimal(text):f}" for text in amounts]


class Wrong(BaseModel):
    id: int
    customer_id: UUID


async def test_a_row_that_does_not_fit_is_told_by_table_row_and_field(db: SupabaseService) -> None:
    """And not by its value; the same in a walk, and of a function."""
    orders = db.table("orders", Wrong, key="id")
    call = db.rpc("customer_orders", {"customer_id": 3}, model=Wrong, method="GET")
    for query, table in (
        (orders.select().order("id").run(), "orders"),
        (anext(aiter(orders.select().rows())), "orders"),
        (call.run(), "rpc customer_orders"),
    ):
        with pytest.raises(RowMismatchError) as caught:
            await query
        details = caught.value.details or {}
        assert (details["table"], details["row"], details["field"]) == (table, 0, "customer_id")


async def test_a_cast_to_text_is_exact_in_any_row(db: SupabaseService) -> None:
    """Also in a dict, where a fraction would be a float."""
    query = db.table("orders").select(col("total").cast("text")).eq("id", 200)
    assert await query.one() == {"total": "12345678901234567890.123456789"}
