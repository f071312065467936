from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from viber.errors import Delivery, InvalidRequestError
from viber.services.supabase import Range, all_of, any_of, col
from viber.services.supabase.filters._columns import place
from viber.services.supabase.filters._filters import Comparison, Filter
from viber.services.supabase.filters._operators import (
    Operator,
    compare,
    distinct,
    identity,
    member,
    named,
    ranged,
    relate,
    search,
)


class Theme(BaseModel):
    colour: str


JSON = col("p").json("k")
TEXT = col("p").text("k")


@pytest.mark.parametrize(
    ("made", "pair"),
    [
        (compare("age", Operator.GTE, 18), "age=gte.18"),
        (compare("name", Operator.EQ, 'a "b", (c)'), "name=eq.a%20%22b%22,%20(c)"),
        (compare("at", Operator.LT, datetime(2026, 1, 1, tzinfo=UTC)), "at=lt.2026-01-01T00:00:00%2B00:00"),
        (compare("name", Operator.NEQ, ""), "name=neq."),
        (compare("x", Operator.EQ, "&a=b#%"), "x=eq.%26a%3Db%23%25"),
        (compare("select", Operator.EQ, 1), "%22select%22=eq.1"),
        (compare("a.b", Operator.EQ, 1), "%22a.b%22=eq.1"),
        (compare("p->>k", Operator.EQ, "x"), "p-%3E%3Ek=eq.x"),
        (compare("name", Operator.ILIKE, "*a_%"), "name=ilike.*a_%25"),
        (compare("name", Operator.LIKE, any_of(["O*", "P*"])), "name=like(any).%7B%22O*%22,%22P*%22%7D"),
        (compare("n", Operator.GT, all_of([1, 2])), "n=gt(all).%7B%221%22,%222%22%7D"),
        (member("id", [1, 2, 3]), "id=in.(1,2,3)"),
        (member("id", (x for x in "aab")), "id=in.(a,b)"),
        (member("name", ["a,b", "", 'q"']), "name=in.(%22a,b%22,%22%22,%22q%5C%22%22)"),
        (member("ok", [True, False]), "ok=in.(true,false)"),
        (identity("gone", None), "gone=is.null"),
        (identity("gone", None, negated=True), "gone=not.is.null"),
        (identity("ok", value=True), "ok=is.true"),
        (identity("ok", value=False), "ok=is.false"),
        (identity("ok", "unknown"), "ok=is.unknown"),
        (distinct("n", 5), "n=isdistinct.5"),
        (distinct("n", None), "n=not.is.null"),
        (relate("tags", Operator.CONTAINS, ["a,b", None]), "tags=cs.%7B%22a,b%22,NULL%7D"),
        (relate("tags", Operator.CONTAINED_BY, []), "tags=cd.%7B%7D"),
        (relate("p", Operator.CONTAINS, {"k": [1]}), "p=cs.%7B%22k%22:%5B1%5D%7D"),
        (relate("p", Operator.CONTAINS, Theme(colour="red")), "p=cs.%7B%22colour%22:%22red%22%7D"),
        (relate("span", Operator.OVERLAPS, Range(1, 3)), "span=ov.%5B1,3)"),
        (relate("span", Operator.OVERLAPS, "[1,3)"), "span=ov.%5B1,3)"),
        (relate(JSON, Operator.CONTAINS, ["a"]), "p-%3Ek=cs.%5B%22a%22%5D"),
        (ranged("span", Operator.ADJACENT, Range(None, 3, "(]")), "span=adj.(,3%5D"),
        (ranged("span", Operator.RANGE_LT, "empty"), "span=sl.empty"),
        (search("words", "a & b"), "words=fts.a%20%26%20b"),
        (search("words", "a b", config="english", type="plain"), "words=plfts(english).a%20b"),
        (search("words", "a b", type="phrase"), "words=phfts.a%20b"),
        (search("words", "a or b", config="simple", type="web_search"), "words=wfts(simple).a%20or%20b"),
    ],
)
def test_an_operator_makes_a_filter(made: Filter, pair: str) -> None:
    """Each operator with its operand is one pair of the query string, quoted by position."""
    assert made.pair() == pair
    assert not made.matches_nothing
    assert not made.matches_everything


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        (JSON, "red", '"red"'),
        (JSON, 5, "5"),
        (JSON, True, "true"),
        (JSON, Decimal("1.50"), "1.50"),
        (JSON, {"a": 1}, '{"a":1}'),
        (JSON, ["a", 1], '["a",1]'),
        (JSON, datetime(2026, 1, 1, tzinfo=UTC), '"2026-01-01T00:00:00Z"'),
        ("p->k", "red", '"red"'),
        ("p->>k", "red", "red"),
        (TEXT, "red", "red"),
        (TEXT, 5, "5"),
        ("p", "red", "red"),
    ],
)
def test_a_value_beside_json_is_json(column: Any, value: object, text: str) -> None:
    """A path that ends with `->` gives JSON, and is compared with JSON; one with `->>` gives text."""
    assert compare(column, Operator.EQ, value) == Comparison(place(column), "eq", text)


