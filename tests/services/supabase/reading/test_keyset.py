from __future__ import annotations

from functools import cmp_to_key
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viber.services.supabase.filters._filters import Comparison, Filter, Identity
from viber.services.supabase.filters._logic import Group
from viber.services.supabase.reading._clauses import Order
from viber.services.supabase.reading._keyset import Rank, behind, values_of

Row = dict[str, int | None]


def holds(condition: Filter, row: Row) -> bool:
    """What PostgreSQL says of a condition; a comparison with null is not true."""
    if isinstance(condition, Group):
        assert not condition.negated
        return (all if condition.kind == "and" else any)(holds(each, row) for each in condition.filters)
    if isinstance(condition, Identity):
        return (row[condition.place] is None) is not condition.negated
    assert isinstance(condition, Comparison)
    value, bound = row[condition.place], int(condition.text)
    if value is None:
        return False
    return {
        "eq": value == bound,
        "gt": value > bound,
        "gte": value >= bound,
        "lt": value < bound,
        "lte": value <= bound,
    }[condition.operator]


def sorted_as_postgresql_does(rows: list[Row], ranks: tuple[Rank, ...]) -> list[Row]:
    def compare(left: Row, right: Row) -> int:
        for rank in ranks:
            a, b = left[rank.field], right[rank.field]
            if a == b:
                continue
            if a is None or b is None:
                first = rank.order.desc if rank.order.nulls is None else rank.order.nulls == "first"
                return -1 if (a is None) is first else 1
            return (-1 if a < b else 1) * (-1 if rank.order.desc else 1)
        return 0

    return sorted(rows, key=cmp_to_key(compare))


ranks_of_columns = st.tuples(
    *(
        st.builds(
            Rank,
            st.builds(Order, st.just(column), st.booleans(), st.sampled_from([None, "first", "last"])),
            st.just(column),
            st.just(column != "id"),
        )
        for column in ("a", "b", "id")
    )
)
values = st.lists(st.tuples(st.none() | st.integers(0, 2), st.none() | st.integers(0, 2)), max_size=12)


@given(ranks_of_columns, values, st.integers(0, 2))
def test_what_is_behind_a_row_is_what_comes_after_it(
    ranks: tuple[Rank, ...], pairs: list[tuple[int | None, int | None]], first: int
) -> None:
    """In every order, with equal and missing values: each row finds exactly those after it."""
    rows: list[Row] = [{"a": a, "b": b, "id": number} for number, (a, b) in enumerate(pairs)]
    ranks = ranks[first:]
    ordered = sorted_as_postgresql_does(rows, ranks)
    for place, row in enumerate(ordered):
        conditions = behind(ranks, values_of(ranks, row, stripped=False))
        found = [other for other in ordered if all(holds(each, other) for each in conditions)]
        assert found == ordered[place + 1 :]


def rank(column: str, *, desc: bool = False, may_be_null: bool = False, nulls: Any = None) -> Rank:
    return Rank(Order(column, desc, nulls), column, may_be_null)


def query(*ranks: Rank, values: tuple[str | None, ...]) -> str:
    return "&".join(each.pair() for each in behind(ranks, values))


def test_a_key_of_one_column_is_one_comparison() -> None:
    """What an index answers at once."""
    assert query(rank("id"), values=("7",)) == "id=gt.7"
    assert query(rank("id", desc=True), values=("7",)) == "id=lt.7"


def test_a_key_of_several_columns_is_a_group_and_a_bound() -> None:
    """The bound says nothing new, and lets an index be read from there on."""
    assert (
        query(rank("a"), rank("b"), values=("1", "x,y")) == "a=gte.1&or=(a.gt.1,and(a.eq.1,b.gt.%22x,y%22))"
    )


@pytest.mark.parametrize(
    ("first", "value", "text"),
    [
        (rank("a", may_be_null=True), "1", "or=(a.gt.1,a.is.null,and(a.eq.1,id.gt.5))"),
        (rank("a", may_be_null=True), None, "a=is.null&or=(and(a.is.null,id.gt.5))"),
        (rank("a", may_be_null=True, desc=True), "1", "a=lte.1&or=(a.lt.1,and(a.eq.1,id.gt.5))"),
        (rank("a", may_be_null=True, desc=True), None, "or=(a.not.is.null,and(a.is.null,id.gt.5))"),
        (rank("a", may_be_null=True, nulls="first"), "1", "a=gte.1&or=(a.gt.1,and(a.eq.1,id.gt.5))"),
    ],
)
def test_nulls_stand_where_the_order_puts_them(first: Rank, value: str | None, text: str) -> None:
    """Last in a rising order and first in a falling one, unless it says otherwise."""
    assert query(first, rank("id"), values=(value, "5")) == text
