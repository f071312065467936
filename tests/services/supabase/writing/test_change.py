from __future__ import annotations

import json
from typing import Any

import pytest

from viber.errors import Delivery, InvalidRequestError, NotFoundError, ServerError, TransportError
from viber.services.supabase import MultipleRowsError, UnsettledWriteError, col, not_
from viber.testing import Fail, Reply

LOST = Fail(lambda: TransportError("reset", delivery=Delivery.UNKNOWN))


def prefer(request: Any) -> set[str]:
    return set((dict(request.headers).get("prefer") or "").split(","))


async def test_the_number_of_rows_can_be_the_answer(build: Any) -> None:
    """Of an update, and of a delete."""
    project = build(
        Reply(204, headers={"content-range": "0-2/3"}), Reply(204, headers={"content-range": "*/4"})
    )
    table = project.db.table("t")
    assert await table.update({"a": 1}).eq("b", 2).count() == 3
    assert await table.delete().count().eq("b", 2) == 4
    assert prefer(project.requests[0]) == {"return=minimal", "count=exact"}


async def test_a_bound_of_rows_is_wished_strictly(build: Any) -> None:
    """An old server refuses it then, where it would ignore it."""
    project = build(
        Reply(204, headers={"preference-applied": "return=minimal, handling=strict, max-affected=5"})
    )
    await project.db.table("t").delete().eq("a", 1).max_affected(5)
    assert prefer(project.sent) == {"return=minimal", "handling=strict", "max-affected=5"}


async def test_the_one_row_can_be_the_answer(build: Any) -> None:
    """The server is asked for one, and undoes it otherwise."""
    project = build(Reply(json={"id": 7, "a": 1}))
    assert await project.db.table("t").update({"a": 1}).eq("id", 7).returning_row() == {"id": 7, "a": 1}
    assert project.header("accept") == "application/vnd.pgrst.object+json"
    assert prefer(project.sent) == {"return=representation"}


@pytest.mark.parametrize("body", [b"", b"null", b'[{"id":7}]', b'{"id":7},{"id":8}', b'{"id":'])
async def test_an_answer_that_is_not_one_row_is_no_success(body: bytes, build: Any) -> None:
    """Nobody knows then what was done."""
    with pytest.raises(ServerError) as caught:
        await build(Reply(200, body=body)).db.table("t").update({"a": 1}).eq("id", 7).returning_row()
    assert caught.value.delivery is Delivery.UNKNOWN


def not_one(rows: int) -> Reply:
    said = {"code": "PGRST116", "message": "m", "details": f"The result contains {rows} rows"}
    return Reply(406, json=said)


@pytest.mark.parametrize(("rows", "kind"), [(0, NotFoundError), (3, MultipleRowsError)])
@pytest.mark.parametrize(
    "verb", [lambda t: t.update({"a": 1}), lambda t: t.delete(), lambda t: t.soft_delete()]
)
async def test_another_number_of_rows_is_an_error(verb: Any, rows: int, kind: Any, build: Any) -> None:
    """Nothing was done, and the error says so."""
    with pytest.raises(kind, match="of t match") as caught:
        await verb(build(not_one(rows)).db.table("t")).eq("b", 1).returning_row()
    assert caught.value.delivery is Delivery.ANSWERED


async def test_a_row_that_is_gone_after_a_lost_answer_is_in_doubt(build: Any) -> None:
    """An earlier attempt may have deleted it."""
    with pytest.raises(UnsettledWriteError):
        await build(LOST, not_one(0)).db.table("t").delete().eq("id", 1).returning_row()


async def test_no_row_is_found_without_asking(project: Any) -> None:
    """By a list of no values."""
    with pytest.raises(NotFoundError):
        await project.db.table("t").update({"a": 1}).in_("id", []).returning_row()
    assert project.requests == []


@pytest.mark.parametrize(
    "steps", [lambda q: q.if_version(1).returning_row(), lambda q: q.returning_row().if_version(1)]
)
def test_a_version_answers_with_a_list(steps: Any, project: Any) -> None:
    """It says by itself whether the row was there."""
    with pytest.raises(InvalidRequestError, match="returning"):
        steps(project.db.table("t").update({"a": 1}).eq("id", 1))