@pytest.mark.parametrize(
    ("operator", "value", "pair"),
    [
        ("eq", 1, "a=eq.1"),
        ("neq", 1, "a=neq.1"),
        ("gt", 1, "a=gt.1"),
        ("gte", 1, "a=gte.1"),
        ("lt", 1, "a=lt.1"),
        ("lte", 1, "a=lte.1"),
        ("like", "x*", "a=like.x*"),
        ("ilike", any_of(["x"]), "a=ilike(any).%7B%22x%22%7D"),
        ("match", "x", "a=match.x"),
        ("imatch", "x", "a=imatch.x"),
        ("in", [1], "a=in.(1)"),
        ("is", None, "a=is.null"),
        ("isdistinct", None, "a=not.is.null"),
        ("cs", ["x"], "a=cs.%7B%22x%22%7D"),
        ("cd", ["x"], "a=cd.%7B%22x%22%7D"),
        ("ov", ["x"], "a=ov.%7B%22x%22%7D"),
        ("sl", Range(1), "a=sl.%5B1,)"),
        ("sr", Range(1), "a=sr.%5B1,)"),
        ("nxr", Range(1), "a=nxr.%5B1,)"),
        ("nxl", Range(1), "a=nxl.%5B1,)"),
        ("adj", Range(1), "a=adj.%5B1,)"),
        ("fts", "x", "a=fts.x"),
        ("plfts", "x", "a=plfts.x"),
        ("phfts", "x", "a=phfts.x"),
        ("wfts", "x", "a=wfts.x"),
    ],
)
def test_an_operator_has_a_name(operator: str, value: object, pair: str) -> None:
    """PostgREST's name finds the operator, which reads its operand as its method does."""
    assert named("a", operator, value).pair() == pair


@pytest.mark.parametrize("operator", ["", "EQ", "contains", "not.eq", "eq(any)", "=", None, 5])
def test_an_unknown_operator_is_refused_with_the_known_ones(operator: Any) -> None:
    """The error lists what there is."""
    with pytest.raises(InvalidRequestError, match=r"eq, neq, gt, gte, .*wfts") as caught:
        named("a", operator, 1)
    assert caught.value.delivery is Delivery.NOT_SENT


def test_a_list_of_the_empty_text_is_a_comparison() -> None:
    """PostgREST reads a list of one empty text as the empty list; a comparison means what was said."""
    assert member("name", ["", ""]).pair() == "name=eq."
    assert member("name", [""]).opposite().pair() == "name=not.eq."


def test_the_empty_list_matches_nothing() -> None:
    """No value is in the empty list, and every one is outside."""
    assert member("id", []).matches_nothing
    assert member("id", []).opposite().matches_everything


@pytest.mark.parametrize(
    "make",
    [
        lambda: member("id", [1, None]),
        lambda: compare("id", Operator.EQ, None),
        lambda: compare(JSON, Operator.EQ, None),
        lambda: compare("id", Operator.EQ, any_of([1, None])),
        lambda: named("id", "gte", None),
    ],
)
def test_none_is_refused_where_it_would_match_nothing(make: Any) -> None:
    """In SQL nothing compares with null: the error points to is_null()."""
    with pytest.raises(InvalidRequestError, match=r"is_null\(\)"):
        make()


@pytest.mark.parametrize("values", ["abc", b"abc", {"a": 1}, 5, None, any_of([1])])
def test_in_takes_a_list(values: Any) -> None:
    """A text is not the list of its characters."""
    with pytest.raises(InvalidRequestError, match="list of values"):
        member("id", values)


@pytest.mark.parametrize("value", ["null", 1, 0, "true", [], 1.0])
def test_is_takes_only_its_four_states(value: object) -> None:
    """`is` compares with null and the truth values, and with nothing else."""
    with pytest.raises(InvalidRequestError, match=r"is_\(\)"):
        identity("x", value)


@pytest.mark.parametrize("operator", [Operator.NEQ, Operator.ISDISTINCT])
def test_some_operators_take_one_value_only(operator: Operator) -> None:
    """PostgREST has any and all for some operators, and the error names them."""
    with pytest.raises(InvalidRequestError, match="eq, gt, gte, ilike"):
        compare("x", operator, any_of([1]))


