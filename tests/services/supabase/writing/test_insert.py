from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel

from viber.errors import Delivery, InvalidRequestError, ServerError, TransportError
from viber.services.supabase import UnsettledWriteError
from viber.testing import Fail, Reply

LOST = Fail(lambda: TransportError("reset", delivery=Delivery.UNKNOWN))


class Order(BaseModel):
    id: int
    total: int = 0


def prefer(request: Any) -> set[str]:
    return set((dict(request.headers).get("prefer") or "").split(","))


async def test_the_columns_to_write_can_be_chosen(build: Any) -> None:
    """They are named, what else a row holds is left to the server to leave out, gaps are defaults."""
    project = build(Reply(201))
    await project.db.table("t").insert([{"a": 1, "x": 2}, {"a": 3}], columns=["a", "b c"])
    assert project.query() == [("columns", 'a,"b c"')]
    assert json.loads(project.sent.body) == [{"a": 1, "x": 2}, {"a": 3}]
    assert prefer(project.sent) == {"return=minimal", "missing=default"}


async def test_what_is_missing_can_be_null(build: Any) -> None:
    """PostgREST's own habit, where the union of the columns is named."""
    project = build(Reply(201))
    await project.db.table("t").insert([{"a": 1}, {"b": 2}], missing="null")
    assert project.query() == [("columns", "a,b")]
    assert prefer(project.sent) == {"return=minimal"}


@pytest.mark.parametrize(
    "make",
    [
        lambda t: t.insert({"a": 1}, columns=[]),
        lambda t: t.insert({"a": 1}, columns=[""]),
        lambda t: t.insert({"a": 1}, missing="nothing"),
        lambda t: t.upsert({"a": 1}, on_duplicate="crash"),
        lambda t: t.insert([{"a": 1}]).returning_key(),
        lambda t: t.insert([{"a": 1}]).returning_row(),
        lambda t: t.insert({"a": 1}).again(),
        lambda t: t.insert({"a": 1}).count("planned"),
        lambda t: t.delete().count("estimated"),
        lambda t: t.upsert({"id": 1}).again(),
    ],
)
def test_what_makes_no_sense_is_refused_when_it_is_said(make: Any, project: Any) -> None:
    """And nobody has to run it."""
    with pytest.raises(InvalidRequestError):
        make(project.db.table("t", key="id"))


async def test_the_number_of_rows_can_be_the_answer(build: Any) -> None:
    """The server counts, and sends no row back."""
    project = build(Reply(201, headers={"content-range": "*/2"}))
    assert await project.db.table("t").insert([{"a": 1}, {"a": 2}]).count("exact") == 2
    assert prefer(project.sent) == {"return=minimal", "count=exact"}


async def test_the_key_of_the_new_row_can_be_the_answer(build: Any) -> None:
    """From the header, and nothing else comes back; names may be quoted."""
    location = "/t?id=eq.7&%22a.b%22=eq.x%20y"
    project = build(Reply(201, headers={"location": location}))
    assert await project.db.table("t").insert({"a": 1}).returning_key() == {"id": "7", "a.b": "x y"}
    assert prefer(project.sent) == {"return=headers-only"}


async def test_the_row_itself_can_be_the_answer(build: Any) -> None:
    """One row, and not a list of one."""
    project = build(Reply(201, json=[{"id": 1, "total": 2}]))
    assert await project.db.table("t", Order).insert({"id": 1}).returning_row() == Order(id=1, total=2)


async def test_nothing_to_write_answers_like_nothing(project: Any) -> None:
    """Without a request."""
    table = project.db.table("t")
    assert await table.insert([]).count() == 0
    assert project.requests == []


async def test_an_upsert_that_ignores_is_repeated_if_it_carries_its_key(build: Any) -> None:
    """Ignoring twice is ignoring once: by the declared key, or by the columns that tell."""
    for table, options in (("t", {}), ("u", {"on_conflict": ("a", "b")})):
        project = build(LOST, Reply(201))
        rows = [{"id": 1, "a": 1, "b": 2}]
        await project.db.table(table, key="id").upsert(rows, on_duplicate="ignore", **options)
        assert len(project.requests) == 2


@pytest.mark.parametrize(
    ("row", "options"),
    [
        ({"id": 1}, {}),
        ({"a": 1}, {"on_duplicate": "ignore"}),
        ({"id": None}, {"on_duplicate": "ignore"}),
        ({"id": 1}, {"on_duplicate": "ignore", "on_conflict": "email"}),
    ],
)
async def test_other_upserts_are_not_repeated(row: Any, options: Any, build: Any) -> None:
    """One that merges could undo what others did; one without a key could insert twice."""
    project = build(LOST)
    with pytest.raises(TransportError) as caught:
        await project.db.table("t", key="id").upsert(row, **options)
    assert caught.value.delivery is Delivery.UNKNOWN
    assert len(project.requests) == 1


@pytest.mark.parametrize("told", [0, 1])
async def test_an_ignoring_upsert_that_is_repeated_does_not_tell_half(told: int, build: Any) -> None:
    """Rows of an earlier attempt are ignored by the next: if any is not told, the outcome is unknown."""
    rows = [{"id": number} for number in range(told)]
    project = build(LOST, Reply(201, json=rows, headers={"content-range": f"*/{told}"}))
    query = project.db.table("t", key="id").upsert([{"id": 0}, {"id": 1}], on_duplicate="ignore")
    with pytest.raises(UnsettledWriteError) as caught:
        await query.returning()
    assert caught.value.delivery is Delivery.UNKNOWN


async def test_an_ignoring_upsert_whose_repetition_tells_all_is_answered(build: Any) -> None:
    """Then it was this attempt that inserted them."""
    project = build(LOST, Reply(201, headers={"content-range": "*/2"}))
    query = project.db.table("t", key="id").upsert([{"id": 0}, {"id": 1}], on_duplicate="ignore")
    assert await query.count() == 2


async def test_an_answer_without_what_was_asked_for_is_no_success(build: Any) -> None:
    """A gateway in between may have dropped it: the outcome is unknown."""
    with pytest.raises(ServerError, match="may have acted") as caught:
        await build(Reply(201)).db.table("t").insert({"a": 1}).count()
    assert caught.value.delivery is Delivery.UNKNOWN


@pytest.mark.parametrize("make", [lambda t: t.insert({"a": 1}), lambda t: t.insert({"a": 1}).returning_key()])
@pytest.mark.parametrize(
    "reply", [Reply(200), Reply(200, body=b"<html>", headers={"content-type": "text/html"})]
)
async def test_an_answer_that_may_come_from_anything_is_no_success(
    make: Any, reply: Reply, build: Any
) -> None:
    """A bare 200, or a page: PostgREST answers 201, or says in a header field how many rows there are."""
    with pytest.raises(ServerError) as caught:
        await make(build(reply).db.table("t"))
    assert (caught.value.code, caught.value.delivery) == ("supabase.unreadable", Delivery.UNKNOWN)


async def test_a_merge_that_inserted_nothing_is_a_success(build: Any) -> None:
    """From PostgREST 13 on it is answered by 200."""
    project = build(Reply(200, headers={"content-range": "*/*"}))
    assert await project.db.table("t").upsert({"a": 1}) is None


async def test_a_table_without_a_key_has_none_to_tell(build: Any) -> None:
    """The row was written all the same, and the error says so."""
    with pytest.raises(InvalidRequestError, match="the row was written") as caught:
        await build(Reply(201)).db.table("t").insert({"a": 1}).returning_key()
    assert caught.value.delivery is Delivery.ANSWERED