@pytest.mark.parametrize("rows", [-1, True, 1.5, "5"])
def test_a_bound_that_is_no_number_of_rows_is_refused(rows: Any, project: Any) -> None:
    """When it is said."""
    with pytest.raises(InvalidRequestError):
        project.db.table("t").delete().eq("a", 1).max_affected(rows)


@pytest.mark.parametrize(
    "make",
    [
        lambda t: t.delete().not_(col("id").in_([])),
        lambda t: t.update({"a": 1}).where(not_(col("id").in_([]))),
        lambda t: t.soft_delete(),
        lambda t: t.restore(),
    ],
)
async def test_a_filter_that_leaves_no_row_out_is_no_filter(make: Any, project: Any) -> None:
    """Nor are those that a soft delete has of its own."""
    with pytest.raises(InvalidRequestError, match="all_rows=True"):
        await make(project.db.table("t"))
    assert project.requests == []


async def test_a_soft_delete_sets_the_servers_time(build: Any) -> None:
    """Of the rows that are not deleted yet; a restore takes it back from those that are."""
    project = build(*[Reply(204)] * 3)
    users = project.db.table("users")
    await users.soft_delete().eq("id", 7)
    await users.restore().eq("id", 7)
    await users.soft_delete("gone->at", all_rows=True)
    sent = [(request.method, request.url.partition("?")[2]) for request in project.requests]
    assert sent == [
        ("PATCH", "id=eq.7&deleted_at=is.null"),
        ("PATCH", "id=eq.7&deleted_at=not.is.null"),
        ("PATCH", "%22gone-%3Eat%22=is.null"),
    ]
    assert [json.loads(request.body) for request in project.requests] == [
        {"deleted_at": "now"},
        {"deleted_at": None},
        {"gone->at": "now"},
    ]


GONE = [
    lambda t: t.delete().eq("id", 1),
    lambda t: t.soft_delete().eq("id", 1),
    lambda t: t.restore().eq("id", 1),
]


@pytest.mark.parametrize("make", GONE)
async def test_what_can_be_done_twice_is_repeated_and_says_so(make: Any, build: Any) -> None:
    """Deleting and restoring; the result tells that it was done by more than one attempt."""
    project = build(LOST, Reply(204), Reply(204))
    change = make(project.db.table("t"))
    assert (await change.with_response()).replayed
    assert not (await change.with_response()).replayed


@pytest.mark.parametrize("make", GONE)
@pytest.mark.parametrize("step", ["returning", "count"])
async def test_rows_that_an_earlier_attempt_may_have_touched_are_not_told_as_none(
    step: str, make: Any, build: Any
) -> None:
    """The repetition finds nothing: that nothing was there would be a guess."""
    nothing = Reply(200, json=[], headers={"content-range": "*/0"}) if step == "returning" else None
    project = build(LOST, nothing or Reply(204, headers={"content-range": "*/0"}))
    with pytest.raises(UnsettledWriteError) as caught:
        await getattr(make(project.db.table("t")), step)()
    assert (caught.value.delivery, caught.value.attempts) == (Delivery.UNKNOWN, 2)


async def test_rows_that_the_repetition_touched_are_told(build: Any) -> None:
    """The lost attempt had done nothing then."""
    project = build(LOST, Reply(200, json=[{"id": 1}], headers={"content-range": "*/1"}))
    assert await project.db.table("t").delete().eq("id", 1).returning("id") == [{"id": 1}]


async def test_nothing_found_is_an_answer_where_no_attempt_is_in_doubt(build: Any) -> None:
    """As ever."""
    project = build(Reply(200, json=[], headers={"content-range": "*/0"}))
    assert await project.db.table("t").delete().eq("id", 1).returning("id") == []


async def test_a_token_that_is_renewed_meanwhile_hides_no_deleted_row(build: Any) -> None:
    """The call with the new token finds nothing, since the one with the old token may have deleted it."""

    async def refresh() -> str:
        return "new-token"

    expired = Reply(401, json={"code": "PGRST301", "message": "JWT expired"})
    project = build(LOST, expired, Reply(200, json=[], headers={"content-range": "*/0"}))
    mine = project.db.as_user("old-token", refresh=refresh).table("t")
    with pytest.raises(UnsettledWriteError):
        await mine.delete().eq("id", 1).returning()
