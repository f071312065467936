from __future__ import annotations

import asyncio
import dataclasses
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import BaseModel, Field

from viber.errors import ServerError, SupabaseError
from viber.http import Request
from viber.services.supabase import Page, RowMismatchError
from viber.testing import Hang, Reply


class Server:
    """A table with ids from 1, answered as PostgREST would, with a row cap of its own."""

    def __init__(self, rows: int, *, cap: int = 1000, key: str = "id") -> None:
        self.ids = list(range(1, rows + 1))
        self.cap = cap
        self.key = key
        self.sizes: list[int] = []

    def __call__(self, request: Request) -> Reply:
        query = parse_qs(urlsplit(request.url).query)
        (order,) = query["order"]
        ids = self.ids[::-1] if order.endswith(".desc") else self.ids
        for condition in query.get(self.key, []):
            operator, _, bound = condition.partition(".")
            ids = [n for n in ids if (n > int(bound) if operator == "gt" else n < int(bound))]
        start = int(query.get("offset", ["0"])[0])
        page = ids[start : start + min(self.cap, int(query["limit"][0]))]
        self.sizes.append(len(page))
        return Reply(json=[{self.key: n} for n in page])


class Reading(BaseModel):
    id: int


class Named(BaseModel):
    id: int
    name: str = ""


class Renamed(BaseModel):
    number: int = Field(alias="id")
    id: str = Field("other", alias="label")


@dataclasses.dataclass
class Plain:
    id: int


async def walk(project: Any, *steps: Any, page_size: int, model: Any = None) -> list[Any]:
    table = project.db.table("readings", model, key="id") if model else project.db.table("readings", key="id")
    query = table.select()
    for step in steps:
        query = step(query)
    return [row async for row in query.rows(page_size=page_size)]


@pytest.mark.parametrize(
    ("rows", "cap", "page_size", "sizes"),
    [
        (0, 10, 5, [0]),
        (3, 10, 5, [3, 0]),
        (10, 10, 5, [5, 5, 0]),
        (12, 10, 5, [5, 5, 2]),
        (25, 10, 100, [10, 10, 5]),
        (20, 10, 100, [10, 10, 0]),
        (1, 1, 1, [1, 0]),
    ],
)
async def test_a_walk_sees_every_row_once(
    rows: int, cap: int, page_size: int, sizes: list[int], build: Any
) -> None:
    """Whatever the page size and the server's cap; it ends at an empty page, or at one surely the last."""
    server = Server(rows, cap=cap)
    project = build(*[server] * 20)
    assert await walk(project, page_size=page_size) == [{"id": n} for n in range(1, rows + 1)]
    assert server.sizes == sizes


async def test_a_walk_may_go_down(build: Any) -> None:
    """By the key in descending order."""
    project = build(*[Server(7)] * 9)
    rows = await walk(project, lambda q: q.order("id", desc=True), page_size=3)
    assert [row["id"] for row in rows] == [7, 6, 5, 4, 3, 2, 1]


async def test_a_limit_bounds_the_whole_walk(build: Any) -> None:
    """The last page asks for no more than is left."""
    server = Server(100)
    project = build(*[server] * 9)
    rows = await walk(project, lambda q: q.limit(7), page_size=3)
    assert [row["id"] for row in rows] == [1, 2, 3, 4, 5, 6, 7]
    assert server.sizes == [3, 3, 1]


async def test_an_offset_counts_once(build: Any) -> None:
    """Rows are left out at the start of the walk, not of every page."""
    project = build(*[Server(9)] * 9)
    rows = await walk(project, lambda q: q.offset(4), page_size=2)
    assert [row["id"] for row in rows] == [5, 6, 7, 8, 9]


async def test_filters_hold_on_every_page(build: Any) -> None:
    """Also one on the key itself, which the walk adds to."""
    project = build(*[Server(9)] * 9)
    rows = await walk(project, lambda q: q.gt("id", 3).lt("id", 8), page_size=2)
    assert [row["id"] for row in rows] == [4, 5, 6, 7]


@pytest.mark.parametrize("step", [lambda q: q.in_("id", []), lambda q: q.limit(0)])
async def test_a_walk_over_nothing_asks_nothing(step: Any, project: Any) -> None:
    """What is known to find no row is not sent."""
    assert await walk(project, step, page_size=5) == []
    assert project.requests == []


async def test_each_iteration_starts_anew(build: Any) -> None:
    """A walk is a value: iterating twice reads twice."""
    project = build(*[Server(3)] * 9)
    rows = project.db.table("readings", key="id").select().rows(page_size=2)
    assert [row async for row in rows] == [row async for row in rows]
    assert len(project.requests) == 4


@pytest.mark.parametrize(("model", "field"), [(Reading, "id"), (Plain, "id"), (Renamed, "number")])
async def test_typed_rows_are_walked_by_the_column_of_the_key(model: Any, field: str, build: Any) -> None:
    """The key is the column's value, whatever the field that holds it is called."""
    project = build(*[Server(5)] * 9)
    rows = await walk(project, page_size=2, model=model)
    assert [getattr(row, field) for row in rows] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("model", [None, dict[str, float], dict[str, Decimal]])
