from __future__ import annotations

import asyncio
import logging
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import BaseModel

from viber.errors import InvalidRequestError, SupabaseError, TimeoutError
from viber.http import Request
from viber.resilience import Pipeline
from viber.services import Channel
from viber.services.supabase import SupabaseConfig, SupabaseService, col, count, embed, not_
from viber.testing import FakeClock, Hang, Reply, ScriptedTransport


class Row(BaseModel):
    id: int


def asked_for(request: Request) -> list[int]:
    """The values of the list that a request asks for."""
    [condition] = parse_qs(urlsplit(request.url).query)["id"]
    return [int(each) for each in condition.removeprefix("in.(").removesuffix(")").split(",")]


def found(request: Request) -> Reply:
    """A table that has every row."""
    return Reply(json=[{"id": each} for each in asked_for(request)])


def service(transport: ScriptedTransport, clock: FakeClock, **pipeline: Any) -> SupabaseService:
    config = SupabaseConfig(url="https://project.example", anon_key="key", max_rows=500)
    return SupabaseService(config, Channel("supabase", transport, Pipeline("x", clock=clock, **pipeline)))


async def test_a_long_list_is_asked_for_in_parts(build: Any) -> None:
    """Every value once, every URL short enough, all else the same in each."""
    project = build(*[found] * 20, max_rows=None)
    rows = await project.db.table("t", Row).select().in_("id", range(5000)).eq("a", "b").without_nulls()
    assert sorted(row.id for row in rows) == list(range(5000))
    assert 3 < len(project.requests) < 8
    assert all(len(request.url) <= 8000 for request in project.requests)
    assert all("a=eq.b" in request.url for request in project.requests)
    assert all("stripped" in dict(request.headers)["accept"] for request in project.requests)
    assert sorted(each for request in project.requests for each in asked_for(request)) == list(range(5000))


async def test_a_list_that_fits_is_asked_for_at_once(build: Any) -> None:
    """A value that is given twice is sent once."""
    project = build(found, max_rows=None)
    assert len(await project.db.table("t").select().in_("id", [*range(1000)] * 3)) == 1000
    assert len(project.requests) == 1


async def test_values_that_may_be_one_stay_together_whatever_the_cap(build: Any) -> None:
    """A row that both find would come twice."""
    project = build(*[Reply(json=[])] * 3, max_rows=2)
    await project.db.table("t").select().in_("id", ["1", "01", "1.0", "2"])
    lists = [parse_qs(urlsplit(request.url).query)["id"][0] for request in project.requests]
    assert sorted(lists) == ['in.(1,01,"1.0")', "in.(2)"]


