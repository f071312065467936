from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from viber.errors import ConflictError, Delivery, InvalidRequestError, NotFoundError, TransportError
from viber.services.supabase import UnsettledWriteError
from viber.testing import Fail, Reply

LOST = Fail(lambda: TransportError("reset", delivery=Delivery.UNKNOWN))
DONE = Reply(204, headers={"content-range": "0-0/1"})
NONE = Reply(204, headers={"content-range": "*/0"})


def update(project: Any, **values: Any) -> Any:
    return project.db.table("t").update(values).eq("id", 7).if_version(3)


async def test_the_version_is_asked_for_and_raised(build: Any) -> None:
    """In one statement: nobody can come in between."""
    project = build(DONE)
    assert await update(project, a=1) is None
    assert json.loads(project.sent.body) == {"a": 1, "version": 4}
    assert project.query() == [("id", "eq.7"), ("version", "eq.3")]
    assert "count=exact" in (project.header("prefer") or "")


async def test_a_version_of_another_kind_needs_its_next(build: Any) -> None:
    """Of another name, too."""
    project = build(DONE)
    table = project.db.table("t")
    await table.update({"a": 1}).if_version("x", next="y", column="etag").eq("id", 7)
    assert json.loads(project.sent.body) == {"a": 1, "etag": "y"}
    with pytest.raises(InvalidRequestError, match="next="):
        table.update({"a": 1}).if_version("x")


@pytest.mark.parametrize(
    "make",
    [
        lambda t: t.delete().if_version(3),
        lambda t: t.soft_delete().if_version(3),
        lambda t: t.update({"version": 5}).if_version(3),
        lambda t: t.update({"a": 5}).if_version(3).if_version(3),
        lambda t: t.update({"a": 5}).if_version(None),
        lambda t: t.update({"a": 5}).if_version(True),
        lambda t: t.update({"a": 5}).if_version(3, column=""),
    ],
)
def test_what_makes_no_sense_is_refused(make: Any, project: Any) -> None:
    """When it is said."""
    with pytest.raises(InvalidRequestError):
        make(project.db.table("t"))


async def test_a_version_alone_is_no_filter(project: Any) -> None:
    """Many rows may have it."""
    with pytest.raises(InvalidRequestError, match="all_rows"):
        await project.db.table("t").update({"a": 1}).if_version(3)


async def test_a_stale_version_is_a_conflict(build: Any) -> None:
    """With the version that is there."""
    project = build(NONE, Reply(json=[{"a": 9, "version": 5}]))
    with pytest.raises(ConflictError, match="it has 5, and 3 was expected") as caught:
        await update(project, a=1)
    error = caught.value
    assert (error.code, error.delivery, error.attempts) == ("supabase.stale_version", Delivery.ANSWERED, 1)
    assert (error.details or {})["found"] == 5


async def test_no_row_of_any_version_is_not_found(build: Any) -> None:
    """It is another mistake."""
    with pytest.raises(NotFoundError):
        await update(build(NONE, Reply(json=[])), a=1)


async def test_an_update_of_unknown_outcome_is_repeated_and_recognised(build: Any) -> None:
    """The next version with the new values: an earlier attempt did it."""
    project = build(LOST, NONE, Reply(json=[{"a": "x", "version": 4}]))
    result = await update(project, a="x").with_response()
    assert (result.replayed, result.attempts, result.count) == (True, 2, 1)
    assert dict(parse_qsl(urlsplit(project.requests[2].url).query)) == {
        "select": "a,version",
        "id": "eq.7",
    }


async def test_values_that_are_written_otherwise_are_asked_for(build: Any) -> None:
    """PostgreSQL compares them."""
    project = build(
        LOST, NONE, Reply(json=[{"a": 1.1, "version": 4}]), Reply(json=[{"a": 1.1, "version": 4}])
    )
    assert await update(project, a="1.10") is None
    asked = dict(parse_qsl(urlsplit(project.requests[3].url).query))
    assert asked == {"select": "a,version", "id": "eq.7", "and": '(a.eq."01.10")'}


async def test_an_update_that_the_repetition_makes_is_no_replay(build: Any) -> None:
    """The lost attempt had done nothing."""
    assert not (await update(build(LOST, DONE), a=1).with_response()).replayed


@pytest.mark.parametrize(
    "there", [[{"a": "other", "version": 4}], [{"a": "x", "version": 5}], [{"a": "x", "version": 3}]]
)
async def test_anything_else_is_a_conflict_of_unknown_outcome(there: Any, build: Any) -> None:
    """Somebody may have changed it after us, or before."""
    project = build(LOST, NONE, Reply(json=there), Reply(json=[]))
    with pytest.raises(ConflictError, match="an earlier attempt may have updated it") as caught:
        await update(project, a="x")
    assert caught.value.delivery is Delivery.UNKNOWN


async def test_a_row_that_is_gone_or_hidden_is_unknown(build: Any) -> None:
    """The update itself may have moved it out of its own filters."""
    with pytest.raises(UnsettledWriteError) as caught:
        await update(build(LOST, NONE, Reply(json=[])), a=1)
    assert caught.value.delivery is Delivery.UNKNOWN


async def test_a_look_that_is_refused_is_unknown(build: Any) -> None:
    """Where it mattered; without a doubt it is the refusal that it is."""
    forbidden = Reply(403, json={"code": "42501", "message": "no"})
    with pytest.raises(UnsettledWriteError):
        await update(build(LOST, NONE, forbidden), a=1)


async def test_the_lost_answer_is_put_together_again(build: Any) -> None:
    """The row, or the count."""
    there = Reply(json=[{"a": 1, "version": 4}])
    assert await update(build(LOST, NONE, there, there), a=1).returning("a", "version") == [
        {"a": 1, "version": 4}
    ]
    assert await update(build(LOST, NONE, there), a=1).count() == 1


async def test_a_version_is_returned_with_the_row(build: Any) -> None:
    """As any column."""
    project = build(Reply(200, json=[{"version": 4}], headers={"content-range": "0-0/1"}))
    assert await update(project, a=1).returning("version") == [{"version": 4}]
