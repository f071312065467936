from __future__ import annotations

import logging
from typing import Any

import pytest
from pydantic import BaseModel

from viber.errors import InvalidRequestError, NotFoundError, ServerError, SupabaseError
from viber.observability import Event, ResultMaybeTruncated
from viber.services.supabase import MultipleRowsError, RowMismatchError
from viber.testing import Reply


class Order(BaseModel):
    id: int


async def test_a_select_is_one_get(project: Any) -> None:
    """Everything that was said is in the query string, as a parser of it sees it."""
    await (
        project.db.table("orders")
        .select("id", "a.b")
        .eq("status", "a&b=c")
        .neq("x", 1)
        .gt("x", 1)
        .gte("x", 2)
        .lt("x", 9)
        .lte("x", 8)
        .in_("y", ["1,5", 2])
        .is_("ok", value=True)
        .is_null("gone")
        .is_not_null("here")
        .order("created_at", desc=True)
        .order("id", nulls="first")
        .limit(20)
        .offset(40)
    )
    assert project.sent.method == "GET"
    assert project.sent.body is None
    assert project.query() == [
        ("select", 'id,"a.b"'),
        ("status", "eq.a&b=c"),
        ("x", "neq.1"),
        ("x", "gt.1"),
        ("x", "gte.2"),
        ("x", "lt.9"),
        ("x", "lte.8"),
        ("y", 'in.("1,5",2)'),
        ("ok", "is.true"),
        ("gone", "is.null"),
        ("here", "not.is.null"),
        ("order", "created_at.desc,id.nullsfirst"),
        ("limit", "20"),
        ("offset", "40"),
    ]


async def test_a_step_leaves_its_query_as_it_was(build: Any) -> None:
    """Each step returns a new query; one can be the start of many."""
    project = build(Reply(json=[]), Reply(json=[]))
    base = project.db.table("t").select().eq("a", 1)
    await base.eq("b", 2).limit(1)
    await base
    assert [request.url.partition("?")[2] for request in project.requests] == [
        "a=eq.1&b=eq.2&limit=1",
        "a=eq.1",
    ]


def test_queries_are_values(project: Any) -> None:
    """The same steps from the same table give equal queries."""
    table = project.db.table("t")
    assert table.select().eq("a", 1) == table.select().eq("a", 1)
    assert table.select().eq("a", 1) != table.select().eq("a", 2)


async def test_rows_have_the_type_of_the_table(build: Any) -> None:
    """Models where there is one, dicts for some of the columns, another model where it is asked for."""
    project = build(*[Reply(json=[{"id": 1}])] * 4)
    orders = project.db.table("orders", Order)
    assert await orders.select() == [Order(id=1)]
    assert await orders.select("id") == [{"id": 1}]
    assert await orders.select("id", model=dict[str, float]) == [{"id": 1.0}]
    assert await project.db.table("orders").select() == [{"id": 1}]


@pytest.mark.parametrize("step", ["eq", "neq", "gt", "gte", "lt", "lte"])
def test_none_is_refused_in_every_comparison(step: str, project: Any) -> None:
    """With a hint to is_null(), and before anything is sent."""
    with pytest.raises(InvalidRequestError, match=r"is_null\(\)"):
        getattr(project.db.table("t").select(), step)("a", None)


async def test_an_empty_list_is_answered_without_a_request(project: Any) -> None:
    """No row is in it; the same holds for a limit of none."""
    table = project.db.table("t")
    assert await table.select().in_("id", []) == []
    assert await table.select().limit(0) == []
    assert await table.select().in_("id", []).maybe_one() is None
    assert await table.select().in_("id", []).first() is None
    with pytest.raises(NotFoundError):
        await table.select().in_("id", []).one()
    assert project.requests == []


@pytest.mark.parametrize(
    ("pick", "rows", "result", "limit"),
    [
        ("one", [{"id": 1}], {"id": 1}, "2"),
        ("maybe_one", [{"id": 1}], {"id": 1}, "2"),
        ("maybe_one", [], None, "2"),
        ("first", [{"id": 1}], {"id": 1}, "1"),
        ("first", [], None, "1"),
    ],
)
async def test_one_row_is_asked_for_with_the_smallest_limit(
    pick: str, rows: list[Any], result: Any, limit: str, build: Any
) -> None:
    """Two rows are enough to know that there is more than one."""
    project = build(Reply(json=rows))
    assert await getattr(project.db.table("t").select(), pick)() == result
    assert project.query() == [("limit", limit)]


