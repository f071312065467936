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
    all_of,
    and_,
    any_of,
    col,
    embed,
    like_escape,
    not_,
    or_,
    raw,
    regex_escape,
)

pytestmark = pytest.mark.sandbox

Narrow = Callable[[Select[dict[str, Any]]], Select[dict[str, Any]]]


class Kind(BaseModel):
    kind: str


async def found(db: SupabaseService, narrow: Narrow) -> list[int]:
    rows = await narrow(db.table("samples").select("id").lte("id", 6).order("id"))
    return [row["id"] for row in rows]


@pytest.mark.parametrize(
    ("narrow", "ids"),
    [
        (lambda q: q.eq("amount", 20), [2]),
        (lambda q: q.neq("amount", 20), [1, 3, 4]),
        (lambda q: q.gt("amount", 20), [3, 4]),
        (lambda q: q.gte("amount", 20), [2, 3, 4]),
        (lambda q: q.lt("amount", 20), [1]),
        (lambda q: q.lte("amount", 20), [1, 2]),
        (lambda q: q.like("label", "A*"), [1]),
        (lambda q: q.like("label", "%p%t"), [2]),
        (lambda q: q.like("label", "B__t"), [3]),
        (lambda q: q.ilike("label", "a*"), [1, 2]),
        (lambda q: q.match("label", "^[A-C]"), [1, 3]),
        (lambda q: q.imatch("label", "^[A-C]"), [1, 2, 3]),
        (lambda q: q.in_("amount", [10, 30, 30, 99]), [1, 3]),
        (lambda q: q.in_("amount", []), []),
        (lambda q: q.is_("flag", True), [1, 4]),
        (lambda q: q.is_("flag", False), [2, 5]),
        (lambda q: q.is_("flag", None), [3, 6]),
        (lambda q: q.is_("flag", "unknown"), [3, 6]),
        (lambda q: q.is_null("amount"), [5, 6]),
        (lambda q: q.is_not_null("amount"), [1, 2, 3, 4]),
        (lambda q: q.isdistinct("amount", 20), [1, 3, 4, 5, 6]),
        (lambda q: q.isdistinct("amount", None), [1, 2, 3, 4]),
        (lambda q: q.isdistinct("label", "null"), [1, 2, 3, 4, 5, 6]),
        (lambda q: q.text_search("words", "fox & quick", config="english"), [1, 3]),
        (lambda q: q.text_search("words", "fox & !quick"), [2]),
        (lambda q: q.text_search("words", "dog fox", type="plain"), [1, 2]),
        (lambda q: q.text_search("words", "quick fox", config="english", type="phrase"), [1]),
        (lambda q: q.text_search("words", "quick foxes", config="simple", type="plain"), []),
        (lambda q: q.text_search("words", '"quick fox" or nothing -dog', type="web_search"), [1, 4]),
        (lambda q: q.text_search("words", "kind or slept", type="web_search"), [2, 4]),
        (lambda q: q.contains("tags", ["red"]), [1, 3]),
        (lambda q: q.contains("tags", ["sweet, ripe", "red"]), [1]),
        (lambda q: q.contains("tags", ['say "hi"', "back\\slash", ""]), [6]),
        (lambda q: q.contains("tags", "{red}"), [1, 3]),
        (lambda q: q.contains("grid", [[1, 2], [3, 4]]), [1]),
        (lambda q: q.contains("meta", {"kind": "fruit"}), [1, 2]),
        (lambda q: q.contains("meta", {"kind": None}), [4]),
        (lambda q: q.contains("meta", Kind(kind="root")), [3]),
        (lambda q: q.contains("meta", "[1]"), [5]),
        (lambda q: q.contains("meta->list", ["b"]), [2]),
        (lambda q: q.contains("span", Range(2, 3, "[]")), [1]),
        (lambda q: q.contained_by("tags", ["red", "orange", "sweet, ripe"]), [1, 2, 4]),
        (lambda q: q.contained_by("tags", []), [4]),
        (lambda q: q.contained_by("meta", {"kind": "root", "n": 3, "odd.key": "dot", "x": 1}), [3]),
        (lambda q: q.contained_by("span", Range(0, 9)), [1, 2, 4]),
        (lambda q: q.overlaps("tags", ["orange", 'say "hi"']), [2, 6]),
        (lambda q: q.overlaps("span", Range(4, 6)), [1, 2]),
        (lambda q: q.overlaps("span", Range(4, 5, "(]")), [2]),
        (lambda q: q.overlaps("span", Range(None, 1, "[]")), [1, 5]),
        (lambda q: q.range_lt("span", Range(5, 9)), [1, 5]),
        (lambda q: q.range_gt("span", Range(1, 5)), [2, 3]),
        (lambda q: q.range_gte("span", Range(5, 9)), [2, 3]),
        (lambda q: q.range_lte("span", Range(5, 9)), [1, 2, 5]),
        (lambda q: q.range_adjacent("span", Range(5, 9)), [1, 3]),
        (lambda q: q.range_adjacent("span", "[5,9)"), [1, 3]),
        (lambda q: q.eq("span", Range.empty()), [4]),
        (lambda q: q.eq("span", Range(1, 5)), [1]),
    ],
)
async def test_every_operator_finds_what_it_says(narrow: Narrow, ids: list[int], db: SupabaseService) -> None:
    """As PostgreSQL understands it, with rows beside that another operator would find."""
    assert await found(db, narrow) == ids


