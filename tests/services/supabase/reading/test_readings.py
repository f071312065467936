from __future__ import annotations

import logging
from typing import Any

import pytest

from viber.errors import InvalidRequestError, ServerError, SupabaseError
from viber.services.supabase import Counted, col, count, embed
from viber.testing import Reply


def counted(header: str, status: int = 206, rows: list[Any] | None = None) -> Reply:
    return Reply(status, json=rows or [], headers={"content-range": header})


@pytest.mark.parametrize("mode", ["exact", "planned", "estimated"])
async def test_a_count_asks_for_no_rows(mode: Any, build: Any) -> None:
    """By GET, whose refusals have a body; limit and offset do not matter, the filters do."""
    project = build(counted("*/3573"))
    query = project.db.table("t").select("id").eq("a", 1).limit(5).offset(10)
    assert await query.count(mode) == 3573
    assert (project.sent.method, project.header("prefer")) == ("GET", f"count={mode}")
    assert project.query() == [("select", "id"), ("a", "eq.1"), ("limit", "0")]


@pytest.mark.parametrize(
    ("header", "number"), [("*/0", 0), ("0-24/3573", 3573), ("*/3573", 3573), ("0-0/1", 1)]
)
async def test_a_count_is_what_stands_behind_the_slash(header: str, number: int, build: Any) -> None:
    """Whatever stands before it."""
    assert await build(counted(header)).db.table("t").select().count() == number


@pytest.mark.parametrize("header", ["*/*", "0-24/*", "", "nonsense"])
async def test_an_answer_without_the_count_is_an_error(header: str, build: Any) -> None:
    """No number is made up; a gateway may have lost the header field, so it is asked for again."""
    project = build(*[counted(header)] * 6)
    with pytest.raises(ServerError):
        await project.db.table("t").select().count()
    with pytest.raises(ServerError):
        await project.db.table("t").select().with_count()
    assert len(project.requests) == 6


async def test_rows_come_with_the_count_that_was_asked_for(build: Any) -> None:
    """With the bounds of the page, and one request."""
    project = build(counted("50-51/120", rows=[{"id": 51}, {"id": 52}]))
    page = await project.db.table("t").select().range(50, 51).with_count("planned")
    assert (page.data, page.count, page.status) == ([{"id": 51}, {"id": 52}], 120, 206)
    assert project.header("prefer") == "count=planned"
    assert project.query() == [("limit", "2"), ("offset", "50")]


async def test_beyond_the_last_row_there_is_none(build: Any) -> None:
    """The server calls it an error: for the caller it is the end."""
    body = {"code": "PGRST103", "message": "Requested range not satisfiable"}
    project = build(Reply(416, json=body, headers={"content-range": "*/10"}))
    page = await project.db.table("t").select().offset(50).with_count()
    assert (page.data, page.count, page.status, page.attempts) == ([], 10, 416, 1)


async def test_other_refusals_stay_refusals(build: Any) -> None:
    """Only the end of the rows is none."""
    project = build(Reply(400, json={"code": "42703", "message": "column t.x does not exist"}))
    with pytest.raises(SupabaseError, match="does not exist"):
        await project.db.table("t").select("x").with_count()


async def test_what_finds_nothing_is_counted_without_a_request(project: Any) -> None:
    """An empty list of values; a limit of none says nothing about the number."""
    query = project.db.table("t").select().in_("id", [])
    assert await query.with_count() == Counted([])
    assert await query.exists() is False
    assert project.requests == []


async def test_a_limit_of_none_has_its_number_asked_for(build: Any) -> None:
    """The rows are known, how many there are is not."""
    project = build(counted("*/7"))
    page = await project.db.table("t").select().limit(0).with_count()
    assert (page.data, page.count) == ([], 7)


@pytest.mark.parametrize("column", [count(), col("id").sum(), col("a").count()])
def test_groups_are_not_counted(column: Any, project: Any) -> None:
    """The server would count the rows that they are made of; groups within an embed do not matter."""
    table = project.db.table("t")
    for step in (table.select("a", column).count, table.select(column).with_count):
        with pytest.raises(InvalidRequestError, match="rows and not groups"):
            step()
    table.select("a", embed("others", column)).count()


def test_an_unknown_count_is_refused_at_once(project: Any) -> None:
    """Where the mistake is."""
    with pytest.raises(InvalidRequestError, match="exact"):
        project.db.table("t").select().count("rough")


async def test_existence_asks_for_one_row_and_no_model(build: Any) -> None:
    """That it fits is of no interest."""
    project = build(Reply(json=[{"id": "x"}]), Reply(json=[]))
    query = project.db.table("t", int).select().limit(20)
    assert [await query.exists(), await query.exists()] == [True, False]
    assert project.requests[0].url.endswith("?limit=1")


CSV = {"content-type": "text/csv; charset=utf-8"}


