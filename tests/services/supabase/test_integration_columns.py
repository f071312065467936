from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from viber.errors import InvalidRequestError, SupabaseError
from viber.services.supabase import (
    Range,
    Select,
    SupabaseService,
    col,
    embed,
    like_escape,
    or_,
    regex_escape,
)

pytestmark = pytest.mark.sandbox

Narrow = Callable[[Select[dict[str, Any]]], Select[dict[str, Any]]]


async def found(db: SupabaseService, narrow: Narrow) -> list[int]:
    rows = await narrow(db.table("samples").select("id").lte("id", 6).order("id"))
    return [row["id"] for row in rows]


@pytest.mark.parametrize(
    ("narrow", "ids"),
    [
        (lambda q: q.eq("meta->>kind", "root"), [3]),
        (lambda q: q.eq("meta->kind", "root"), [3]),
        (lambda q: q.in_("meta->kind", ["root", "fruit"]), [1, 2, 3]),
        (lambda q: q.gt("meta->n", 1), [2, 3]),
        (lambda q: q.eq("meta->n", Decimal("2.00")), [2]),
        (lambda q: q.eq("meta->list", ["a", "b"]), [2]),
        (lambda q: q.eq("meta->list->>1", "b"), [2]),
        (lambda q: q.eq("meta->-1", 2), [5]),
        (lambda q: q.eq(col("meta").text("1"), "one"), [1]),
        (lambda q: q.eq(col("meta").text(1), "2"), [5]),
        (lambda q: q.eq(col("meta").text("odd.key"), "dot"), [3]),
        (lambda q: q.eq(col("meta").text("a,b", "c d"), "deep"), [4]),
        (lambda q: q.is_null("meta->>kind"), [4, 5, 6]),
        (lambda q: q.gt("place->lat", 2), [2, 3]),
        (lambda q: q.eq("place->>lon", 2), [1]),
        (lambda q: q.eq("grid->0->1", 2), [1, 2]),
        (lambda q: q.eq("tags->>0", "orange"), [2]),
        (lambda q: q.eq("tags->>-1", ""), [6]),
        (lambda q: q.eq("loud", "BEET"), [3]),
        (lambda q: q.like("loud", "AP*"), [1, 2]),
        (lambda q: q.or_(col("meta").text("1").eq("one"), col("meta").text("odd.key").eq("dot")), [1, 3]),
        (lambda q: q.or_(col("meta").json("kind").eq("root"), col("grid").json(0).eq([1, 2])), [1, 2, 3]),
    ],
)
async def test_a_filter_reaches_into_a_column(narrow: Narrow, ids: list[int], db: SupabaseService) -> None:
    """Keys and indices of JSON, fields of a composite, elements of an array, and computed columns."""
    assert await found(db, narrow) == ids


@pytest.mark.parametrize(
    ("narrow", "ids"),
    [
        (lambda q: q.like("label", f"{like_escape('100%')}*"), [4]),
        (lambda q: q.like("label", f"*{like_escape('t_r')}*"), [4]),
        (lambda q: q.like("label", "*t_r*"), [4]),
        (lambda q: q.like("label", f"*{like_escape('e_t')}*"), []),
        (lambda q: q.match("label", regex_escape("5*5")), [5]),
        (lambda q: q.match("label", f'^{regex_escape("5*5 = ")}"'), [5]),
        (lambda q: q.imatch("label", f"^{regex_escape('100% BEET_')}"), [4]),
        (lambda q: q.match("label", regex_escape(".")), []),
    ],
)
async def test_a_text_can_be_searched_as_it_stands(
    narrow: Narrow, ids: list[int], db: SupabaseService
) -> None:
    """With no wildcard in it; a star by a regular expression."""
    assert await found(db, narrow) == ids


async def test_a_star_in_a_pattern_is_always_a_wildcard(db: SupabaseService) -> None:
    """Also behind a backslash, which then escapes a percent: so nothing pretends to escape a star."""
    assert await found(db, lambda query: query.like("label", r"5\*5*")) == []
    with pytest.raises(InvalidRequestError):
        like_escape("5*5")


