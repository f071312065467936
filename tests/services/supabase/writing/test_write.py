from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from viber.errors import (
    ConflictError,
    Delivery,
    InvalidRequestError,
    ServerError,
    TransportError,
)
from viber.testing import Fail, Reply


class Order(BaseModel):
    id: int
    total: Decimal = Decimal(0)


def prefer(project: Any) -> set[str]:
    return set((project.header("prefer") or "").split(","))


async def test_an_insert_is_a_post_that_answers_nothing(build: Any) -> None:
    """The row is not sent back unless it is asked for."""
    project = build(Reply(201))
    assert await project.db.table("orders", Order).insert(Order(id=1, total=Decimal("9.90"))) is None
    assert (project.sent.method, project.sent.url) == ("POST", "https://project.example/rest/v1/orders")
    assert json.loads(project.sent.body) == {"id": 1, "total": "9.90"}
    assert prefer(project) == {"return=minimal"}


async def test_returning_gives_the_rows(build: Any) -> None:
    """As the table's type for all columns, as dicts for some, or as another model."""
    project = build(*[Reply(201, json=[{"id": 1, "total": 2}])] * 3)
    orders = project.db.table("orders", Order)
    assert await orders.insert({"id": 1}).returning() == [Order(id=1, total=Decimal(2))]
    assert await orders.insert({"id": 1}).returning("id", "total") == [{"id": 1, "total": 2}]
    assert await orders.insert({"id": 1}).returning("id", model=dict[str, str | int]) == [
        {"id": 1, "total": 2}
    ]
    assert project.requests[1].url.endswith("/orders?select=id,total")
    assert dict(project.requests[0].headers)["prefer"] == "return=representation"


async def test_rows_with_different_columns_get_the_databases_defaults(build: Any) -> None:
    """The union of the columns is named, and what is missing is a default and not a null."""
    project = build(Reply(201))
    await project.db.table("t").insert([{"a": 1}, {"b,c": 2}])
    assert project.query() == [("columns", 'a,"b,c"')]
    assert prefer(project) == {"return=minimal", "missing=default"}


async def test_no_rows_are_not_sent(project: Any) -> None:
    """An empty list is done without a request."""
    table = project.db.table("t")
    assert await table.insert([]) is None
    assert await table.insert([]).returning() == []
    assert await table.upsert([]).returning("id") == []
    assert project.requests == []


@pytest.mark.parametrize(
    ("options", "resolution", "query"),
    [
        ({}, "resolution=merge-duplicates", None),
        ({"on_conflict": "id"}, "resolution=merge-duplicates", "id"),
        ({"on_conflict": ("a", "b c")}, "resolution=merge-duplicates", 'a,"b c"'),
        ({"on_duplicate": "ignore"}, "resolution=ignore-duplicates", None),
    ],
)
async def test_an_upsert_says_what_a_duplicate_is_and_becomes(
    options: dict[str, Any], resolution: str, query: str | None, build: Any
) -> None:
    """Merged or ignored, by the columns that tell."""
    project = build(Reply(201))
    await project.db.table("t").upsert({"id": 1}, **options)
    assert prefer(project) == {"return=minimal", resolution}
    assert project.sent.url.endswith("/t") if query is None else project.query() == [("on_conflict", query)]


async def test_an_update_is_a_patch_of_what_its_filters_find(build: Any) -> None:
    """The filters are in the query string, the values in the body."""
    project = build(Reply(204))
    assert await project.db.table("t").update({"a": 1}).eq("id", 1).in_("x", [1, 2]) is None
    assert (project.sent.method, project.sent.body) == ("PATCH", b'{"a":1}')
    assert project.query() == [("id", "eq.1"), ("x", "in.(1,2)")]


async def test_a_delete_has_no_body(build: Any) -> None:
    """Its rows come back when they are asked for, wherever in the chain that is said."""
    project = build(Reply(200, json=[{"id": 1}]), Reply(200, json=[{"id": 1}]))
    assert await project.db.table("t").delete().returning("id").eq("id", 1) == [{"id": 1}]
    assert await project.db.table("t").delete().eq("id", 1).returning("id") == [{"id": 1}]
    first, second = project.requests
    assert (first.method, first.url, first.body) == (second.method, second.url, second.body)
    assert (first.method, first.body, first.url.partition("?")[2]) == ("DELETE", None, "select=id&id=eq.1")


