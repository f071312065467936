"""How a keyed insert is settled, against a script; test_integration_exactly_once asks the real server."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from pydantic import BaseModel

from viber.errors import (
    AuthenticationError,
    ConflictError,
    Delivery,
    InvalidRequestError,
    ServerError,
    SupabaseError,
    TransportError,
)
from viber.services.supabase import UnsettledWriteError
from viber.testing import Fail, Reply

LOST = Fail(lambda: TransportError("reset", delivery=Delivery.UNKNOWN))
UNSENT = Fail(lambda: TransportError("refused", delivery=Delivery.NOT_SENT))
DUPLICATE = Reply(
    409, json={"code": "23505", "message": "duplicate key", "details": "Key (id)=(1) already exists."}
)
FORBIDDEN = Reply(401, json={"code": "42501", "message": "permission denied for table t"})


class Order(BaseModel):
    id: int
    total: int = 0


def query(request: Any) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(request.url).query, strict_parsing=True))


def orders(project: Any, key: Any = "id") -> Any:
    return project.db.table("orders", Order, key=key)


async def test_a_duplicate_of_equal_json_is_our_own_row(build: Any) -> None:
    """One question for the row of that key is enough, and the result says that it was there."""
    project = build(LOST, DUPLICATE, Reply(json=[{"id": 1, "total": 2}]))
    result = await orders(project).insert(Order(id=1, total=2)).with_response()
    assert (result.data, result.replayed, result.attempts, result.count) == (None, True, 2, 1)
    assert [request.method for request in project.requests] == ["POST", "POST", "GET"]
    assert query(project.requests[2]) == {"select": "id,total", "or": "(id.eq.1)"}


async def test_what_json_does_not_tell_postgresql_is_asked(build: Any) -> None:
    """A text that the server writes as a number, in a form that JSON does not have: only what is unlike."""
    project = build(
        LOST,
        DUPLICATE,
        Reply(json=[{"id": 1, "total": 1.1, "note": "a"}]),
        Reply(json=[{"id": 1}]),
    )
    assert await orders(project).insert({"id": 1, "total": "1.10", "note": "a"}) is None
    assert query(project.requests[3]) == {"select": "id", "or": '(and(id.eq.1,total.eq."01.10"))'}


async def test_other_values_are_the_real_conflict(build: Any) -> None:
    """With a word that an earlier attempt may have written it all the same."""
    project = build(LOST, DUPLICATE, Reply(json=[{"id": 1, "total": 3}]), Reply(json=[]))
    with pytest.raises(ConflictError, match="duplicate key; the row of that key has other values") as caught:
        await orders(project).insert(Order(id=1, total=2))
    assert (caught.value.delivery, caught.value.attempts) == (Delivery.UNKNOWN, 2)


async def test_an_object_with_other_members_is_another_value(build: Any) -> None:
    """It is not asked for: a json column has no equality."""
    project = build(LOST, DUPLICATE, Reply(json=[{"id": 1, "meta": {"a": 2}}]))
    with pytest.raises(ConflictError):
        await orders(project).insert({"id": 1, "meta": {"a": 1}})


async def test_a_row_that_cannot_be_seen_is_unknown(build: Any) -> None:
    """Row level security may hide it, and it is no conflict with others as far as we know."""
    project = build(LOST, DUPLICATE, Reply(json=[]), Reply(json=[]))
    with pytest.raises(UnsettledWriteError, match="not every row of its key can be seen") as caught:
        await orders(project).insert(Order(id=1))
    assert not isinstance(caught.value, ConflictError)
    assert caught.value.delivery is Delivery.UNKNOWN


async def test_a_look_that_is_refused_is_unknown(build: Any) -> None:
    """Who may not read cannot tell; the refusal is the cause."""
    project = build(LOST, DUPLICATE, FORBIDDEN)
    with pytest.raises(UnsettledWriteError, match="permission denied") as caught:
        await orders(project).insert(Order(id=1))
    assert isinstance(caught.value.__cause__, SupabaseError)


async def test_a_look_that_fails_is_repeated_with_the_attempt(build: Any) -> None:
    """The whole attempt: insert, duplicate, look."""
    project = build(LOST, DUPLICATE, LOST, DUPLICATE, Reply(json=[{"id": 1, "total": 0}]))
    assert await orders(project).insert(Order(id=1)) is None
    assert len(project.requests) == 5


async def test_a_look_that_fails_to_the_end_is_unknown(build: Any) -> None:
    """The error of the look, with the delivery of the whole."""
    project = build(LOST, DUPLICATE, Reply(503), DUPLICATE, Reply(503))
    with pytest.raises(ServerError) as caught:
        await orders(project).insert(Order(id=1))
    assert (caught.value.delivery, caught.value.attempts) == (Delivery.UNKNOWN, 3)


async def test_a_duplicate_of_another_constraint_is_the_real_conflict(build: Any) -> None:
    """PostgreSQL says which: our key is not there, and another row is in the way."""
    other = Reply(
        409, json={"code": "23505", "message": "duplicate", "details": 'Key ("eMail")=(x) already exists.'}
    )
    project = build(LOST, other, Reply(json=[]), Reply(json=[]))
    with pytest.raises(ConflictError):
        await orders(project).insert({"id": 1, "eMail": "x"})


async def test_any_refusal_of_a_repetition_may_be_of_our_own_making(build: Any) -> None:
    """Of a trigger that counts rows, perhaps: if the row is there, it is done; else the refusal stands."""
    raised = Reply(400, json={"code": "P0001", "message": "one order a day"})
    project = build(LOST, raised, Reply(json=[{"id": 1, "total": 0}]))
    assert await orders(project).insert(Order(id=1)) is None
    project = build(LOST, raised, Reply(json=[]), Reply(json=[]))
    with pytest.raises(InvalidRequestError, match="one order a day") as caught:
        await orders(project).insert(Order(id=1))
    assert caught.value.delivery is Delivery.UNKNOWN


@pytest.mark.parametrize("before", [[], [UNSENT], [Reply(503, json={"code": "PGRST002", "message": "no"})]])
async def test_a_duplicate_without_a_doubt_is_a_conflict(before: list[Any], build: Any) -> None:
    """In the first attempt, and after those that surely did nothing: nobody looks."""
    project = build(*before, DUPLICATE)
    with pytest.raises(ConflictError) as caught:
        await orders(project).insert(Order(id=1))
    assert caught.value.delivery is Delivery.ANSWERED
    assert len(project.requests) == len(before) + 1


async def test_an_insert_may_be_done_again(build: Any) -> None:
    """What another call may have written is looked for in the first attempt, too."""
    project = build(DUPLICATE, Reply(json=[{"id": 1, "total": 0}]))
    result = await orders(project).insert(Order(id=1)).again().with_response()
    assert (result.replayed, result.attempts) == (True, 1)


@pytest.mark.parametrize(("key", "row"), [(None, {"id": 1}), ("id", {"total": 1}), ("id", {"id": None})])
async def test_without_its_key_an_insert_is_not_repeated(key: Any, row: Any, build: Any) -> None:
    """The table has none, or the row does not carry it."""
    project = build(LOST)
    with pytest.raises(TransportError, match="may have acted") as caught:
        await orders(project, key).insert(row)
    assert (caught.value.delivery, len(project.requests)) == (Delivery.UNKNOWN, 1)


async def test_a_key_that_is_not_written_is_no_key(build: Any) -> None:
    """`columns` leaves it to the database."""
    with pytest.raises(TransportError):
        await orders(build(LOST)).insert({"id": 1, "total": 2}, columns=["total"])


async def test_some_of_many_rows_are_not_all(build: Any) -> None:
    """One transaction writes all or none: what is missing makes it unknown."""
    project = build(LOST, DUPLICATE, Reply(json=[{"id": 1, "total": 0}]), Reply(json=[]))
    with pytest.raises(UnsettledWriteError):
        await orders(project).insert([Order(id=1), Order(id=2)])


async def test_a_list_with_a_key_twice_is_the_real_conflict(build: Any) -> None:
    """It can never have been written."""
    project = build(LOST, DUPLICATE)
    with pytest.raises(ConflictError):
        await orders(project).insert([Order(id=1), Order(id=1)])
    assert len(project.requests) == 2


async def test_columns_that_are_not_written_are_not_compared(build: Any) -> None:
    """What `columns` leaves out the server never saw."""
    project = build(LOST, DUPLICATE, Reply(json=[{"id": 1}]))
    await project.db.table("t", key="id").insert({"id": 1, "x": 2}, columns=["id"])
    assert query(project.requests[2])["select"] == "id"


async def test_a_token_that_is_renewed_meanwhile_changes_nothing(build: Any) -> None:
    """The call with the new token knows that the one with the old token may have written."""

    async def refresh() -> str:
        return "new-token"

    expired = Reply(401, json={"code": "PGRST301", "message": "JWT expired"})
    there = Reply(json=[{"id": 1, "total": 0}])
    for script in ((LOST, expired, DUPLICATE, there), (LOST, DUPLICATE, expired, DUPLICATE, there)):
        project = build(*script)
        mine = project.db.as_user("old-token", refresh=refresh).table("orders", Order, key="id")
        assert (await mine.insert(Order(id=1)).with_response()).replayed
        assert dict(project.requests[-1].headers)["authorization"] == "Bearer new-token"


async def test_a_refused_token_leaves_a_doubt_as_it_was(build: Any) -> None:
    """Nobody renews it: the refusal, with the delivery of the attempt before."""
    project = build(LOST, Reply(401, json={"code": "PGRST301", "message": "JWT expired"}))
    with pytest.raises(AuthenticationError) as caught:
        await orders(project).insert(Order(id=1))
    assert caught.value.delivery is Delivery.UNKNOWN
