from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from viber.errors import InvalidRequestError
from viber.services.supabase import SupabaseInvalidRequestError, SupabaseService, col, count, embed, raw

pytestmark = pytest.mark.sandbox

BIG = "12345678901234567890.123456789"


@pytest.mark.parametrize(
    ("columns", "row"),
    [
        (("id", "status"), {"id": 2, "status": "shipped"}),
        ((col("status").as_("state"), "id"), {"state": "shipped", "id": 2}),
        ((col("status").as_("a.b, (c)"),), {"a.b, (c)": "shipped"}),
        ((col("id").cast("text"),), {"id": "2"}),
        ((col("total").cast("text").as_("t"),), {"t": "24.680"}),
        (("meta->channel", "meta->>channel"), None),
        (("meta->channel",), {"channel": "web"}),
        (("meta->>channel",), {"channel": "web"}),
        ((col("meta").json("channel").cast("text").as_("c"),), {"c": '"web"'}),
        ((col("meta").text("channel").as_("c"),), {"c": "web"}),
        (("meta->nothing->deeper",), {"deeper": None}),
        ((raw("n:id,status"),), {"n": 2, "status": "shipped"}),
    ],
)
async def test_columns_are_selected_renamed_cast_and_reached_into(
    columns: Any, row: Any, db: SupabaseService
) -> None:
    """Each form gives what it says; two that would have one name in the answer are refused."""
    if row is None:
        with pytest.raises(InvalidRequestError, match="as_"):
            db.table("orders").select(*columns)
    else:
        assert await db.table("orders").select(*columns).eq("id", 2).one() == row


async def test_a_path_goes_into_lists_by_index(db: SupabaseService) -> None:
    """Of an array column as of JSON; the answer is named by the last key that is no index."""
    customers = db.table("customers").select("tags->0", col("tags").text(1).as_("second"), "profile->age")
    assert await customers.eq("id", 3).one() == {"tags": "vip", "second": "news, letter", "age": 23}


async def test_a_computed_column_is_selected_and_ordered_by(db: SupabaseService) -> None:
    """A function of the row is a column, if it is named."""
    rows = await db.table("customers").select("full_label").order("full_label", desc=True).limit(1)
    assert rows == [{"full_label": "Élise 44 <customer44@example.com>"}]


async def test_a_cast_is_of_what_stands_before_it(db: SupabaseService) -> None:
    """Before an aggregate of its values, behind it of the result: the largest of texts is another."""
    customers = db.table("customers")
    assert await customers.select(col("id").cast("text").max()).one() == {"max": "9"}
    assert await customers.select(col("id").max().cast("text")).one() == {"max": "50"}
    ages = col("profile").text("age").cast("int")
    assert await customers.select(ages.sum(), ages.min().as_("least").cast("text")).one() == {
        "sum": 2225,
        "least": "20",
    }


async def test_aggregates_are_made_of_the_groups_of_the_other_columns(db: SupabaseService) -> None:
    """Each with its own name, renamed and cast like a column; of a sum no digit is lost as text."""
    columns = (
        "status",
        count(),
        col("total").sum().cast("text"),
        col("id").avg().as_("mean"),
        col("id").min().as_("least"),
        col("id").max().as_("most"),
        col("id").count().as_("n"),
    )
    rows = await db.table("orders").select(*columns).order("status").limit(2)
    assert rows == [
        {"status": "open", "count": 50, "sum": "12345678901234628356.123456789", "mean": 102.0}
        | {"least": 4, "most": 200, "n": 50},
        {"status": "paid", "count": 50, "sum": "61083.000", "mean": 99.0, "least": 1, "most": 197, "n": 50},
    ]


async def test_an_aggregate_alone_is_one_row(db: SupabaseService) -> None:
    """A filter says of which rows; a column counts what is not null."""
    readings = db.table("readings").select(count().as_("rows"), col("value").count().as_("values"))
    assert await readings.lte("id", 100).one() == {"rows": 100, "values": 99}


async def test_groups_may_be_made_by_a_path_or_a_related_column(db: SupabaseService) -> None:
    """What stands in JSON, or in the row of another table."""
    themes = await db.table("customers").select("profile->>theme", count()).eq("country", "FR")
    assert themes == [{"theme": "dark", "count": 12}]
    orders = db.table("orders").select(embed("customers", "country", spread=True), count())
    assert {row["country"]: row["count"] for row in await orders} == {"PT": 52, "DE": 52, "US": 48, "FR": 48}