@pytest.mark.parametrize(
    ("ask", "accept"),
    [
        (lambda q: q.csv(), "text/csv"),
        (lambda q: q.explain(), 'application/vnd.pgrst.plan+text; for="application/json"'),
    ],
)
async def test_text_is_what_was_accepted(ask: Any, accept: str, build: Any) -> None:
    """As it came; the bounds hold."""
    project = build(Reply(body="id\n1\nÜ".encode(), headers={"content-type": accept}))
    assert await ask(project.db.table("t").select("id").limit(2)) == "id\n1\nÜ"
    assert project.header("accept") == accept
    assert project.query() == [("select", "id"), ("limit", "2")]


async def test_text_that_is_no_text_is_an_error(build: Any) -> None:
    """Bytes that are not UTF-8."""
    with pytest.raises(ServerError):
        await build(*[Reply(body=b"\xff", headers=CSV)] * 3).db.table("t").select().csv()


@pytest.mark.parametrize("ask", [lambda q: q.csv(), lambda q: q.explain(), lambda q: q.media("image/png")])
async def test_a_page_is_not_taken_for_text(ask: Any, build: Any) -> None:
    """Any bytes could be: what was asked for says so in its header."""
    page = Reply(body=b"<html>", headers={"content-type": "text/html"})
    with pytest.raises(ServerError) as caught:
        await ask(build(page).db.table("t").select())
    assert caught.value.code == "supabase.unreadable"


async def test_a_page_that_was_asked_for_is_one(build: Any) -> None:
    """The database may make HTML."""
    page = Reply(body=b"<html>", headers={"content-type": "text/html"})
    assert await build(page).db.table("t").select().media("text/html") == b"<html>"


async def test_other_media_types_are_bytes(build: Any) -> None:
    """Whatever they are."""
    project = build(Reply(body=b"\x89PNG\xff"))
    assert await project.db.table("charts").select().media("image/png") == b"\x89PNG\xff"
    assert project.header("accept") == "image/png"


async def test_a_feature_collection_is_one_object(build: Any) -> None:
    """By its own media type."""
    project = build(Reply(json={"type": "FeatureCollection", "features": []}))
    found = await project.db.table("places").select().geojson()
    assert found == {"type": "FeatureCollection", "features": []}
    assert project.header("accept") == "application/geo+json"


@pytest.mark.parametrize("body", [[], [1, 2], "text", None])
async def test_what_is_no_feature_collection_is_an_error(body: Any, build: Any) -> None:
    """A list of rows is none."""
    with pytest.raises(ServerError):
        await build(*[Reply(json=body)] * 3).db.table("places").select().geojson()


async def test_a_plan_as_json_is_that_of_the_one_statement(build: Any) -> None:
    """The server wraps it in a list."""
    project = build(Reply(json=[{"Plan": {"Total Cost": 1}}]))
    plan = await project.db.table("t").select().without_nulls().explain(format="json", buffers=True)
    assert plan == {"Plan": {"Total Cost": 1}}
    stripped = "application/vnd.pgrst.array+json;nulls=stripped"
    expected = f'application/vnd.pgrst.plan+json; for="{stripped}"; options=buffers'
    assert project.header("accept") == expected


async def test_text_at_the_cap_of_the_server_is_doubted(build: Any, caplog: pytest.LogCaptureFixture) -> None:
    """By what the answer tells of its rows."""
    project = build(Reply(body=b"id", headers=CSV | {"content-range": "0-1/*"}), max_rows=2)
    with caplog.at_level(logging.WARNING, logger="viber"):
        await project.db.table("t").select().csv()
    assert "exactly 2 rows" in caplog.text


@pytest.mark.parametrize(
    "ask",
    [lambda q: q, lambda q: q.one(), lambda q: q.first(), lambda q: q.with_count(), lambda q: q.media("a/b")],
)
async def test_what_was_wished_goes_out_with_every_form(ask: Any, build: Any) -> None:
    """A zone is asked for strictly."""
    project = build(counted("0-0/1", 200, [{"id": 1}]))
    await ask(project.db.table("t").select().time_zone("Europe/Paris").time_zone("Europe/Paris"))
    assert (project.header("prefer") or "").startswith("handling=strict,timezone=Europe/Paris")


@pytest.mark.parametrize(
    ("ask", "operation"),
    [
        (lambda q: q.count(), "count t"),
        (lambda q: q.explain(), "explain t"),
        (lambda q: q.csv(), "select t"),
        (lambda q: q.with_count(), "select t"),
    ],
)
async def test_the_operation_says_what_was_asked(ask: Any, operation: str, build: Any) -> None:
    """Errors, events and logs name it."""
    with pytest.raises(SupabaseError) as caught:
        await ask(build(Reply(400)).db.table("t").select())
    assert caught.value.operation == operation
