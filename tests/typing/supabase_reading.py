"""What type checkers see of reading from Supabase; checked, never run."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypedDict, assert_type
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from viber.services.supabase import (
    Column,
    Counted,
    Embed,
    Query,
    Result,
    RowCount,
    Select,
    SupabaseService,
    col,
    count,
    embed,
    or_,
    raw,
)

Dict = dict[str, Any]


class Customer(BaseModel):
    name: str


class Order(BaseModel):
    id: int
    total: Decimal


class OrderWithCustomer(Order):
    customer: Customer


class Group(TypedDict):
    status: str
    sum: Decimal


@dataclass
class Point:
    x: int


async def what_is_selected_says_what_a_row_is(db: SupabaseService) -> None:
    orders = db.table("orders", Order, key="id")
    assert_type(orders.select(), Select[Order])
    assert_type(orders.select("*"), Select[Dict])
    assert_type(orders.select("id", "profile->>theme", col("total").cast("text")), Select[Dict])
    assert_type(orders.select(embed("customers", "name")), Select[Dict])
    assert_type(orders.select(raw("id,customers(name)"), model=Order), Select[Order])
    assert_type(orders.select("status", col("total").sum(), count(), model=Group), Select[Group])
    full = orders.select("*", embed("customers", "name", as_="customer"), model=OrderWithCustomer)
    assert_type(full, Select[OrderWithCustomer])
    assert_type(await full.eq("id", 1).one(), OrderWithCustomer)
    assert_type((await full)[0].customer, Customer)
    assert_type(await orders.select("x", model=Point).maybe_one(), Point | None)


async def steps_keep_the_type(db: SupabaseService) -> None:
    select = db.table("orders", Order).select()
    assert_type(
        select.order("name", of="customers", desc=True, nulls="last").order(col("meta").text("a")),
        Select[Order],
    )
    assert_type(select.range(0, 24).limit(3).offset(1), Select[Order])
    assert_type(select.time_zone(ZoneInfo("UTC")), Select[Order])
    assert_type(select.without_nulls().time_zone("UTC").where(or_(col("id").eq(1))), Select[Order])


async def answers_have_the_type_of_their_form(db: SupabaseService) -> None:
    select = db.table("orders", Order).select()
    assert_type(select.count(), Query[int])
    assert_type(await select.count("planned"), int)
    assert_type(await select.exists(), bool)
    assert_type(await select.csv(), str)
    assert_type(await select.geojson(), Dict)
    assert_type(await select.media("image/png"), bytes)
    assert_type(await select.explain(), str)
    assert_type(await select.explain(analyze=True, format="text"), str)
    assert_type(await select.explain(buffers=True, format="json"), Dict)
    assert_type(select.with_count("exact"), Query[Counted[list[Order]]])
    page = await select.with_count()
    assert_type(page.data, list[Order])
    assert_type(page.count, int)
    result = await select.with_response()
    assert_type(result, Result[list[Order]])
    assert_type(result.count, int | None)
    assert_type((await select.one().with_response()).data, Order)
    assert_type((await select.first().with_response()).data, Order | None)
    assert_type((await select.count().with_response()).data, int)


def parts_of_a_select() -> tuple[Column, RowCount, Embed, Embed]:
    inner = embed("products", "name", join="left")
    outer = embed("order_items", "*", inner, as_="lines", hint="fk", join="inner").gt("quantity", 1)
    return col("total").sum().as_("n"), count().as_("n").cast("text"), inner, outer.order("id").limit(3)


def mistakes(db: SupabaseService) -> None:
    select = db.table("orders", Order).select()
    select.count("all")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    select.explain(format="yaml")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    select.one().eq("id", 1)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    select.order(count())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    embed("t", join="outer")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    db.table("orders").select(1)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
