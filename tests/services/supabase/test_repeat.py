"""How a keyed insert is settled, against a script; test_integration_exactly_once asks the real server."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

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
    with pytest.raises(UnsettledWriteError, match="no row of that key can be seen") as caught:
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


async def test_the_lost_answer_is_put_together_again(build: Any) -> None:
    """The rows, the one row, the count, or the key of the new one."""
    there = Reply(json=[{"id": 1, "total": 0}])
    settled = (LOST, DUPLICATE, there)
    assert await orders(build(*settled, there)).insert(Order(id=1)).returning() == [Order(id=1)]
    assert await orders(build(*settled, there)).insert(Order(id=1)).returning_row() == Order(id=1)
    assert await orders(build(*settled)).insert(Order(id=1)).count() == 1
    assert await orders(build(*settled)).insert(Order(id=1)).returning_key() == {"id": "1"}


async def test_returned_columns_are_asked_for_as_in_the_insert(build: Any) -> None:
    """With the same select."""
    project = build(LOST, DUPLICATE, Reply(json=[{"id": 1}]), Reply(json=[{"total": 5}]))
    assert await orders(project).insert({"id": 1}).returning("total") == [{"total": 5}]
    assert query(project.requests[3]) == {"select": "total", "order": "id", "or": "(id.eq.1)"}


async def test_many_rows_come_back_in_the_order_in_which_they_were_sent(build: Any) -> None:
    """Though they can only be asked for in the order of their key."""
    there = Reply(json=[{"id": 1, "total": 0}, {"id": 2, "total": 0}, {"id": 3, "total": 0}])
    project = build(LOST, DUPLICATE, there, there, there)
    rows = await orders(project).insert([Order(id=3), Order(id=1), Order(id=2)]).returning()
    assert [row.id for row in rows] == [3, 1, 2]


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


async def test_many_rows_are_asked_for_a_hundred_at_a_time(build: Any) -> None:
    """So that no cap of the server makes an answer short."""
    pages = [[{"id": n, "total": 0} for n in range(first, min(first + 100, 250))] for first in (0, 100, 200)]
    project = build(LOST, DUPLICATE, *[Reply(json=page) for page in pages])
    assert await orders(project).insert([Order(id=n) for n in range(250)]) is None
    sizes = [query(request)["or"].count("id.eq.") for request in project.requests[2:]]
    assert sizes == [100, 100, 50]


async def test_no_question_is_longer_than_a_url_may_be(build: Any) -> None:
    """Long keys are asked for in more questions."""

    def there(request: Any) -> Reply:
        keys = unquote(query(request)["or"]).strip("()").replace("id.eq.", "").split(",")
        return Reply(json=[{"id": key.strip('"')} for key in keys])

    rows = [{"id": f"{n}-{'x' * 60}"} for n in range(40)]
    project = build(LOST, DUPLICATE, *[there] * 20, max_url_length=600)
    assert await project.db.table("t", key="id").insert(rows) is None
    looks = project.requests[2:]
    assert len(looks) > 4
    assert max(len(request.url) for request in looks) <= 600


async def test_a_long_text_needs_no_long_url(build: Any) -> None:
    """It is compared as it was read."""
    row = {"id": 1, "text": "x" * 20_000}
    project = build(LOST, DUPLICATE, Reply(json=[row]))
    assert await project.db.table("t", key="id").insert(row) is None


async def test_another_text_that_is_too_long_to_be_asked_for_is_another(build: Any) -> None:
    """No type of PostgreSQL writes a long text otherwise than it got it."""
    project = build(LOST, DUPLICATE, Reply(json=[{"id": 1, "text": "y" * 20_000}]))
    with pytest.raises(ConflictError):
        await project.db.table("t", key="id").insert({"id": 1, "text": "x" * 20_000})


async def test_a_key_of_several_columns_is_asked_for_together(build: Any) -> None:
    """A time is found in whatever zone the server writes it."""
    project = build(
        LOST,
        DUPLICATE,
        Reply(json=[{"sensor": "a", "at": "2026-01-01T00:00:00+00:00", "value": 1}]),
        Reply(json=[{"sensor": "a", "at": "2026-01-01T00:00:00+00:00"}]),
    )
    row = {"sensor": "a", "at": "2026-01-01T01:00:00+01:00", "value": 1}
    assert await project.db.table("m", key=("sensor", "at")).insert(row) is None
    assert query(project.requests[2])["or"] == '(and(sensor.eq.a,at.eq."2026-01-01T01:00:00+01:00"))'


async def test_a_key_that_the_server_spells_otherwise_is_asked_for_alone(build: Any) -> None:
    """An upper-case UUID comes back in lower case: among several rows it is not recognised."""
    big, small = "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
    project = build(LOST, DUPLICATE, *[Reply(json=[{"id": small}])] * 3)
    assert await project.db.table("t", key="id").insert({"id": big}) is None
    assert query(project.requests[4])["or"] == f"(and(id.eq.{big},id.eq.{big}))"


async def test_times_are_compared_in_the_zone_of_the_insert(build: Any) -> None:
    """A time without an offset means another instant in another zone."""
    applied = {"preference-applied": "handling=strict, timezone=Europe/Paris"}
    row = {"id": 1, "at": "2026-01-01T00:00:00"}
    project = build(LOST, DUPLICATE, Reply(json=[row], headers=applied))
    await project.db.table("t", key="id").insert(row).time_zone("Europe/Paris")
    assert dict(project.requests[2].headers)["prefer"] == "handling=strict,timezone=Europe/Paris"


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