async def test_the_rows_of_an_embed_are_filtered(db: SupabaseService) -> None:
    """By comparison, list and group; the rows around it stay."""
    lines = embed("order_items", "quantity").or_(col("quantity").eq(1), col("quantity").gt(2))
    order = await db.table("orders").select("id", lines).eq("id", 1).one()
    assert sorted(line["quantity"] for line in order["order_items"]) == [1, 3]
    lines = embed("order_items", "quantity", as_="the lines").not_(
        or_(col("quantity").eq(1), col("quantity").gt(2))
    )
    assert (await db.table("orders").select(lines).eq("id", 1).one())["the lines"] == [{"quantity": 2}]
    lines = embed("order_items", "quantity", as_="or").in_("quantity", [2, 3]).lt("quantity", 3)
    assert (await db.table("orders").select(lines).eq("id", 1).one())["or"] == [{"quantity": 2}]


async def test_rows_are_chosen_by_whether_they_have_related_ones(db: SupabaseService) -> None:
    """The anti join and the semi join: null and not null on the embed's name, also inside a group."""
    customers = (
        db.table("customers").select("id", embed("orders", hidden=True).gt("total", 2450)).lte("id", 50)
    )
    having = await customers.is_not_null("orders").order("id")
    without = await customers.is_null("orders")
    assert [row["id"] for row in having] == [1, 50]
    assert sorted(row["id"] for row in without) == list(range(2, 50))
    either = await customers.or_(col("orders").is_null(), col("id").eq(50))
    assert len(either) == 49


async def test_a_filter_of_the_wrong_kind_is_the_servers_to_refuse(db: SupabaseService) -> None:
    """A number that is none, an operator that a type lacks: its error says why."""
    for narrow in (
        lambda query: query.eq("amount", "many"),
        lambda query: query.contains("amount", [1]),
        lambda query: query.match("label", "("),
    ):
        with pytest.raises(SupabaseError):
            await narrow(db.table("samples").select())


async def test_a_list_longer_than_a_url_finds_every_row_once(db: SupabaseService) -> None:
    """Five thousand numbers, some of them twice and some in other words, beside another filter."""
    readings = db.table("readings").select("id").eq("ok", value=True)
    numbers: list[object] = [*range(1, 5001), *range(1, 100), "0001", " 77 "]
    rows = await readings.in_("id", numbers)
    assert sorted(row["id"] for row in rows) == [number for number in range(1, 5001) if number % 13]
    with pytest.raises(InvalidRequestError, match="order"):
        await readings.in_("id", numbers).order("id")


async def test_a_column_of_any_name_is_filtered_in_every_place(db: SupabaseService) -> None:
    """As a key of the query, in a group, under a negation; a name with an arrow is no path."""
    odd = db.table("odd names").select("id").order("id").lte("id", 3)
    found = or_(col("a.b").eq("dot"), col('quo"te').eq("\\"), col("select").in_(["", "x"]))
    assert await odd.where(found) == [{"id": 1}, {"id": 2}, {"id": 3}]
    assert await odd.or_(col("a.b").is_null(), col("order, (by)").like("c*")) == [{"id": 1}, {"id": 2}]
    assert await odd.not_(col("order, (by)").eq("(")) == [{"id": 1}, {"id": 2}]
    with pytest.raises(SupabaseError, match="a->b"):
        await odd.eq(col("a->b"), 1)


class Span(BaseModel):
    span: Range[int] | None


async def test_ranges_go_in_and_come_out(db: SupabaseService) -> None:
    """In a row to write, in a filter, and in a model, where PostgreSQL has made `[1,5)` of `[1,4]`."""
    samples = db.admin.table("samples", Span, key="id")
    story = "ranges go in and come out"
    spans = [Range(1, 4, "[]"), Range(None, 7), Range[int].empty(), None]
    written = await samples.insert([{"story": story, "span": span} for span in spans]).returning(model=Span)
    assert [row.span for row in written] == [Range(1, 5), Range(None, 7, "()"), Range[int].empty(), None]
    rows = samples.select("span", model=Span).eq("story", story)
    assert [row.span for row in await rows.contains("span", Range(1, 4, "[]")).order("id")] == [
        Range(1, 5),
        Range(None, 7, "()"),
    ]
    lowest = (await rows.eq("span", Range(1, 5)).one()).span
    assert lowest is not None
    assert lowest.lower == 1
    await samples.delete().eq("story", story)