@pytest.mark.parametrize(
    "make", [lambda t: t.update({"a": 1}), lambda t: t.delete(), lambda t: t.delete().returning()]
)
async def test_a_change_without_a_filter_is_refused(make: Any, project: Any) -> None:
    """Before anything is sent: the server has no such guard."""
    with pytest.raises(InvalidRequestError, match="all_rows=True") as caught:
        await make(project.db.table("t"))
    assert caught.value.delivery is Delivery.NOT_SENT
    assert project.requests == []


async def test_all_rows_may_be_meant(build: Any) -> None:
    """When it is said."""
    project = build(Reply(204), Reply(204))
    await project.db.table("t").update({"a": 1}, all_rows=True)
    await project.db.table("t").delete(all_rows=True)
    assert [request.url.endswith("/t") for request in project.requests] == [True, True]


async def test_a_change_of_an_empty_list_is_not_sent(project: Any) -> None:
    """An empty list counts as a filter, and finds nothing."""
    assert await project.db.table("t").delete().in_("id", []) is None
    assert await project.db.table("t").update({"a": 1}).in_("id", []).returning() == []
    assert project.requests == []


async def test_a_page_in_place_of_success_is_not_success(build: Any) -> None:
    """A write that a gateway answers with a page of its own may not have happened."""
    project = build(Reply(200, body=b"<html>hello</html>", headers={"content-type": "text/html"}))
    with pytest.raises(ServerError, match="may have acted") as caught:
        await project.db.table("t").insert({"a": 1})
    assert caught.value.delivery is Delivery.UNKNOWN


LOST = Fail(lambda: TransportError("reset", delivery=Delivery.UNKNOWN))
UNSENT = Fail(lambda: TransportError("refused", delivery=Delivery.NOT_SENT))
BUSY = Reply(503, json={"code": "PGRST002", "message": "no schema cache"})


@pytest.mark.parametrize("trouble", [LOST, Reply(503), Reply(502, body=b"<html>"), Reply(500)])
@pytest.mark.parametrize(
    "make",
    [
        lambda db: db.table("t").insert({"a": 1}),
        lambda db: db.table("t").upsert({"a": 1}),
        lambda db: db.table("t").update({"a": 1}).eq("id", 1),
        lambda db: db.rpc("f"),
    ],
)
async def test_a_write_of_unknown_outcome_is_not_repeated(make: Any, trouble: Any, build: Any) -> None:
    """It may have happened: the error says so, and nothing is sent a second time."""
    project = build(trouble)
    with pytest.raises((ServerError, TransportError), match="may have acted") as caught:
        await make(project.db)
    assert caught.value.delivery is Delivery.UNKNOWN
    assert len(project.requests) == 1


@pytest.mark.parametrize("trouble", [UNSENT, BUSY, Reply(429, headers={"retry-after": "3"})])
async def test_a_write_that_did_not_happen_is_repeated(trouble: Any, build: Any) -> None:
    """Not sent, or refused before anything was done."""
    project = build(trouble, Reply(201))
    await project.db.table("t").insert({"a": 1})
    assert len(project.requests) == 2


async def test_a_delete_is_repeated(build: Any) -> None:
    """Deleting twice is deleting once."""
    project = build(LOST, Reply(204))
    await project.db.table("t").delete().eq("id", 1)
    assert len(project.requests) == 2


async def test_the_caller_may_say_that_repeating_is_safe(build: Any) -> None:
    """`idempotent=True` holds for the calls of that view."""
    project = build(LOST, Reply(201))
    await project.db.with_options(idempotent=True).table("t").insert({"a": 1})
    assert len(project.requests) == 2


async def test_a_duplicate_key_is_a_conflict(build: Any) -> None:
    """Typed, not repeated, with the operation that met it."""
    project = build(Reply(409, json={"code": "23505", "message": "duplicate key", "details": "Key (id)=(1)"}))
    with pytest.raises(ConflictError) as caught:
        await project.db.table("orders").insert({"id": 1})
    assert (caught.value.operation, caught.value.attempts, caught.value.status) == ("insert orders", 1, 409)


@pytest.mark.parametrize(
    "make",
    [
        lambda t: t.insert({"a": float("nan")}),
        lambda t: t.insert([{"a": 1}, 5]),
        lambda t: t.update({}),
        lambda t: t.upsert({"a": 1}, on_conflict=""),
        lambda t: t.insert({"a": 1}).returning("a\0"),
    ],
)
def test_a_write_that_cannot_be_sent_is_refused_when_it_is_made(make: Any, project: Any) -> None:
    """Where the mistake is."""
    with pytest.raises(InvalidRequestError):
        make(project.db.table("t"))