@pytest.mark.parametrize(
    ("narrow", "ids"),
    [
        (lambda q: q.eq("amount", any_of([10, 30])), [1, 3]),
        (lambda q: q.eq("label", any_of(["Apple", '5*5 = "25"', "x,y"])), [1, 5]),
        (lambda q: q.eq("amount", all_of([10, 10])), [1]),
        (lambda q: q.gt("amount", any_of([20, 30])), [3, 4]),
        (lambda q: q.gt("amount", all_of([20, 30])), [4]),
        (lambda q: q.gte("amount", all_of([20, 30])), [3, 4]),
        (lambda q: q.lt("amount", any_of([20, 30])), [1, 2]),
        (lambda q: q.lte("amount", all_of([20, 30])), [1, 2]),
        (lambda q: q.like("label", any_of(["A*", "B*"])), [1, 3]),
        (lambda q: q.like("label", all_of(["A*", "*e"])), [1]),
        (lambda q: q.ilike("label", all_of(["a*", "*t"])), [2]),
        (lambda q: q.match("label", any_of(["^A", "t$"])), [1, 2, 3, 4]),
        (lambda q: q.match("label", all_of(["^[AB]", "e"])), [1, 3]),
        (lambda q: q.imatch("label", all_of(["^A", "T$"])), [2]),
    ],
)
async def test_several_values_hold_for_any_or_all(
    narrow: Narrow, ids: list[int], db: SupabaseService
) -> None:
    """Behind each operator that PostgREST has them for."""
    assert await found(db, narrow) == ids


@pytest.mark.parametrize(
    ("negated", "ids"),
    [
        (col("amount").eq(20), [1, 3, 4]),
        (col("amount").gt(20), [1, 2]),
        (col("amount").in_([10, 20]), [3, 4]),
        (col("amount").in_([]), [1, 2, 3, 4, 5, 6]),
        (col("label").in_([""]), [1, 2, 3, 4, 5]),
        (col("label").like("A*"), [2, 3, 4, 5]),
        (col("label").imatch("^a"), [3, 4, 5]),
        (col("label").like(any_of(["A*", "B*"])), [2, 4, 5]),
        (col("flag").is_(True), [2, 3, 5, 6]),
        (col("flag").is_null(), [1, 2, 4, 5]),
        (col("flag").is_not_null(), [3, 6]),
        (col("amount").isdistinct(20), [2]),
        (col("amount").isdistinct(None), [5, 6]),
        (col("tags").contains(["red"]), [2, 4, 6]),
        (col("tags").contained_by(["orange"]), [1, 3, 6]),
        (col("span").overlaps(Range(4, 6)), [3, 4, 5]),
        (col("span").range_adjacent(Range(5, 9)), [2, 4, 5]),
        (col("words").text_search("fox"), [4, 5, 6]),
        (or_(col("amount").lt(20), col("amount").gt(30)), [2, 3]),
        (and_(col("amount").gt(10), col("amount").lt(40)), [1, 4]),
        (not_(col("amount").eq(20)), [2]),
        (raw("amount.gt.10,amount.lt.40"), [1, 4]),
    ],
)
async def test_every_filter_can_be_negated(negated: Any, ids: list[int], db: SupabaseService) -> None:
    """What was true is false, what was false is true, what was null stays null, and is in neither."""
    assert await found(db, lambda query: query.not_(negated)) == ids


@pytest.mark.parametrize(
    ("narrow", "ids"),
    [
        (lambda q: q.or_(col("amount").lt(20), and_(col("amount").gt(20), col("flag").is_(True))), [1, 4]),
        (lambda q: q.or_(col("amount").eq(10), not_(or_(col("id").lt(5), col("id").eq(6)))), [1, 5]),
        (lambda q: q.and_(col("amount").gt(10), or_(col("flag").is_null(), col("flag").is_(False))), [2, 3]),
        (lambda q: q.or_(col("label").eq('5*5 = "25"'), col("tags").contains(["sweet, ripe"])), [1, 5]),
        (lambda q: q.or_(col("label").like(any_of(["A*", "a,*"])), col("label").in_(["Beet", "x)"])), [1, 3]),
        (lambda q: q.or_(col("span").contains(Range(5, 6)), col("meta").contains({"kind": "root"})), [2, 3]),
        (lambda q: q.or_(col("words").text_search("quick fox", type="phrase"), col("id").eq(6)), [1, 6]),
        (lambda q: q.or_(col("id").in_([]), col("id").eq(6)), [6]),
        (lambda q: q.or_(not_(col("id").in_([])), col("id").eq(6)), [1, 2, 3, 4, 5, 6]),
        (lambda q: q.or_(col("label").eq(""), col("story").eq("")), [6]),
        (lambda q: q.or_(raw("id.eq.1,id.eq.2"), col("id").eq(3)).neq("id", 2), [1, 3]),
        (lambda q: q.where(col("id").gt(1), col("id").lt(4)), [2, 3]),
        (lambda q: q.matching({"flag": True, "amount": [10, 20]}), [1]),
        (lambda q: q.filter("amount", "gte", 30), [3, 4]),
        (lambda q: q.filter("amount", "in", [10, 40]), [1, 4]),
        (lambda q: q.filter("words", "wfts", "fox -dog"), [3]),
    ],
)
async def test_groups_nest_and_take_every_filter(narrow: Narrow, ids: list[int], db: SupabaseService) -> None:
    """Values are quoted for the inside of a group, whatever they are."""
    assert await found(db, narrow) == ids


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
