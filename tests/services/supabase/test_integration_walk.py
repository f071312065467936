from __future__ import annotations

import logging
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from pydantic import BaseModel

from viber.errors import BaseError, InvalidRequestError
from viber.services.supabase import Page, SupabaseService, col, embed

pytestmark = pytest.mark.sandbox


class Reading(BaseModel):
    id: int
    value: Decimal | None


class Item(BaseModel):
    order_id: int
    product_id: int
    quantity: int


async def ids(query: Any, **options: Any) -> list[int]:
    return [row["id"] async for row in query.rows(**options)]


@pytest.mark.parametrize("page_size", [500, 5000])
async def test_a_walk_sees_all_ten_thousand_rows(page_size: int, db: SupabaseService) -> None:
    """Below the server's cap of a thousand rows, and above it."""
    assert await ids(db.table("readings", key="id").select("id"), page_size=page_size) == list(
        range(1, 10_001)
    )


async def test_a_typed_walk_down_under_filters(db: SupabaseService) -> None:
    """By a descending key, exact values included."""
    readings = db.table("readings", Reading, key="id").select().is_("ok", value=False).order("id", desc=True)
    rows = [row async for row in readings.rows(page_size=300)]
    assert [row.id for row in rows] == [n for n in range(10_000, 0, -1) if n % 13 == 0]
    assert rows[0].value == Decimal(9997 - 9997 % 13) % 1000 * Decimal("0.125")


async def test_a_plain_select_that_is_cut_is_doubted(
    db: SupabaseService, caplog: pytest.LogCaptureFixture
) -> None:
    """The server's cap cuts silently: the library does not."""
    with caplog.at_level(logging.WARNING, logger="viber"):
        assert len(await db.table("readings").select("id").limit(5000)) == 1000
    assert "readings" in caplog.text


async def test_a_walk_by_a_text_key(db: SupabaseService) -> None:
    """Any unique column will do."""
    rows = db.table("users", key="email").select("email").rows(page_size=7)
    emails = [row["email"] async for row in rows]
    assert len(set(emails)) == len(emails) >= 30


async def test_a_walk_by_several_columns(db: SupabaseService) -> None:
    """A page may end between rows that are equal in the first of them."""
    items = db.table("order_items", Item, key=("order_id", "product_id")).select()
    walked = [(row.order_id, row.product_id) async for row in items.lte("order_id", 40).rows(page_size=7)]
    assert len(walked) == 120
    assert walked == sorted(walked)
    assert len(set(walked)) == 120


@pytest.mark.parametrize("desc", [False, True])
@pytest.mark.parametrize("nulls", [None, "first", "last"])
async def test_a_walk_in_an_order_with_equal_and_missing_values(
    desc: bool,  # noqa: FBT001 - a case
    nulls: Any,
    db: SupabaseService,
) -> None:
    """The key decides between equal rows; nulls stand where the order puts them, and none is lost."""
    readings = db.table("readings", key="id").select("id", "value").lte("id", 1500)
    ordered = readings.order("value", desc=desc, nulls=nulls)
    walked = await ids(ordered, page_size=90)
    first = desc if nulls is None else nulls == "first"
    values = {n: None if n % 97 == 0 else n % 1000 for n in range(1, 1501)}
    missing = sorted((n for n, value in values.items() if value is None), reverse=desc)
    present = sorted((value, n) for n, value in values.items() if value is not None)
    there = [n for _, n in (reversed(present) if desc else present)]
    assert walked == (missing + there if first else there + missing)


async def test_a_walk_in_mixed_directions(db: SupabaseService) -> None:
    """Up by one column, down by the next, and by the key at last."""
    query = db.table("readings", key="id").select("id", "sensor", "ok").lte("id", 400)
    walked = await ids(query.order("ok").order("sensor", desc=True), page_size=33)
    rows = [(n % 13 != 0, f"sensor-{n % 20}", n) for n in range(1, 401)]
    by_key = sorted(rows, key=lambda row: row[2], reverse=True)  # the tie breaker follows the last direction
    expected = sorted(sorted(by_key, key=lambda row: row[1], reverse=True), key=lambda row: row[0])
    assert walked == [n for _, _, n in expected]


async def test_a_walk_under_groups_of_filters(db: SupabaseService) -> None:
    """Its own group stands beside them."""
    items = db.table("order_items", key=("order_id", "product_id")).select(
        "order_id", "product_id", "quantity"
    )
    query = items.or_(col("quantity").eq(1), col("quantity").eq(3)).lte("order_id", 50)
    walked = [(row["order_id"], row["quantity"]) async for row in query.rows(page_size=7)]
    assert sorted(walked) == [(order, quantity) for order in range(1, 51) for quantity in (1, 3)]


async def test_a_walk_in_the_order_of_a_path_into_json(db: SupabaseService) -> None:
    """What is selected as text can be walked by."""
    query = db.table("customers", key="id").select("id", col("profile").text("age").as_("age"))
    rows = [row async for row in query.order("profile->>age").rows(page_size=7)]
    keys = [(row["age"], row["id"]) for row in rows]
    assert len(keys) == 50
    assert keys == sorted(keys)


