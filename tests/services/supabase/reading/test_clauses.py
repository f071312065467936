from __future__ import annotations

import pytest

from viber.errors import InvalidRequestError
from viber.services.supabase import col, count, embed, raw
from viber.services.supabase.filters._operators import Operator, compare, member
from viber.services.supabase.reading._clauses import ALL, Clauses, Order, count_of
from viber.services.supabase.reading._selection import Selectable


def test_nothing_said_is_no_query() -> None:
    """All columns of all rows need no query string."""
    assert ALL.query() == ""


def test_clauses_compile_in_one_order() -> None:
    """Columns, filters, order, limit, offset: whatever the order they were said in."""
    clauses = Clauses(
        columns=("id", "a.b"),
        filters=(compare("x", Operator.GT, 1), compare("x", Operator.LT, 9)),
        order=(Order("x", desc=True, nulls="last"), Order("odd, name")),
        limit=5,
        offset=10,
    )
    assert clauses.query() == (
        "select=id,%22a.b%22&x=gt.1&x=lt.9&order=x.desc.nullslast,%22odd,%20name%22&limit=5&offset=10"
    )


def test_what_is_embedded_has_clauses_behind_those_of_the_rows() -> None:
    """Each under the name of its table."""
    orders = embed("orders", "id").gt("total", 5).order("id").limit(3)
    clauses = Clauses(columns=("id", orders), limit=5)
    assert clauses.query() == (
        "select=id,orders(id)&limit=5&orders.total=gt.5&orders.order=id&orders.limit=3"
    )


@pytest.mark.parametrize(
    ("limit", "bound", "result"), [(None, 2, 2), (1, 2, 1), (2, 2, 2), (10, 2, 2), (0, 2, 0)]
)
def test_a_bound_never_widens_a_limit(limit: int | None, bound: int, result: int) -> None:
    """The smaller of the two holds."""
    assert Clauses(limit=limit).at_most(bound).limit == result


@pytest.mark.parametrize("clauses", [Clauses(limit=0), ALL.where(member("id", []))])
def test_some_clauses_find_nothing_whatever_the_table_holds(clauses: Clauses) -> None:
    """A limit of none and an empty list are known to find nothing."""
    assert clauses.matches_nothing


@pytest.mark.parametrize("column", [count(), col("total").sum(), raw("total.sum(),status")])
def test_of_no_rows_an_aggregate_makes_one(column: Selectable) -> None:
    """Only the server can say what: nothing is answered without asking."""
    assert not Clauses((column,), (member("id", []),)).matches_nothing
    assert Clauses((column,), limit=0).matches_nothing


@pytest.mark.parametrize("number", [-1, 1.0, True, "5", None])
def test_a_number_of_rows_is_a_whole_number_from_zero(number: object) -> None:
    """Anything else is refused, and the error says where."""
    with pytest.raises(InvalidRequestError, match=r"limit\(\)"):
        count_of("limit()", number)
