from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from viber.services.supabase import (
    Range,
    Select,
    SupabaseService,
    all_of,
    and_,
    any_of,
    col,
    not_,
    or_,
    raw,
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