async def test_no_part_asks_for_as_many_rows_as_the_server_gives(
    build: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """So that rows found by a unique column are all there, and none of them is doubted."""
    project = build(*[found] * 20, max_rows=100)
    assert len(await project.db.table("t").select().in_("id", range(250))) == 250
    assert [len(asked_for(request)) for request in project.requests] == [99, 99, 52]
    assert caplog.records == []


async def test_a_list_that_fits_and_cannot_be_divided_is_asked_for_at_once(build: Any) -> None:
    """Whatever the server's cap: what comes is doubted, if it has that many rows."""
    project = build(found, max_rows=100)
    assert len(await project.db.table("t").select().in_("id", range(250)).order("id")) == 250


@pytest.mark.parametrize(
    ("narrow", "reason"),
    [
        (lambda q: q.limit(5), "limit"),
        (lambda q: q.offset(5), "offset"),
        (lambda q: q.order("id"), "order"),
        (lambda q: q.one(), "the URL would have"),
        (lambda q: q.first(), "the URL would have"),
        (lambda q: q.exists(), "the URL would have"),
        (lambda q: q.count(), "the URL would have"),
        (lambda q: q.with_count(), "the URL would have"),
        (lambda q: q.csv(), "the URL would have"),
        (lambda q: q.explain(), "the URL would have"),
    ],
)
async def test_what_parts_would_change_is_refused(narrow: Any, reason: str, project: Any) -> None:
    """Before anything is sent."""
    with pytest.raises(InvalidRequestError, match=reason):
        await narrow(project.db.table("t").select().in_("id", range(5000)))
    assert project.requests == []


@pytest.mark.parametrize(
    "ask",
    [
        lambda t: t.select("a", count()).in_("id", range(5000)),
        lambda t: t.select(embed("u", col("a").max(), spread=True)).in_("id", range(5000)),
        lambda t: t.select().not_(col("id").in_(range(5000))),
        lambda t: t.select().or_(col("id").in_(range(5000)), col("a").eq(1)),
        lambda t: t.select().where(not_(col("id").in_(range(5000)))),
        lambda t: t.update({"a": 1}).in_("id", range(5000)),
        lambda t: t.delete().in_("id", range(5000)),
        lambda t: t.select("id", embed("u").in_("id", range(5000))).eq("id", 1),
    ],
)
async def test_neither_groups_nor_negations_nor_writes_are_split(ask: Any, project: Any) -> None:
    """Parts of them mean something else, or are no longer one transaction."""
    with pytest.raises(InvalidRequestError):
        await ask(project.db.table("t"))
    assert project.requests == []


async def test_a_function_is_called_in_parts_only_if_it_reads(build: Any) -> None:
    """By GET it can be asked as often as needed; by POST it might do something each time."""
    project = build(*[found] * 20, max_rows=None)
    reading = project.db.rpc("f", {"x": "a"}, method="GET").select().in_("id", range(3000))
    assert len(await reading) == 3000
    assert all("x=a&" in request.url and len(request.url) <= 8000 for request in project.requests)
    sent = len(project.requests)
    with pytest.raises(InvalidRequestError):
        await project.db.rpc("f", {"x": "a"}).select().in_("id", range(3000))
    assert len(project.requests) == sent


async def test_no_more_than_four_parts_are_under_way() -> None:
    """The others wait for one of them to end."""
    clock = FakeClock(auto=True)
    most, transport = 0, ScriptedTransport(clock=clock)

    def slow(request: Request) -> Reply:
        nonlocal most
        most = max(most, transport.in_flight)
        return Reply(json=[{"id": each} for each in asked_for(request)], delay=1.0)

    transport.add(*[slow] * 40)
    rows = await service(transport, clock).table("t").select().in_("id", range(12_000))
    assert (len(rows), most) == (12_000, 4)


async def test_an_answer_of_parts_counts_their_attempts(build: Any) -> None:
    """All of them; the rest is of the last one."""
    project = build(found, Reply(503), *[found] * 20, max_rows=None)
    result = await project.db.table("t").select().in_("id", range(5000)).with_response()
    assert (len(result.data), result.status) == (5000, 200)
    assert result.attempts == len(project.requests)


async def test_a_part_that_fails_ends_the_others() -> None:
    """With its own error, and nothing is left under way."""
    clock = FakeClock(auto=True)
    transport = ScriptedTransport(Hang(), Reply(400, delay=1.0), Hang(), Hang(), clock=clock)
    with pytest.raises(SupabaseError) as caught:
        await service(transport, clock).table("t").select().in_("id", range(9000))
    assert caught.value.operation == "select t"
    assert (transport.in_flight, transport.abandoned) == (0, 3)


async def test_a_cancelled_query_ends_its_parts() -> None:
    """The cancellation goes through, and nothing is left under way."""
    clock = FakeClock()
    transport = ScriptedTransport(*[Hang()] * 4, clock=clock)
    query = asyncio.create_task(service(transport, clock).table("t").select().in_("id", range(9000)).run())
    while transport.in_flight < 4:  # noqa: ASYNC110 - an event would wake before the last of them is sent
        await asyncio.sleep(0)
    query.cancel()
    with pytest.raises(asyncio.CancelledError):
        await query
    assert (transport.in_flight, transport.abandoned) == (0, 4)


async def test_all_parts_have_the_time_of_one_call() -> None:
    """The total timeout is for the whole."""
    clock = FakeClock(auto=True)
    transport = ScriptedTransport(otherwise=Reply(json=[], delay=4.0), clock=clock)
    with pytest.raises(TimeoutError):
        await service(transport, clock, total_timeout=10.0).table("t").select().in_("id", range(20_000))
    assert clock.now() <= 10.0
    assert transport.in_flight == 0


async def test_a_part_of_the_size_of_the_cap_is_doubted(caplog: pytest.LogCaptureFixture) -> None:
    """Each may be cut like any answer."""
    clock = FakeClock(auto=True)
    full = Reply(json=[{"id": 1}] * 500)
    transport = ScriptedTransport(otherwise=full, clock=clock)
    with caplog.at_level(logging.WARNING, logger="viber"):
        await service(transport, clock).table("t").select().in_("id", range(5000))
    assert "exactly 500 rows" in caplog.text
