from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from viber.errors import InvalidRequestError
from viber.services.supabase._filters import Filter
from viber.services.supabase._operators import Operator, compare, identity, member


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
        (member("id", [1, 2, 3]), "id=in.(1,2,3)"),
        (member("id", (x for x in "aab")), "id=in.(a,b)"),
        (member("name", ["a,b", "", 'q"']), "name=in.(%22a,b%22,%22%22,%22q%5C%22%22)"),
        (member("ok", [True, None.__class__ is int]), "ok=in.(true,false)"),
        (identity("gone", None), "gone=is.null"),
        (identity("gone", None, negated=True), "gone=not.is.null"),
        (identity("ok", value=True), "ok=is.true"),
        (identity("ok", value=False), "ok=is.false"),
        (identity("ok", "unknown"), "ok=is.unknown"),
    ],
)
def test_a_filter_renders_itself_as_a_pair(made: Filter, pair: str) -> None:
    """Each filter is one pair of the query string, quoted by position and percent-encoded."""
    assert made.pair() == pair
    assert not made.matches_nothing


def test_a_list_of_the_empty_text_is_a_comparison() -> None:
    """PostgREST reads a list of one empty text as the empty list; a comparison means what was said."""
    assert member("name", ["", ""]).pair() == "name=eq."


def test_the_empty_list_matches_nothing() -> None:
    """No value is in the empty list."""
    assert member("id", []).matches_nothing


def test_none_in_a_list_is_refused() -> None:
    """In SQL a null in a list matches no row: the error points to is_null()."""
    with pytest.raises(InvalidRequestError, match=r"is_null\(\)"):
        member("id", [1, None])


@pytest.mark.parametrize("values", ["abc", b"abc", {"a": 1}, 5, None])
def test_in_takes_a_list(values: Any) -> None:
    """A text is not the list of its characters."""
    with pytest.raises(InvalidRequestError, match="list of values"):
        member("id", values)


@pytest.mark.parametrize("value", ["null", 1, 0, "true", [], 1.0])
def test_is_takes_only_its_four_states(value: object) -> None:
    """`is` compares with null and the truth values, and with nothing else."""
    with pytest.raises(InvalidRequestError, match=r"is_\(\)"):
        identity("x", value)


def test_filters_are_values() -> None:
    """Equal filters are equal, and can be keys."""
    assert len({compare("a", Operator.EQ, 1), compare("a", Operator.EQ, "1"), member("a", [1])}) == 2


@pytest.mark.parametrize(
    "make",
    [
        lambda: compare("", Operator.EQ, 1),
        lambda: member("a\0", [1]),
        lambda: identity("", None),
    ],
)
def test_a_filter_needs_a_real_column(make: Any) -> None:
    """A name that cannot be one is refused when the filter is made, not when it is sent."""
    with pytest.raises(InvalidRequestError):
        make()