@pytest.mark.parametrize("operator", [Operator.CONTAINS, Operator.OVERLAPS])
@pytest.mark.parametrize("value", [[], {}, (), "{}"])
def test_to_contain_nothing_is_refused(operator: Operator, value: object) -> None:
    """Every row with a value would match, or none: what was meant is not there."""
    with pytest.raises(InvalidRequestError, match="leave the filter out"):
        relate("x", operator, value)


@pytest.mark.parametrize("value", [5, None, 1.5, datetime(2026, 1, 1, tzinfo=UTC), b"x"])
def test_a_single_value_contains_nothing(value: object) -> None:
    """Behind contains, contained_by and overlaps stands a list, JSON or a range."""
    with pytest.raises(InvalidRequestError, match="no list, no range and no JSON"):
        relate("x", Operator.CONTAINS, value)


@pytest.mark.parametrize("value", [5, None, [1, 2], (1, 2), {"lower": 1}])
def test_only_a_range_stands_beside_ranges(value: object) -> None:
    """Two numbers do not say which of them belongs to the range."""
    with pytest.raises(InvalidRequestError, match=r"Range\(lower, upper\)"):
        ranged("x", Operator.RANGE_LT, value)


@pytest.mark.parametrize("config", ["a.b", "a b", "é", "x)", "-"])
def test_a_configuration_has_a_plain_name(config: str) -> None:
    """It cannot be quoted where PostgREST reads it."""
    with pytest.raises(InvalidRequestError, match="configuration"):
        search("x", "y", config=config)


@pytest.mark.parametrize(("query", "type"), [(5, None), (None, "plain"), (["a"], None), ("a", "fts")])
def test_text_is_searched_by_text_in_known_ways(query: Any, type: Any) -> None:  # noqa: A002 - as in the method
    """Another type of query, or way to search, is refused."""
    with pytest.raises(InvalidRequestError, match="search"):
        search("x", query, type=type)


@pytest.mark.parametrize("value", ["a\0b", "\ud800", float("nan"), float("inf"), Decimal("NaN"), object()])
@pytest.mark.parametrize(
    "make",
    [
        lambda value: compare("x", Operator.EQ, value),
        lambda value: compare("p->k", Operator.EQ, value),
        lambda value: compare("x", Operator.EQ, any_of([value])),
        lambda value: member("x", [value]),
        lambda value: relate("x", Operator.CONTAINS, [value]),
        lambda value: ranged("x", Operator.RANGE_LT, Range(value)),
        lambda value: search("x", value),
        lambda value: distinct("x", value),
    ],
)
def test_a_value_that_cannot_be_sent_is_refused_in_every_position(make: Any, value: object) -> None:
    """NUL, half of a surrogate pair, what is not finite, what has no text: before anything is sent."""
    with pytest.raises(InvalidRequestError) as caught:
        make(value)
    assert caught.value.delivery is Delivery.NOT_SENT


@pytest.mark.parametrize("value", ["a\0b", "\\\0", "\ud800", float("nan"), object()])
def test_json_that_cannot_be_sent_is_refused(value: object) -> None:
    """However deep it stands."""
    with pytest.raises(InvalidRequestError):
        relate("x", Operator.CONTAINS, {"k": [value]})


@pytest.mark.parametrize("value", [{"n": Decimal("1.5")}, {"n": [1, {"m": Decimal(1)}]}, [Decimal(1)]])
def test_a_decimal_inside_of_json_is_refused(value: object) -> None:
    """As text it would never equal the number that it was meant for, and nobody would know."""
    with pytest.raises(InvalidRequestError, match="number or text"):
        relate("p->k", Operator.CONTAINS, value)
    assert relate("numbers", Operator.CONTAINS, [Decimal("1.50")]).inside() == r'numbers.cs."{\"1.50\"}"'


def test_json_may_speak_of_nul() -> None:
    """The text that only looks like its escape is a text."""
    assert relate("x", Operator.CONTAINS, {"k": "\\u0000"}).inside() == r'x.cs."{\"k\":\"\\\\u0000\"}"'


@pytest.mark.parametrize(
    "column", ["", "a\0", "p->", "->k", "a->>b->>c", "\ud800", None, 5, col("a").sum(), col("a").cast("text")]
)
@pytest.mark.parametrize(
    "make",
    [
        lambda column: compare(column, Operator.EQ, 1),
        lambda column: member(column, [1]),
        lambda column: identity(column, None),
        lambda column: relate(column, Operator.CONTAINS, [1]),
        lambda column: ranged(column, Operator.ADJACENT, Range(1)),
        lambda column: search(column, "x"),
    ],
)
def test_a_filter_needs_a_real_column(make: Any, column: Any) -> None:
    """A name that cannot be one is refused when the filter is made, not when it is sent."""
    with pytest.raises(InvalidRequestError):
        make(column)
