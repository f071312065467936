from __future__ import annotations

from typing import Any

import pytest

from viber.errors import InvalidRequestError
from viber.services.supabase import and_, any_of, col, not_, or_, raw
from viber.services.supabase.filters._filters import Comparison, Filter, Identity, Membership

NOTHING, EVERYTHING, SOME = col("id").in_([]), not_(col("id").in_([])), col("id").eq(1)


@pytest.mark.parametrize(
    ("made", "pair", "inside"),
    [
        (Comparison("age", "gte", "18"), "age=gte.18", "age.gte.18"),
        (Comparison("a", "eq", "x,y", negated=True), "a=not.eq.x,y", 'a.not.eq."x,y"'),
        (Comparison("a", "eq", ""), "a=eq.", 'a.eq.""'),
        (Comparison("a", "fts(english)", "x y"), "a=fts(english).x%20y", 'a.fts(english)."x y"'),
        (Membership("id", ("1", "x)")), "id=in.(1,%22x)%22)", 'id.in.(1,"x)")'),
        (Membership("id", ("1",), negated=True), "id=not.in.(1)", "id.not.in.(1)"),
        (Membership("id", ()), "id=in.()", "id.in.()"),
        (Identity("a", "null"), "a=is.null", "a.is.null"),
        (Identity("a", "true", negated=True), "a=not.is.true", "a.not.is.true"),
    ],
)
def test_a_filter_writes_itself_for_its_place(made: Filter, pair: str, inside: str) -> None:
    """As a pair of the query string, of an embed too, and inside a group, where more has to be quoted."""
    assert made.pair() == pair
    assert made.pair("orders.") == f"orders.{pair}"
    assert made.inside() == inside


@pytest.mark.parametrize(
    "made",
    [
        SOME,
        col("a").like(any_of(["x"])),
        col("a").in_([1, 2]),
        col("a").in_([]),
        col("a").is_null(),
        col("a").isdistinct(1),
        or_(col("a").eq(1), col("b").eq(2)),
        and_(col("a").eq(1)),
    ],
)
def test_two_negations_cancel_out(made: Filter) -> None:
    """The opposite of the opposite is the filter itself."""
    assert not_(made) != made
    assert not_(not_(made)) == made


@pytest.mark.parametrize(
    ("made", "verdict"),
    [
        (SOME, None),
        (NOTHING, False),
        (EVERYTHING, True),
        (or_(NOTHING, NOTHING), False),
        (or_(NOTHING, SOME), None),
        (or_(EVERYTHING, SOME), True),
        (or_(NOTHING, EVERYTHING), True),
        (and_(EVERYTHING, EVERYTHING), True),
        (and_(EVERYTHING, SOME), None),
        (and_(NOTHING, SOME), False),
        (and_(NOTHING, EVERYTHING), False),
        (not_(or_(NOTHING, NOTHING)), True),
        (not_(or_(NOTHING, SOME)), None),
        (not_(and_(NOTHING, SOME)), True),
        (or_(not_(and_(NOTHING, SOME)), SOME), True),
        (and_(not_(or_(EVERYTHING, SOME)), SOME), False),
        (or_(raw("a.eq.1"), NOTHING), None),
        (not_(raw("a.eq.1")), None),
    ],
)
def test_a_filter_knows_what_it_says_of_every_table(made: Filter, verdict: bool | None) -> None:  # noqa: FBT001
    """The empty list settles what stands in a group with it, by the rules of and, or and not."""
    assert made.matches_nothing is (verdict is False)
    assert made.matches_everything is (verdict is True)


@pytest.mark.parametrize("combine", [lambda a, b: a and b, lambda a, b: a or b, lambda a, _: not a])
def test_pythons_own_words_do_not_combine_filters(combine: Any) -> None:
    """They would drop one of them: the error names the functions that do."""
    with pytest.raises(InvalidRequestError, match=r"use and_\(\), or_\(\) and not_\(\)"):
        combine(SOME, NOTHING)


def test_filters_are_values() -> None:
    """Equal filters are equal, and can be keys."""
    assert (
        len({col("a").eq(1), col("a").eq("1"), col("a").in_([1]), or_(col("a").eq(1)), or_(col("a").eq("1"))})
        == 3
    )
