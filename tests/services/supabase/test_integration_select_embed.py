from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel
from typing_extensions import TypedDict

from viber.services.supabase import (
    RowMismatchError,
    SupabaseInvalidRequestError,
    SupabaseService,
    col,
    count,
    embed,
    or_,
)

pytestmark = pytest.mark.sandbox


async def test_one_related_row_is_an_object_or_nothing(db: SupabaseService) -> None:
    """To-one by the foreign key of the row, one-to-one from both sides."""
    orders = db.table("orders").select("id", embed("customers", "name"), embed("deliveries", "fee"))
    assert await orders.eq("id", 10).one() == {
        "id": 10,
        "customers": {"name": "Boris 11"},
        "deliveries": {"fee": 11.0},
    }
    assert (await orders.eq("id", 11).one())["deliveries"] is None
    deliveries = db.table("deliveries").select("fee", embed("orders", "id"))
    assert await deliveries.eq("order_id", 10).one() == {"fee": 11.0, "orders": {"id": 10}}


async def test_many_related_rows_are_a_list(db: SupabaseService) -> None:
    """To-many by the foreign key of the others, many-to-many through a table between."""
    customers = db.table("customers").select("id", embed("orders", "id").order("id"))
    assert await customers.eq("id", 1).one() == {
        "id": 1,
        "orders": [{"id": 50}, {"id": 100}, {"id": 150}, {"id": 200}],
    }
    orders = db.table("orders").select(embed("products", "sku").order("sku", desc=True))
    assert await orders.eq("id", 1).one() == {
        "products": [{"sku": "SKU-0030"}, {"sku": "SKU-0019"}, {"sku": "SKU-0001"}]
    }


async def test_no_columns_named_is_all_of_them(db: SupabaseService) -> None:
    """As in `select()`."""
    row = await db.table("orders").select(embed("order_items").order("quantity")).eq("id", 1).one()
    assert row["order_items"][0] == {"order_id": 1, "product_id": 19, "quantity": 1, "unit_price": 2.2}


async def test_embeds_nest_and_each_has_its_own_clauses(db: SupabaseService) -> None:
    """Filters, order and bounds of the inner rows go out under the whole path."""
    lines = embed("order_items", "quantity", embed("products", "sku"), as_="lines")
    orders = embed("orders", "id", lines.gt("quantity", 1).order("quantity", desc=True))
    row = await db.table("customers").select("id", orders.order("id").limit(1).offset(1)).eq("id", 2).one()
    assert row == {
        "id": 2,
        "orders": [
            {
                "id": 51,
                "lines": [
                    {"quantity": 3, "products": {"sku": "SKU-0031"}},
                    {"quantity": 2, "products": {"sku": "SKU-0020"}},
                ],
            }
        ],
    }


@pytest.mark.parametrize(
    ("hints", "cities"),
    [
        (("sender", "recipient"), ("Lyon 1", "Paris 20")),
        (("deliveries_recipient", "deliveries_sender"), ("Paris 20", "Lyon 1")),
    ],
)
async def test_a_hint_chooses_the_foreign_key(hints: Any, cities: Any, db: SupabaseService) -> None:
    """By its name, or by that of its column."""
    first, second = (embed("addresses", "city", as_=each, hint=each) for each in hints)
    row = await db.table("deliveries").select(first, second).eq("order_id", 1).one()
    assert tuple(each["city"] for each in row.values()) == cities


async def test_two_ways_to_a_table_have_to_be_chosen_between(db: SupabaseService) -> None:
    """The error says so, and lists them."""
    with pytest.raises(SupabaseInvalidRequestError) as caught:
        await db.table("deliveries").select(embed("addresses", "city"))
    details = caught.value.details or {}
    assert (caught.value.status, details["code"], len(details["details"])) == (300, "PGRST201", 2)
    assert "foreign key" in caught.value.suggestion


async def test_an_inner_join_leaves_out_rows_without_a_related_one(db: SupabaseService) -> None:
    """A left join, and none at all, keep them."""
    for delivery, ids in (
        (embed("deliveries", "fee", join="inner"), [10]),
        (embed("deliveries", "fee", join="left"), [10, 11]),
        (embed("deliveries", "fee"), [10, 11]),
    ):
        orders = db.table("orders").select("id", delivery).in_("id", [10, 11]).order("id")
        assert [row["id"] for row in await orders] == ids


async def test_a_filter_of_an_embed_is_for_its_rows_and_with_an_inner_join_for_all(
    db: SupabaseService,
) -> None:
    """Without the join the row stays, and its related ones are gone."""
    who = embed("customers", "name", as_="who").eq("name", "Ada 50")
    orders = db.table("orders")
    found = {"id": 49, "who": {"name": "Ada 50"}}
    rows = await orders.select("id", who).in_("id", [1, 49]).order("id")
    assert rows == [{"id": 1, "who": None}, found]
    inner = embed("customers", "name", as_="who", join="inner").eq("name", "Ada 50")
    assert await orders.select("id", inner).in_("id", [1, 49]) == [found]


