from __future__ import annotations

from typing import Any

import pytest

from viber.errors import InvalidRequestError, SupabaseError
from viber.services.supabase import col, embed, raw
from viber.testing import Reply


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"id": 1}, "at is missing"),
        ({"id": 1, "at": {"a": 1}}, "holds JSON or a list"),
        ({"id": 1, "at": [1]}, "holds JSON or a list"),
        (5, "not rows"),
    ],
)
async def test_a_row_that_does_not_tell_where_it_stands_is_an_error(row: Any, words: str, build: Any) -> None:
    """Going on anywhere would lose rows."""
    query = build(Reply(json=[row])).db.table("t", key="id").select().order("at")
    with pytest.raises(SupabaseError, match=words):
        [row async for row in query.rows()]


async def test_without_nulls_what_is_missing_is_null(build: Any) -> None:
    """A row without the column of the order stands among the nulls."""
    project = build(Reply(json=[{"id": 1}]), Reply(json=[]))
    query = project.db.table("t", key="id").select().order("at").without_nulls()
    assert [row async for row in query.rows()] == [{"id": 1}]
    assert "or=(and(at.is.null,id.gt.1))" in project.requests[1].url


async def test_nothing_is_asked_before_the_first_step(project: Any) -> None:
    """Making a walk and its iterator sends nothing."""
    aiter(project.db.table("readings", key="id").select().rows())
    assert project.requests == []


@pytest.mark.parametrize(
    ("make", "advice"),
    [
        (lambda db: db.table("t").select().rows(), 'key="id"'),
        (lambda db: db.table("t", key="id").select("name").rows(), "select it too"),
        (lambda db: db.table("t", key="id").select("id").order("name").rows(), "select it too"),
        (lambda db: db.table("t", key="id").select().order("name", of="owners").rows(), "another table"),
        (lambda db: db.table("t", key="id").select().order("j->a").rows(), "->>"),
        (lambda db: db.table("t", key="id").select(col("id").cast("integer")).rows(), "select it too"),
        (lambda db: db.table("t", key="id").select("*", col("n").as_("id")).rows(), "another's name"),
        (lambda db: db.table("t", key="id").select("*", embed("owners", as_="id")).rows(), "another's name"),
        (
            lambda db: db.table("t", key="id").select(embed("owners", "id", spread=True)).rows(),
            "select it too",
        ),
        (lambda db: db.table("t", key="id").select("n", col("id").sum()).rows(), "select it too"),
        (lambda db: db.rpc("f", method="GET").select().rows(), "a key"),
        (lambda db: db.table("t", key="id").select().pages(size=0), "size"),
        (lambda db: db.table("t", key="id").select().rows(count="roughly"), "exact"),
        (lambda db: db.table("t", key="id").select().rows(page_size=0), "above 0"),
        (lambda db: db.table("t", key="id").select().rows(page_size=-1), "page_size"),
    ],
)
def test_a_walk_without_a_way_is_refused_with_advice(make: Any, advice: str, project: Any) -> None:
    """When it is made: without a key, without a column of the order, or in an order that has no behind."""
    with pytest.raises(InvalidRequestError) as caught:
        make(project.db)
    assert advice in caught.value.message


async def test_a_function_that_may_write_is_not_walked(project: Any) -> None:
    """It would be called for every page."""
    call = project.db.rpc("f", key="id")
    with pytest.raises(InvalidRequestError, match='method="GET"'):
        call.select().rows()
    assert await call == []


@pytest.mark.parametrize(
    "columns",
    [
        (),
        ("*",),
        ("id", "name"),
        (col("id").as_("number"),),
        (col("id").cast("text"),),
        (raw("id"),),
        (col("n").as_("id"), "*"),
        ("*", col("id").as_("n")),
        ("name", col("id").cast("integer").as_("i"), "id"),
    ],
)
def test_a_walk_may_select_what_holds_the_key(columns: Any, project: Any) -> None:
    """The key by name, under another one, as text, in raw words, or everything."""
    assert aiter(project.db.table("t", key="id").select(*columns).rows())


async def test_a_row_without_the_key_is_an_error(build: Any) -> None:
    """It cannot be told where to go on; going on anywhere would lose rows."""
    project = build(Reply(json=[{"id": None}]))
    with pytest.raises(SupabaseError, match="id is missing"):
        [row async for row in project.db.table("t", key="id").select().rows()]


@pytest.mark.parametrize(
    ("columns", "behind"),
    [
        (("id",), "id=gt.1"),
        ((col("id").as_("n"), "name"), "id=gt.2"),
        (("*", col("id").as_("n")), "id=gt.2"),
        ((col("id").as_("n"), "*"), "id=gt.1"),
    ],
)
async def test_a_walk_goes_by_what_stands_for_the_key(columns: Any, behind: str, build: Any) -> None:
    """Under the name that it has; where a star may have that name too, the last one counts."""
    project = build(Reply(json=[{"id": 1, "n": 2}]), Reply(json=[]))
    pages = project.db.table("t", key="id").select(*columns).pages(size=1)
    assert len([page async for page in pages]) == 1
    assert behind in project.requests[1].url
