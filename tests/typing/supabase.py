"""What type checkers see of the Supabase service; checked, never run."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypedDict, assert_type

from pydantic import BaseModel

from viber.services import Health
from viber.services.supabase import (
    Call,
    Change,
    Insert,
    Page,
    Pages,
    Query,
    Result,
    Select,
    SupabaseService,
    Table,
    Walk,
    variadic,
)

Dict = dict[str, Any]


class Order(BaseModel):
    id: int
    total: Decimal


class Total(TypedDict):
    total: str


@dataclass
class Point:
    x: int


async def rows_of_a_typed_table(db: SupabaseService) -> None:
    orders = db.table("orders", Order, key="id")
    assert_type(orders, Table[Order])
    page = await orders.select().eq("status", "open").order("created_at", desc=True).limit(20)
    assert_type(page, list[Order])
    assert_type(await orders.select().eq("id", 1).one(), Order)
    assert_type(await orders.select().maybe_one(), Order | None)
    assert_type(await orders.select().first(), Order | None)
    assert_type(await orders.select().run(), list[Order])
    assert_type(orders.select("id", "total"), Select[Dict])
    assert_type(orders.select("total", model=Total), Select[Total])
    assert_type(orders.select(model=Point), Select[Point])
    assert_type(orders.select().rows(page_size=500), Walk[Order])
    async for row in orders.select().rows():
        assert_type(row, Order)


async def rows_of_an_untyped_table(db: SupabaseService) -> None:
    readings = db.table("readings", key="id")
    assert_type(readings, Table[Dict])
    assert_type(await readings.select().gte("at", 1), list[Dict])
    assert_type(await readings.select().is_("ok", value=True).is_("a", None).in_("id", range(3)), list[Dict])
    async for row in readings.select().rows():
        assert_type(row, Dict)


async def writes(
    db: SupabaseService, anything: Mapping[str, object], total: Total, many: list[Order]
) -> None:
    orders = db.table("orders", Order)
    assert_type(orders.insert(Order(id=1, total=Decimal(1))), Insert[Order, None])
    for rows in (anything, total, many, [anything, total], (Point(1), Order(id=1, total=Decimal(1)))):
        assert_type(await orders.insert(rows), None)
    assert_type(await orders.insert({"id": 1}).returning(), list[Order])
    assert_type(await orders.insert(Point(1)).returning("id", "total"), list[Dict])
    assert_type(await orders.insert({}).returning(model=Point), list[Point])
    assert_type(await orders.upsert(many, on_conflict=("a", "b")).returning(), list[Order])
    assert_type(orders.update({"status": "paid"}).eq("id", 1), Change[Order, None])
    assert_type(await orders.update(total).eq("id", 1), None)
    assert_type(await orders.delete().returning().eq("id", 1), list[Order])
    assert_type(await orders.update(total).eq("id", 1).returning_row(), Order)
    assert_type(await orders.put({"id": 1}, key="id").returning_row(), Order)
    assert_type(await orders.delete(all_rows=True).returning("id", model=Total), list[Total])


async def functions(db: SupabaseService) -> None:
    assert_type(db.rpc("add", {"a": 1, "b": 2}), Call[Any])
    assert_type(db.rpc("add", {"a": 1, "b": 2}, returns=int), Call[int])
    assert_type(await db.rpc("split", {"s": "a b"}, returns=list[str], method="GET"), list[str])
    assert_type(await db.rpc("echo", body={"a": 1}, returns=Total, idempotent=True), Total)
    assert_type(db.rpc("customer_orders", {"id": 1}, model=Order), Select[Order])
    assert_type(await db.rpc("customer_orders", {"id": 1}, model=Order, method="GET").limit(3), list[Order])
    assert_type(await db.rpc("customer_orders", {"id": 1}, model=Order).eq("id", 1).one(), Order)
    assert_type(await db.rpc("customer_orders", {"id": 1}).select("id").first(), Dict | None)
    assert_type(await db.rpc("customer_orders", {"id": 1}).select(model=Point), list[Point])
    assert_type(await db.rpc("plus", {"n": variadic(1, 2)}).select().count(), int)


async def side_by_side(db: SupabaseService) -> None:
    orders = db.table("orders", Order).select()
    assert_type(
        await asyncio.gather(orders.run(), orders.count().run(), db.rpc("add", returns=int).run()),
        tuple[list[Order], int, int],
    )
    assert_type(await asyncio.gather(orders, orders.first()), tuple[list[Order], Order | None])
    assert_type(await asyncio.create_task(orders.first().run()), Order | None)
    assert_type(await asyncio.wait_for(orders.with_response(), 3), Result[list[Order]])


async def pages(db: SupabaseService, stored: str) -> None:
    items = db.table("items", Order, key=("a", "b")).select()
    assert_type(items.rows(after=stored, on_page=lambda page: page.total), Walk[Order])
    assert_type(items.pages(size=50, after=None, count="exact"), Pages[Order])
    async for page in items.pages():
        assert_type(page, Page[Order])
        assert_type(page.rows, list[Order])
        assert_type(page.cursor, str)
        assert_type([order.id for order in page], list[int])


async def direct_forms(db: SupabaseService) -> None:
    assert_type(await db.select("users", "id,name", where={"a": 1}, order="-id", limit=5), list[Dict])
    assert_type(await db.insert("users", {"name": "Ada"}), Dict)
    assert_type(await db.insert("users", [{"name": "Ada"}]), list[Dict])
    assert_type(await db.upsert("users", Point(1), on_conflict="x"), Dict)
    assert_type(await db.update("users", {"name": "B"}, where={"id": 1}), list[Dict])
    assert_type(await db.delete("users", where={"id": 1}), list[Dict])


async def new_token() -> str:
    return "jwt"


async def views(db: SupabaseService) -> None:
    assert_type(db.admin, SupabaseService)
    assert_type(db.as_user("jwt"), SupabaseService)
    assert_type(db.as_user("jwt", refresh=new_token), SupabaseService)
    assert_type(db.schema("audit").admin, SupabaseService)
    assert_type(db.with_options(timeout=2, headers={"a": "b"}, idempotent=True), SupabaseService)
    assert_type(await db.health_check(), Health)


def queries_by_what_they_give(
    db: SupabaseService,
) -> tuple[Query[list[Order]], Query[Order | None], Query[object]]:
    orders = db.table("orders", Order)
    return orders.select(), orders.select().first(), orders.insert({"id": 1})


async def mistakes(db: SupabaseService) -> None:
    orders = db.table("orders", Order)
    orders.insert({}).eq("id", 1)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    orders.select().returning()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    orders.insert("text")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    db.rpc("f", method="PUT")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    db.update("users", {"a": 1})  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    db.with_options(tiemout=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