async def test_every_kind_of_filter_holds_within_an_embed(db: SupabaseService) -> None:
    """Lists, patterns, paths and groups."""
    orders = embed("orders", "id").in_("id", [50, 100, 150]).like("meta->>channel", "w*")
    orders = orders.where(or_(col("id").lt(60), col("id").gt(120))).order("id", desc=True)
    row = await db.table("customers").select(orders).eq("id", 1).one()
    assert row == {"orders": [{"id": 150}, {"id": 50}]}


async def test_a_spread_embed_stands_beside_the_columns(db: SupabaseService) -> None:
    """Renamed or not, also from within another one; where there is no row, its columns are null."""
    sender = embed("addresses", "city", hint="sender", spread=True)
    delivery = embed("deliveries", col("fee").as_("price"), sender, spread=True)
    orders = db.table("orders").select("id", delivery).in_("id", [10, 11]).order("id")
    assert await orders == [
        {"id": 10, "price": 11.0, "city": "Lille 10"},
        {"id": 11, "price": None, "city": None},
    ]


async def test_a_spread_of_many_rows_is_refused_by_a_server_that_cannot(db: SupabaseService) -> None:
    """PostgREST 13 makes lists of them; 12 says that it cannot."""
    with pytest.raises(SupabaseInvalidRequestError, match="spread"):
        await db.table("customers").select("id", embed("orders", "total", spread=True))


async def test_rows_are_chosen_by_what_is_related_and_not_shown(db: SupabaseService) -> None:
    """An anti join asks for nothing, a semi join for something; under the name that the embed has."""
    orders = db.table("orders")
    without = orders.select("id", embed("deliveries", hidden=True)).is_null("deliveries").order("id")
    assert await without.limit(1) == [{"id": 11}]
    fees = embed("deliveries", as_="d", hidden=True).gt("fee", Decimal("9.9"))
    assert await orders.select("id", fees).is_not_null("d") == [{"id": 10}]
    joined = embed("deliveries", hidden=True, join="inner").gt("fee", Decimal("9.9"))
    assert await orders.select("id", joined) == [{"id": 10}]


async def test_a_related_row_may_hold_any_of_several_filters(db: SupabaseService) -> None:
    """A group of filters may ask for embeds, too."""
    orders = db.table("orders").select("id", embed("deliveries", hidden=True).eq("order_id", 3))
    assert await orders.or_(col("id").eq(5), col("deliveries").is_not_null()).order("id") == [
        {"id": 3},
        {"id": 5},
    ]


async def test_an_embed_has_groups_of_its_own(db: SupabaseService) -> None:
    """Aggregates of the related rows stand in each row."""
    orders = embed("orders", count(), col("id").sum().as_("ids"))
    row = await db.table("customers").select("id", orders).eq("id", 2).one()
    assert row == {"id": 2, "orders": [{"count": 4, "ids": 1 + 51 + 101 + 151}]}


async def test_a_table_of_an_odd_name_is_asked_for_by_that_name(db: SupabaseService) -> None:
    """Quoted, with all that it has; the server knows no way to it, and says so."""
    with pytest.raises(SupabaseInvalidRequestError, match="odd names"):
        await db.table("orders").select(embed("odd names", "a.b"))


async def test_an_alias_of_any_characters_names_the_embed_everywhere(db: SupabaseService) -> None:
    """In the answer, in filters and in the order."""
    who = embed("customers", "name", as_='w.h,o "x"', join="inner").like("name", "Ada*")
    orders = db.table("orders").select("id", who).order("name", of='w.h,o "x"', desc=True).order("id")
    assert await orders.first() == {"id": 49, 'w.h,o "x"': {"name": "Ada 50"}}


async def test_a_filter_of_what_is_not_embedded_is_told(db: SupabaseService) -> None:
    """By the server's own code, and its hint."""
    with pytest.raises(SupabaseInvalidRequestError) as caught:
        await db.table("orders").select("id").order("name", of="customers")
    assert (caught.value.details or {})["code"] == "PGRST108"


class Customer(BaseModel):
    name: str


class Product(TypedDict):
    sku: str


class Line(BaseModel):
    unit_price: Decimal
    products: Product


class OrderInFull(BaseModel):
    id: int
    total: Decimal
    customer: Customer
    lines: list[Line]


async def test_nested_models_are_filled_exactly(db: SupabaseService) -> None:
    """To the last digit and zero of every Decimal, however deep it stands."""
    columns = (
        "id",
        "total",
        embed("customers", "name", as_="customer"),
        embed("order_items", "unit_price", embed("products", "sku"), as_="lines").order("unit_price"),
    )
    order = await db.table("orders").select(*columns, model=OrderInFull).eq("id", 200).one()
    assert str(order.total) == "12345678901234567890.123456789"
    assert order.customer == Customer(name="Boris 1")
    assert [str(line.unit_price) for line in order.lines] == ["221.10", "222.20", "223.30"]
    assert order.lines[0].products == {"sku": "SKU-0012"}


async def test_a_nested_field_that_does_not_fit_is_told(db: SupabaseService) -> None:
    """The error names table, row and field."""
    with pytest.raises(RowMismatchError, match="row 0 of orders does not fit OrderInFull at 'customer'"):
        await db.table("orders").select("*", embed("customers", "email", as_="customer"), model=OrderInFull)
