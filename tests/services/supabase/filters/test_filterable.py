from __future__ import annotations

import inspect
from typing import Any
from urllib.parse import urlsplit

import pytest

from viber.errors import InvalidRequestError
from viber.services.supabase import Column, Range, any_of, col, not_, or_, raw
from viber.services.supabase.filters._comparable import Comparable
from viber.services.supabase.filters._filterable import Filterable

CALLS: dict[str, tuple[Any, ...]] = {
    "eq": ("x",),
    "neq": ("x",),
    "gt": (1,),
    "gte": (1,),
    "lt": (1,),
    "lte": (1,),
    "like": ("x*",),
    "ilike": (any_of(["x*"]),),
    "match": ("^x",),
    "imatch": ("^x",),
    "in_": ([1, 2],),
    "is_": (True,),
    "is_null": (),
    "is_not_null": (),
    "isdistinct": (1,),
    "contains": (["x"],),
    "contained_by": (["x"],),
    "overlaps": (["x"],),
    "range_lt": (Range(1, 2),),
    "range_gt": (Range(1, 2),),
    "range_gte": (Range(1, 2),),
    "range_lte": (Range(1, 2),),
    "range_adjacent": (Range(1, 2),),
    "text_search": ("x",),
    "filter": ("gte", 1),
}


def filters_of(kind: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}


def test_queries_and_columns_have_the_same_filters() -> None:
    """Whoever knows one knows both; a query has the groups beside."""
    assert filters_of(Comparable) - {"located"} == set(CALLS)
    assert filters_of(Filterable) == {*CALLS, "where", "or_", "and_", "not_", "matching"}


@pytest.mark.parametrize("name", sorted(CALLS))
async def test_the_method_of_a_query_is_that_of_a_column(name: str, project: Any) -> None:
    """Each sends the filter that the column makes."""
    arguments = CALLS[name]
    column = Column("a")
    await getattr(project.db.table("t").select(), name)(column, *arguments)
    assert urlsplit(project.sent.url).query == getattr(column, name)(*arguments).pair()


async def test_groups_are_methods_of_queries(project: Any) -> None:
    """where, or_, and_ and not_ take filters and raw text, in any number and order."""
    a, b = col("a").eq(1), col("b").eq(2)
    query = (
        project.db.table("t").select().where(a, b).where().or_(a, raw("c.gt.3")).and_(a, or_(a, b)).not_(a)
    )
    await query.where(not_(or_(a, b)), raw("d.is.null"))
    assert project.query() == [
        ("a", "eq.1"),
        ("b", "eq.2"),
        ("or", "(a.eq.1,c.gt.3)"),
        ("and", "(a.eq.1,or(a.eq.1,b.eq.2))"),
        ("a", "not.eq.1"),
        ("not.or", "(a.eq.1,b.eq.2)"),
        ("and", "(d.is.null)"),
    ]


@pytest.mark.parametrize(
    "step",
    [
        lambda query: query.where("a.eq.1"),
        lambda query: query.where(col("a").eq(1), None),
        lambda query: query.or_(),
        lambda query: query.and_(),
        lambda query: query.not_("a.eq.1"),
        lambda query: query.or_([col("a").eq(1)]),
    ],
)
def test_what_is_no_filter_is_refused_by_the_step(step: Any, project: Any) -> None:
    """Not later, when the query is sent."""
    with pytest.raises(InvalidRequestError):
        step(project.db.table("t").select())


@pytest.mark.filterwarnings("error")
def test_a_refused_step_of_a_write_does_not_warn_of_a_write_never_run(project: Any) -> None:
    """The error has told already; the write was never meant to run without that filter."""
    with pytest.raises(InvalidRequestError):
        project.db.table("t").delete().or_()


async def test_an_empty_list_in_a_query_asks_nothing(project: Any) -> None:
    """Alone or in a group that it settles: the answer is known."""
    rows = project.db.table("t").select()
    assert await rows.in_("id", []) == []
    assert await rows.or_(col("a").in_([]), col("b").in_([])) == []
    assert await rows.and_(col("a").in_([]), col("b").eq(1)) == []
    assert project.requests == []


async def test_a_write_whose_filters_leave_no_row_out_has_none(project: Any) -> None:
    """To be outside of the empty list is every row: that is refused like no filter at all."""
    outside = not_(col("id").in_([]))
    for write in (project.db.table("t").delete(), project.db.table("t").update({"a": 1})):
        with pytest.raises(InvalidRequestError, match="all_rows=True"):
            await write.where(outside).or_(outside, col("a").eq(1))
    assert project.requests == []