async def test_none_where_one_was_demanded_is_not_found(build: Any) -> None:
    """A typed error, with the name of the table, and located like every other."""
    project = build(Reply(json=[]))
    with pytest.raises(NotFoundError, match="no row of t") as caught:
        await project.db.table("t").select().one()
    assert isinstance(caught.value, SupabaseError)
    assert (caught.value.operation, caught.value.attempts) == ("select t", 1)


@pytest.mark.parametrize("pick", ["one", "maybe_one"])
async def test_several_where_one_was_asked_for_is_an_error(pick: str, build: Any) -> None:
    """It is never the first of them by chance."""
    project = build(Reply(json=[{"id": 1}, {"id": 2}]))
    with pytest.raises(MultipleRowsError, match="several rows of t"):
        await getattr(project.db.table("t").select(), pick)()


async def test_a_failed_read_is_repeated(build: Any) -> None:
    """A GET is safe: the second answer counts."""
    project = build(Reply(503), Reply(json=[{"id": 1}]))
    assert await project.db.table("t").select() == [{"id": 1}]
    assert len(project.requests) == 2


async def test_a_page_in_place_of_rows_is_an_error(build: Any) -> None:
    """HTML with a 200 is not repeated, and is no JSON decoder's error."""
    project = build(Reply(200, body=b"<html>", headers={"content-type": "text/html"}))
    with pytest.raises(ServerError, match="HTML"):
        await project.db.table("t").select()


async def test_half_an_answer_is_asked_for_again(build: Any) -> None:
    """A truncated body is repeated for a read, and an error in the end."""
    project = build(*[Reply(200, body=b'[{"id":1},{"i')] * 3)
    with pytest.raises(ServerError, match="something else than JSON"):
        await project.db.table("t").select()
    assert len(project.requests) == 3


async def test_a_row_that_does_not_fit_is_not_asked_for_again(build: Any) -> None:
    """It would not fit the next time either; the error knows where it happened."""
    project = build(Reply(json=[{"id": "x"}]))
    with pytest.raises(RowMismatchError) as caught:
        await project.db.table("orders", Order).select()
    assert (caught.value.operation, caught.value.attempts) == ("select orders", 1)


async def test_a_result_of_the_servers_cap_is_doubted_once(
    build: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """One warning a table, whichever view asked; none for a limit that was kept."""
    project = build(*[Reply(json=[{"id": 1}] * 2)] * 6, max_rows=2, service_role_key="service")
    with caplog.at_level(logging.WARNING, logger="viber"):
        await project.db.table("a").select().limit(2)
        assert caplog.records == []
        await project.db.table("a").select()
        await project.db.admin.table("a").select()
        await project.db.table("b").select().limit(5)
        await project.db.rpc("f")
        await project.db.table("c").select().offset(2)
    assert [record.getMessage().split()[0] for record in caplog.records] == ["a", "b", "rpc", "c"]


async def test_each_result_of_the_servers_cap_is_an_event(build: Any) -> None:
    """Whoever listens is told every time, and of nothing else."""
    project = build(*[Reply(json=[{"id": 1}] * 2)] * 3, max_rows=2)
    told: list[Event] = []
    project.db._session.channel.pipeline.listeners.add(told.append)
    await project.db.table("a").select()
    await project.db.table("a").select().limit(2)
    await project.db.table("a").select()
    doubts = [event for event in told if isinstance(event, ResultMaybeTruncated)]
    assert [(each.service, each.what, each.rows) for each in doubts] == [("supabase", "a", 2)] * 2


async def test_without_a_known_cap_nothing_is_doubted(build: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Some servers have none."""
    project = build(Reply(json=[{"id": 1}] * 1000), max_rows=None)
    await project.db.table("a").select()
    assert caplog.records == []


async def test_matching_compares_column_by_column(project: Any) -> None:
    """Values are equal, lists are one of."""
    await project.db.table("t").select().matching({"a": 1, "b": [1, 2]})
    assert project.query() == [("a", "eq.1"), ("b", "in.(1,2)")]
