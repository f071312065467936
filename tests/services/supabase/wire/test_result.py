from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from viber.errors import SupabaseError, TransportError
from viber.services.supabase import Counted, Result
from viber.testing import Fail, Reply


async def test_a_result_tells_what_came_beside_the_data(build: Any) -> None:
    """Status, header fields, the id that was sent, and a count if there is one."""
    headers = {"content-range": "0-0/12", "x-extra": "1"}
    project = build(Reply(206, json=[{"id": 1}], headers=headers))
    result = await project.db.with_options(request_id="r-1").table("t").select().with_response()
    assert result.data == [{"id": 1}]
    assert (result.status, result.request_id, result.attempts) == (206, "r-1", 1)
    assert (result.count, result.replayed, result.headers["x-extra"]) == (12, False, "1")


@pytest.mark.parametrize(
    ("ask", "data"),
    [
        (lambda db: db.table("t").select(), [{"id": 1}]),
        (lambda db: db.table("t").select().one(), {"id": 1}),
        (lambda db: db.table("t").select().maybe_one(), {"id": 1}),
        (lambda db: db.table("t").select().first(), {"id": 1}),
        (lambda db: db.table("t").select().exists(), True),
        (lambda db: db.table("t").select().count(), 1),
        (lambda db: db.table("t").select().media("a/b"), b'[{"id": 1}]'),
        (lambda db: db.table("t").insert({"id": 1}).returning(), [{"id": 1}]),
        (lambda db: db.table("t").update({"a": 1}).eq("id", 1).returning(), [{"id": 1}]),
        (lambda db: db.table("t").delete().eq("id", 1).returning(), [{"id": 1}]),
        (lambda db: db.rpc("f"), [{"id": 1}]),
        (lambda db: db.insert("t", {"id": 1}), {"id": 1}),
    ],
)
async def test_every_query_can_tell_its_answer(ask: Any, data: Any, build: Any) -> None:
    """Beside what it gives by itself."""
    project = build(Reply(json=[{"id": 1}], headers={"content-range": "0-0/1"}))
    result = await ask(project.db).with_response()
    assert (result.data, result.status, result.attempts) == (data, 200, 1)
    assert dict(project.sent.headers)["x-request-id"] == result.request_id != ""


async def test_attempts_that_failed_are_counted(build: Any) -> None:
    """Refused ones, and those without an answer."""
    project = build(Reply(503), Fail(TransportError("cut")), Reply(json=[]))
    result = await project.db.table("t").select().with_response()
    assert (result.attempts, result.status) == (3, 200)
    assert len(project.requests) == 3


async def test_header_fields_can_only_be_read(build: Any) -> None:
    """A result is a value."""
    result = await build(Reply(json=[])).db.table("t").select().with_response()
    with pytest.raises(TypeError):
        result.headers["x"] = "1"
    with pytest.raises(TypeError):
        Result(1).headers["x"] = "1"  # type: ignore[index]


async def test_a_result_can_be_copied_and_pickled(build: Any) -> None:
    """For a cache, or another process; its header fields stay read only."""
    project = build(*[Reply(206, json=[{"id": 1}], headers={"content-range": "0-0/1"})] * 2)
    select = project.db.table("t").select()
    for result in (await select.with_response(), await select.with_count()):
        for twin in (copy.deepcopy(result), pickle.loads(pickle.dumps(result))):
            assert twin == result
            assert type(twin.headers) is type(result.headers)


async def test_without_a_request_there_is_no_answer(project: Any) -> None:
    """The data alone, and no attempt."""
    result = await project.db.table("t").select().in_("id", []).with_response()
    assert result == Result([])
    assert (result.status, result.attempts, dict(result.headers)) == (None, 0, {})


async def test_each_run_has_its_own_answer(build: Any) -> None:
    """A query is a value also with its response, and counts anew."""
    project = build(Reply(503), Reply(json=[1]), Reply(206, json=[2]))
    query = project.db.table("t").select().with_response()
    first, second = await query, await query
    assert (first.data, first.attempts, second.data, second.attempts) == ([1], 2, [2], 1)
    assert first.request_id != second.request_id


async def test_an_error_is_no_result(build: Any) -> None:
    """It is raised as ever, and knows the status itself."""
    with pytest.raises(SupabaseError) as caught:
        await build(Reply(404)).db.table("t").select().with_response()
    assert caught.value.status == 404


async def test_a_result_does_not_print_its_headers(build: Any) -> None:
    """They may be many, and may hold what is not for a log."""
    project = build(Reply(json=[], headers={"set-cookie": "session=secret"}))
    assert "secret" not in repr(await project.db.table("t").select().with_response())


async def test_recording_twice_is_recording_once(build: Any) -> None:
    """The inner result has all there is."""
    twice = await build(Reply(json=[])).db.table("t").select().with_response().with_response()
    assert (twice.data.data, twice.data.status) == ([], 200)


async def test_a_counted_result_can_be_recorded_once_more(build: Any) -> None:
    """It has all that there is already."""
    project = build(Reply(206, json=[], headers={"content-range": "*/3"}))
    outer = await project.db.table("t").select().limit(0).with_count().with_response()
    assert isinstance(outer.data, Counted)
    assert (outer.data.count, outer.data.status) == (3, 206)
