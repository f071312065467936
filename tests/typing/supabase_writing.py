"""What type checkers see of writes; checked, never run."""

from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from typing import Any, TypedDict, assert_type
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from viber.services.supabase import (
    Account,
    Bytea,
    Change,
    Chunk,
    Insert,
    InsertMany,
    Put,
    Result,
    SupabaseService,
    uuid7,
)

Dict = dict[str, Any]


class Order(BaseModel):
    id: UUID
    total: Decimal
    picture: Bytea = b""


class Total(TypedDict):
    total: str


async def inserts(db: SupabaseService, order: Order) -> None:
    orders = db.table("orders", Order, key="id")
    assert_type(orders.insert(order), Insert[Order, None])
    assert_type(await orders.insert(order, columns=["id"], missing="null"), None)
    assert_type(await orders.insert(order).returning_row(), Order)
    assert_type(await orders.insert(order).returning_key(), dict[str, str])
    assert_type(await orders.insert(order).count(), int)
    assert_type(orders.insert(order).again().dry_run().strict().time_zone("UTC"), Insert[Order, None])
    assert_type(await orders.insert([order]).returning().with_response(), Result[list[Order]])
    assert_type(await orders.upsert(order, on_duplicate="ignore").returning("id", model=Total), list[Total])
    assert_type(order.picture, bytes)
    assert_type(uuid7(), UUID)


async def puts(db: SupabaseService, order: Order) -> None:
    orders = db.table("orders", Order, key=("id", "part"))
    assert_type(orders.put(order), Put[Order, None])
    assert_type(await orders.put(order, key="id").time_zone(ZoneInfo("UTC")), None)
    assert_type(await orders.put(order).returning(), list[Order])
    assert_type(await orders.put(order).returning("id"), list[Dict])


async def changes(db: SupabaseService) -> None:
    orders = db.table("orders", Order)
    assert_type(orders.update({"a": 1}).if_version(3).eq("id", 1), Change[Order, None])
    assert_type(await orders.update({"a": 1}).eq("id", 1).if_version("x", next="y").returning(), list[Order])
    assert_type(await orders.delete().eq("id", 1).max_affected(3).count(), int)
    assert_type(await orders.soft_delete().eq("id", 1), None)
    assert_type(await orders.restore("gone_at").eq("id", 1).returning("id"), list[Dict])


async def chunks(db: SupabaseService, some: Iterator[Order], more: AsyncIterator[Total]) -> None:
    orders = db.table("orders", Order)
    assert_type(orders.insert_many(some), InsertMany[Order, None])
    assert_type(await orders.insert_many(more, chunk_size=100, concurrency=2), Account[None])
    account = await orders.insert_many([{"id": 1}], on_error="continue").again().returning()
    assert_type(account, Account[list[Order]])
    assert_type(account.chunks, tuple[Chunk[list[Order]], ...])
    assert_type(account.chunks[0].data, list[Order] | None)
    assert_type(
        (await orders.insert_many(some).returning(model=Total)).failed, tuple[Chunk[list[Total]], ...]
    )


async def mistakes(db: SupabaseService, order: Order) -> None:
    orders = db.table("orders", Order)
    orders.insert(order).if_version(1)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    orders.delete().again()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    orders.insert_many(order)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    orders.insert(order, missing="none")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    orders.insert_many([order], on_error="shrug")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
