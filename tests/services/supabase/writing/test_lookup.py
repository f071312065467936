"""How rows are looked for within an attempt, and what is made of them."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from pydantic import BaseModel

from viber.errors import ConflictError, Delivery, ServerError, TransportError
from viber.services.supabase import RowMismatchError, UnsettledWriteError
from viber.testing import Fail, Reply

LOST = Fail(lambda: TransportError("reset", delivery=Delivery.UNKNOWN))
DUPLICATE = Reply(409, json={"code": "23505", "message": "duplicate key", "details": "Key (id)=(1) exists."})
HTML = {"content-type": "text/html"}


class Order(BaseModel):
    id: int
    total: int = 0


def query(request: Any) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(request.url).query, strict_parsing=True))


def orders(project: Any, key: Any = "id") -> Any:
    return project.db.table("orders", Order, key=key)


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


@pytest.mark.parametrize("body", [b"<html>", b"", b"{}", b"[1", b"5"])
async def test_a_look_that_is_answered_with_something_else_settles_nothing(body: bytes, build: Any) -> None:
    """A page of a gateway, or half an answer: typed, and of unknown outcome."""
    project = build(*[LOST, DUPLICATE, Reply(200, body=body, headers=HTML)] * 2, max_url_length=8000)
    with pytest.raises((ServerError, UnsettledWriteError, TransportError)) as caught:
        await orders(project).insert(Order(id=1))
    assert caught.value.delivery is Delivery.UNKNOWN


async def test_rows_that_went_away_meanwhile_are_not_made_up(build: Any) -> None:
    """Between the look and the rows: as many as are left; where one row is the answer, none is no answer."""
    there = Reply(json=[{"id": 1, "total": 0}, {"id": 2, "total": 0}])
    left = Reply(json=[{"id": 2, "total": 0}])
    project = build(LOST, DUPLICATE, there, left, left)
    assert await orders(project).insert([Order(id=1), Order(id=2)]).returning() == [Order(id=2)]
    project = build(LOST, DUPLICATE, Reply(json=[{"id": 1, "total": 0}]), Reply(json=[]))
    with pytest.raises(UnsettledWriteError, match="no answer"):
        await orders(project).insert(Order(id=1)).returning_row()


async def test_a_row_that_does_not_fit_the_model_is_told_as_ever(build: Any) -> None:
    """It was written: the error is that of every answer."""
    project = build(
        LOST, DUPLICATE, Reply(json=[{"id": 1, "total": 0}]), Reply(json=[{"id": 1, "total": "much"}])
    )
    with pytest.raises(RowMismatchError):
        await orders(project).insert(Order(id=1)).returning()


async def test_a_comparison_that_the_server_refuses_is_not_fulfilled(build: Any) -> None:
    """No such value of that type, or no equality at all: then it is another value."""
    for code, status in (("22P02", 400), ("42883", 404)):
        refused = Reply(status, json={"code": code, "message": "no"})
        project = build(LOST, DUPLICATE, Reply(json=[{"id": 1, "total": "x"}]), refused)
        with pytest.raises(ConflictError, match="other values"):
            await orders(project).insert({"id": 1, "total": "y"})