@pytest.mark.parametrize(
    ("step", "ids"),
    [
        (lambda q: q.order("left_at", nulls="first").order("order_id", desc=True), [9, 7, 5, 3, 1, 2]),
        (lambda q: q.order("left_at").order("order_id"), [2, 4, 6, 8, 10, 1]),
        (lambda q: q.order("left_at", desc=True, nulls="last"), [10, 8, 6, 4, 2]),
        (lambda q: q.order("left_at", desc=True).order("order_id"), [1, 3, 5, 7, 9, 10]),
        (lambda q: q.order("order_id").limit(2).offset(3), [4, 5]),
        (lambda q: q.order("order_id").range(3, 5), [4, 5, 6]),
        (lambda q: q.order("order_id").offset(8), [9, 10]),
        (lambda q: q.order("order_id").offset(100), []),
    ],
)
async def test_order_and_bounds_hold(step: Any, ids: list[int], db: SupabaseService) -> None:
    """Nulls come last when the order goes up and first when it goes down, unless it is said otherwise."""
    rows = await step(db.table("deliveries").select("order_id"))
    assert [row["order_id"] for row in rows][: len(ids)] == ids


async def test_an_order_may_go_by_what_stands_in_json(db: SupabaseService) -> None:
    """By a path, as JSON or as text."""
    customers = db.table("customers").select("id").lte("id", 3)
    rows = await customers.order("profile->>theme", desc=True).order("profile->age", desc=True)
    assert [row["id"] for row in rows] == [3, 1, 2]


async def test_a_related_order_goes_by_a_column_of_the_one_related_row(db: SupabaseService) -> None:
    """Under the names that both have in the answer; of a hidden one, by any column."""
    for customer, column, of in (
        (embed("customers", hidden=True), "name", "customers"),
        (embed("customers", as_="who", hidden=True), "name", "who"),
        (embed("customers"), "name", "customers"),
        (embed("customers", col("name").as_("n"), as_="who", join="inner"), "n", "who"),
        (embed("customers", "name", spread=True), "name", "customers"),
        (embed("customers", col("name").as_("n"), spread=True), "n", "customers"),
    ):
        orders = db.table("orders").select("id", customer)
        rows = await orders.order(column, of=of, desc=True).order("id", desc=True).limit(2)
        assert [row["id"] for row in rows] == [193, 143]


async def test_what_is_not_shown_is_ordered_by_through_an_embed_of_its_own(db: SupabaseService) -> None:
    """A hidden one, beside the one that is shown."""
    orders = db.table("orders").select(
        "id", embed("customers", "id"), embed("customers", as_="by", hidden=True)
    )
    row = await orders.order("name", of="by", desc=True).order("id", desc=True).first()
    assert row == {"id": 193, "customers": {"id": 44}}


async def test_a_related_order_by_many_rows_is_refused_by_the_server(db: SupabaseService) -> None:
    """There is no one row to order by."""
    with pytest.raises(SupabaseInvalidRequestError, match="order on 'products'"):
        await db.table("orders").select(embed("products", "id")).order("id", of="products")


class Spending(BaseModel):
    status: str
    sum: Decimal


async def test_aggregates_fit_a_model_exactly(db: SupabaseService) -> None:
    """Every digit of a sum, where the model asks for a Decimal."""
    spent = db.table("orders").select("status", col("total").sum(), model=Spending)
    by_status = {each.status: str(each.sum) for each in await spent}
    assert by_status["open"] == "12345678901234628356.123456789"
    assert by_status["paid"] == "61083.000"


async def test_all_columns_and_one_of_them_exactly(db: SupabaseService) -> None:
    """The later one of the same name wins: so a dict has exact digits, too."""
    row = await db.table("orders").select("*", col("total").cast("text")).eq("id", 200).one()
    assert row["total"] == BIG
    assert row["id"] == 200


async def test_the_direct_form_understands_postgrests_own_text(db: SupabaseService) -> None:
    """With parentheses or colons it is not a list of names."""
    rows = await db.select("orders", "n:id, who:customers(name)", where={"id": 49})
    assert rows == [{"n": 49, "who": {"name": "Ada 50"}}]
    assert await db.select("orders", "id, meta->>channel", where={"id": 2}) == [{"id": 2, "channel": "web"}]