async def test_a_numeric_key_is_walked_by_its_exact_digits(model: Any, build: Any) -> None:
    """A float would stand before or behind the real key, and skip or repeat rows."""
    body = b'[{"id":12345678901234567890.123456789}]'
    project = build(Reply(body=body), Reply(json=[]))
    await walk(project, page_size=5, model=model)
    assert "id=gt.12345678901234567890.123456789&" in project.requests[1].url


async def test_a_text_key_is_percent_encoded(build: Any) -> None:
    """It is data like any other value."""
    project = build(Reply(json=[{"id": "2026-01-01T00:00:00+00:00 &x"}]), Reply(json=[]))
    await walk(project, page_size=5)
    assert "id=gt.2026-01-01T00:00:00%2B00:00%20%26x&" in project.requests[1].url


async def test_a_row_that_does_not_fit_has_its_number_in_the_walk(build: Any) -> None:
    """Not in its page, which nobody sees."""
    project = build(Reply(json=[{"id": 1}, {"id": 2}]), Reply(json=[{"id": 3}, {"id": 4, "name": 5}]))
    with pytest.raises(RowMismatchError, match="row 3 of readings") as caught:
        await walk(project, page_size=2, model=Named)
    assert caught.value.details["row"] == 3


async def test_a_walk_goes_on_after_an_error(build: Any) -> None:
    """The iterator keeps its place: the page that failed is asked for again, and no row is lost."""
    server = Server(6)
    project = build(server, Reply(400, json={"code": "PGRST100", "message": "no"}), server, server, server)
    rows = aiter(project.db.table("readings", key="id").select().rows(page_size=2))
    seen = [await anext(rows), await anext(rows)]
    with pytest.raises(SupabaseError):
        await anext(rows)
    seen += [row async for row in rows]
    assert [row["id"] for row in seen] == [1, 2, 3, 4, 5, 6]


async def test_pages_tell_where_they_are(build: Any) -> None:
    """How many rows came so far, and whether more may come."""
    project = build(*[Server(5)] * 9)
    pages = [page async for page in project.db.table("readings", key="id").select().pages(size=2)]
    assert [[row["id"] for row in page] for page in pages] == [[1, 2], [3, 4], [5]]
    assert [(len(page), page.seen, page.total, page.is_last) for page in pages] == [
        (2, 2, None, False),
        (2, 4, None, False),
        (1, 5, None, True),
    ]


async def test_a_count_is_asked_for_once(build: Any) -> None:
    """The first page counts; to count each would cost as much as it."""
    headers = {"content-range": "0-1/3"}
    project = build(Reply(206, headers=headers, json=[{"id": 1}, {"id": 2}]), Reply(json=[{"id": 3}]))
    pages = [page async for page in project.db.table("t", key="id").select().pages(size=2, count="planned")]
    assert [page.total for page in pages] == [3, 3]
    assert ["planned" in dict(request.headers).get("prefer", "") for request in project.requests] == [
        True,
        False,
    ]


async def test_a_hook_that_raises_loses_no_row(build: Any) -> None:
    """The page stays where it is for whoever goes on."""
    project = build(*[Server(3)] * 9)

    def stop(_: Page[Any]) -> None:
        raise KeyError

    rows = aiter(project.db.table("readings", key="id").select().rows(page_size=3, on_page=stop))
    with pytest.raises(KeyError):
        await anext(rows)
    assert [await anext(rows) for _ in range(3)] == [{"id": 1}, {"id": 2}, {"id": 3}]


async def test_a_cancelled_page_is_there_for_whoever_goes_on(build: Any) -> None:
    """Cancelling a step loses neither rows nor the place."""
    server = Server(4)
    project = build(server, Hang(), server, server, server)
    pages = aiter(project.db.table("readings", key="id").select().pages(size=2))
    first = await anext(pages)
    step = asyncio.ensure_future(anext(pages))
    await asyncio.sleep(0)
    step.cancel()
    with pytest.raises(asyncio.CancelledError):
        await step
    rest = [row for page in [page async for page in pages] for row in page]
    assert [row["id"] for row in [*first, *rest]] == [1, 2, 3, 4]


async def test_two_tasks_cannot_turn_one_page(build: Any) -> None:
    """Both would get the same rows."""
    project = build(Reply(json=[{"id": 1}], delay=1))
    pages = aiter(project.db.table("readings", key="id").select().pages(size=3))
    both = await asyncio.gather(anext(pages), anext(pages), return_exceptions=True)
    assert [type(each) for each in both] == [Page, RuntimeError]


async def test_a_walk_that_is_sent_back_ends(build: Any) -> None:
    """A cache that gives one page for ever would keep it going for ever."""
    project = build(*[Reply(json=[{"id": 1}, {"id": 2}])] * 2)
    rows = aiter(project.db.table("readings", key="id").select().rows(page_size=2))
    assert [await anext(rows), await anext(rows)] == [{"id": 1}, {"id": 2}]
    with pytest.raises(ServerError, match="does not go on"):
        await anext(rows)


async def test_a_failed_page_is_repeated(build: Any) -> None:
    """Each page is a read, and as safe to repeat."""
    server = Server(3)
    project = build(server, Reply(503), server)
    assert len(await walk(project, page_size=2)) == 3