async def test_a_walk_with_embedded_rows_and_filters_on_them(db: SupabaseService) -> None:
    """An inner join chooses the rows of every page."""
    query = db.table("orders", key="id").select(
        "id", embed("customers", "country", join="inner").eq("country", "DE")
    )
    rows = [row async for row in query.rows(page_size=9)]
    assert [row["id"] for row in rows] == [n for n in range(1, 201) if (1 + n % 50) % 4 == 1]
    assert {row["customers"]["country"] for row in rows} == {"DE"}


async def test_a_walk_is_resumed_from_the_cursor_of_any_page(db: SupabaseService) -> None:
    """By another process, with another page size: the rows are those that were left."""
    query = db.table("readings", key="id").select("id", "value").lte("id", 500).order("value", nulls="first")
    whole = await ids(query, page_size=500)
    async for page in query.pages(size=70, count="exact"):
        assert whole[page.seen - len(page) : page.seen] == [row["id"] for row in page]
        assert page.total == 500
        assert await ids(query, page_size=111, after=page.cursor) == whole[page.seen :]


async def test_a_resumed_walk_counts_what_it_has_left(db: SupabaseService) -> None:
    """Seen and total go on from where the cursor stands; a limit holds for the whole walk."""
    query = db.table("readings", key="id").select("id").limit(300)
    [first, *_] = [page async for page in query.pages(size=100)]
    rest = [page async for page in query.pages(size=80, after=first.cursor, count="exact")]
    assert [(page.seen, page.total, page.is_last) for page in rest] == [
        (180, 300, False),
        (260, 300, False),
        (300, 300, True),
    ]


async def test_an_offset_beyond_the_end_is_the_end(db: SupabaseService) -> None:
    """With a count the server refuses what it answers without: there is nothing to walk."""
    query = db.table("orders", key="id").select("id").offset(500)
    assert [page async for page in query.pages(count="exact")] == []


async def test_progress_is_told_page_by_page(db: SupabaseService) -> None:
    """Before the rows of each page are given; an offset and filters are counted in."""
    told: list[Page[Any]] = []
    query = db.table("readings", key="id").select("id").gt("id", 9000).offset(100)
    assert len(await ids(query, page_size=400, on_page=told.append, count="exact")) == 900
    assert [(page.seen, page.total) for page in told] == [(400, 900), (800, 900), (900, 900)]


async def test_a_cursor_of_another_query_is_refused(db: SupabaseService) -> None:
    """It would skip rows, or give some twice."""
    readings = db.table("readings", key="id").select("id")
    page = await anext(aiter(readings.pages(size=1)))
    for other in (
        readings.gt("id", 5),
        readings.order("id", desc=True),
        db.table("orders", key="id").select("id"),
        db.schema("audit").table("readings", key="id").select("id"),
    ):
        with pytest.raises(InvalidRequestError, match="another query"):
            other.pages(after=page.cursor)


async def test_the_rows_of_a_function_are_walked(db: SupabaseService) -> None:
    """By GET it is called once for each page."""
    call = db.rpc("customer_orders", {"customer_id": 3}, key="id", method="GET")
    assert await ids(call.select("id").order("id", desc=True), page_size=3) == [152, 102, 52, 2]


async def test_a_walk_by_awkward_names(db: SupabaseService) -> None:
    """Columns with dots and quotes can be walked by."""
    query = db.table("odd names", key="id").select("*").order("a.b").order('quo"te', desc=True)
    assert await ids(query, page_size=1) == [1, 3, 2]


async def test_rows_that_come_and_go_neither_shift_nor_repeat_the_others(db: SupabaseService) -> None:
    """Whatever is deleted and inserted between the pages: what stays is seen once."""
    ledger, mark = db.admin.table("ledger", key=("n", "id")), f"walk {uuid4()}"
    await ledger.insert([{"n": n, "note": mark} for n in range(0, 300, 2)])
    seen: list[int] = []
    ends: list[int] = []
    try:
        async for page in ledger.select("n", "id").eq("note", mark).order("n").pages(size=20):
            seen += [row["n"] for row in page]
            here = seen[-1]
            ends.append(here)
            await ledger.delete().eq("note", mark).in_("n", [seen[0], here, here + 2])
            await ledger.insert([{"n": n, "note": mark} for n in (here - 11, here + 11)])
    finally:
        await ledger.delete().eq("note", mark)
    assert seen == sorted(set(seen))
    deleted_before_it_came = set(range(0, 300, 2)) - set(seen)
    assert deleted_before_it_came == {n for n in deleted_before_it_came if n - 2 in ends}


@pytest.mark.parametrize("fault", ["truncate", "cut-after", "status=503", "html=502"])
async def test_a_walk_gets_over_failures(fault: str, db: SupabaseService) -> None:
    """A third of the answers is spoilt: every row is seen once, whatever has to be asked again."""
    key = f"walk {uuid4()}"
    faults = {"x-viber-fault": f"{fault}; rate=0.3; key={key}", "x-viber-fault-key": key}
    readings = db.with_options(headers=faults).table("readings", key="id").select("id")
    rows = aiter(readings.lte("id", 3000).rows(page_size=100))
    seen: list[int] = []
    failures = 0
    while len(seen) < 3000:
        try:
            seen.append((await anext(rows))["id"])
        except BaseError:
            failures += 1
            assert failures < 100
    assert seen == list(range(1, 3001))
