from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from viber.errors import InvalidRequestError, NotFoundError, ServerError
from viber.services.supabase import MultipleRowsError, RowMismatchError, variadic
from viber.testing import Reply


class Order(BaseModel):
    id: int


@pytest.mark.parametrize(
    ("reply", "value"),
    [
        (Reply(200, body=b"3"), 3),
        (Reply(200, body=b'"text"'), "text"),
        (Reply(200, body=b"null"), None),
        (Reply(200, body=b"[2,3]"), [2, 3]),
        (Reply(200, body=b'{"a":1}'), {"a": 1}),
        (Reply(204), None),
    ],
)
async def test_a_function_gives_what_it_returns(reply: Reply, value: object, build: Any) -> None:
    """Scalar, text, null, array, object or nothing at all."""
    assert await build(reply).db.rpc("f") == value


@pytest.mark.parametrize(
    ("body", "returns", "value"),
    [
        (b"3", int, 3),
        (b"12.340", Decimal, Decimal("12.340")),
        (b'"2026-03-01"', date, date(2026, 3, 1)),
        (b"[2,3]", list[int], [2, 3]),
        (b'{"id":1}', Order, Order(id=1)),
        (b'[{"id":1}]', list[Order], [Order(id=1)]),
        (b" 3 \n", int, 3),
    ],
)
async def test_one_value_has_the_type_that_was_asked(
    body: bytes, returns: Any, value: object, build: Any
) -> None:
    """Exact, and of the very type."""
    found = await build(Reply(200, body=body)).db.rpc("f", returns=returns)
    assert (found, type(found), str(found)) == (value, type(value), str(value))


@pytest.mark.parametrize("reply", [Reply(200, body=b'"x"'), Reply(200, body=b"null"), Reply(204)])
async def test_a_value_of_another_type_is_a_mismatch(reply: Reply, build: Any) -> None:
    """The function is named; nothing is no number."""
    with pytest.raises(RowMismatchError, match="rpc f does not fit int"):
        await build(reply).db.rpc("f", returns=int)


@pytest.mark.parametrize("body", [b"", b"1,2", b"3]", b"<html>"])
@pytest.mark.parametrize("options", [{}, {"returns": int}])
async def test_an_answer_that_is_cut_or_strange_is_an_error(body: bytes, options: Any, build: Any) -> None:
    """An empty 200 is not null, and two values are not one."""
    with pytest.raises(ServerError):
        await build(*[Reply(200, body=body)] * 3).db.rpc("f", **options)


@pytest.mark.parametrize("body", [b"", b"<html>", b'[{"id":'])
async def test_rows_that_are_cut_or_strange_are_an_error(body: bytes, build: Any) -> None:
    """An empty 200 is not an empty set."""
    with pytest.raises(ServerError):
        await build(*[Reply(200, body=body)] * 3).db.rpc("f", model=Order)


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        (b' [{"id":1},{"id":2}]', [Order(id=1), Order(id=2)]),
        (b'{"id":1}', [Order(id=1)]),
        (b"null", []),
        (b"[]", []),
    ],
)
async def test_a_model_makes_rows_of_it(body: bytes, rows: list[Order], build: Any) -> None:
    """A set is a list; one row is a list of one; null is none."""
    assert await build(Reply(200, body=body)).db.rpc("f", model=Order) == rows


async def test_scalars_may_be_rows_too(build: Any) -> None:
    """A set of numbers, exact."""
    assert str(await build(Reply(200, body=b"12.340")).db.rpc("f", model=Decimal)) == "[Decimal('12.340')]"


async def test_a_function_without_a_result_has_no_rows(build: Any) -> None:
    """A void function called for rows."""
    assert await build(Reply(204)).db.rpc("f", model=Order) == []


async def test_arguments_are_the_body_of_a_post(build: Any) -> None:
    """Named, as JSON; no arguments are an empty object."""
    project = build(Reply(200, body=b"1"), Reply(200, body=b"1"))
    await project.db.rpc("odd name", {"d": date(2026, 1, 1), "n": None, "v": variadic(1, 2)})
    await project.db.rpc("f")
    first, second = project.requests
    assert (first.method, first.url) == ("POST", "https://project.example/rest/v1/rpc/odd%20name")
    assert json.loads(first.body) == {"d": "2026-01-01", "n": None, "v": [1, 2]}
    assert second.body == b"{}"


@pytest.mark.parametrize(
    ("options", "body", "content_type"),
    [
        ({"body": {"a": 1}}, b'{"a":1}', "application/json"),
        ({"body": Order(id=1)}, b'{"id":1}', "application/json"),
        ({"body": [{"a": 1}, {"a": 2}]}, b'[{"a":1},{"a":2}]', "application/json"),
        ({"body": "té\n"}, "té\n".encode(), "text/plain"),
        ({"body": b"\x00\xff"}, b"\x00\xff", "application/octet-stream"),
        ({"body": "<a/>", "content_type": "text/xml"}, b"<a/>", "text/xml"),
    ],
)
async def test_a_body_is_sent_as_it_is(options: Any, body: bytes, content_type: str, build: Any) -> None:
    """To a function of one unnamed parameter: JSON, text or bytes."""
    project = build(Reply(200, body=b"1"))
    await project.db.rpc("f", **options)
    assert (project.sent.body, project.header("content-type")) == (body, content_type)


async def test_arguments_are_the_query_of_a_get(build: Any) -> None:
    """Scalars as they are, lists as array literals, dicts as JSON; of a variadic parameter one by one."""
    project = build(Reply(200, body=b"1"))
    arguments = {"a": "x&y", "tags": ["p,q", 2], "j": {"k": 1}, "v": variadic(1, "2")}
    await project.db.rpc("f", arguments, method="GET")
    assert project.sent.method == "GET"
    assert project.query() == [
        ("a", "x&y"),
        ("tags", '{"p,q","2"}'),
        ("j", '{"k":1}'),
        ("v", "1"),
        ("v", "2"),
    ]


@pytest.mark.parametrize("options", [{"method": "GET"}, {"idempotent": True}])
@pytest.mark.parametrize("more", [{}, {"returns": int}, {"model": int}])
async def test_what_does_no_harm_twice_is_repeated(options: Any, more: Any, build: Any) -> None:
    """A call by GET only reads; of one by POST the caller has to say it."""
    project = build(Reply(503), Reply(200, body=b"1"))
    assert await project.db.rpc("f", **options, **more) in (1, [1])


@pytest.mark.parametrize("more", [{}, {"returns": int}, {"model": int}])
async def test_a_call_by_post_is_not_repeated(more: Any, build: Any) -> None:
    """It may have written before the answer was lost."""
    with pytest.raises(ServerError, match="may have acted"):
        await build(Reply(503)).db.rpc("f", **more)


async def test_rows_of_a_call_are_narrowed_like_those_of_a_table(build: Any) -> None:
    """Arguments in the body or in front; filters, order and bounds behind."""
    project = build(*[Reply(json=[])] * 2)
    for method in ("POST", "GET"):
        orders = project.db.rpc("f", {"a": 1}, model=Order, method=method)
        await orders.eq("status", "open").order("id", desc=True).limit(3)
    posted, got = project.requests
    assert posted.url.endswith("/rpc/f?status=eq.open&order=id.desc&limit=3")
    assert got.url.endswith("/rpc/f?a=1&status=eq.open&order=id.desc&limit=3")
    assert posted.body == b'{"a":1}'


async def test_dict_rows_of_a_call_are_selected(build: Any) -> None:
    """By `select()`, some columns or all."""
    project = build(*[Reply(json=[{"id": 1}])] * 2)
    assert await project.db.rpc("f").select("id").eq("n", 2) == [{"id": 1}]
    assert await project.db.rpc("f").select("id", model=Order).limit(2) == [Order(id=1)]
    assert project.requests[0].url.endswith("/rpc/f?select=id&n=eq.2")


async def test_one_row_may_be_demanded_of_a_call(build: Any) -> None:
    """None and several are errors that name the function."""
    rows = [{"id": 1}, {"id": 2}]
    project = build(Reply(json=rows[:1]), Reply(json=[]), Reply(json=[]), Reply(json=rows))
    assert await project.db.rpc("f", model=Order).one() == Order(id=1)
    assert await project.db.rpc("f", model=Order).first() is None
    with pytest.raises(NotFoundError, match="rpc f"):
        await project.db.rpc("f", model=Order).one()
    with pytest.raises(MultipleRowsError, match="rpc f"):
        await project.db.rpc("f", model=Order).maybe_one()


@pytest.mark.parametrize("step", [lambda rows: rows.in_("id", []), lambda rows: rows.limit(0)])
async def test_a_function_is_called_for_what_it_does(step: Any, project: Any) -> None:
    """Also where its rows are known to be thrown away."""
    assert await step(project.db.rpc("f", model=Order)) == []
    assert len(project.requests) == 1


@pytest.mark.parametrize(
    ("ask", "operation"),
    [
        (lambda db: db.rpc("f"), "rpc f"),
        (lambda db: db.rpc("f", returns=int), "rpc f"),
        (lambda db: db.rpc("f", model=Order).limit(1), "rpc f"),
        (lambda db: db.rpc("f").select().count(), "count rpc f"),
    ],
)
async def test_errors_name_the_function(ask: Any, operation: str, build: Any) -> None:
    """Whatever was asked of it."""
    with pytest.raises(NotFoundError) as caught:
        await ask(build(Reply(404, json={"code": "PGRST202", "message": "m"})).db)
    assert caught.value.operation == operation


async def test_the_answer_of_a_call_can_be_looked_at(build: Any) -> None:
    """As that of every query."""
    result = await build(Reply(200, body=b"3")).db.rpc("f", returns=int).with_response()
    assert (result.data, result.status, result.attempts) == (3, 200, 1)


@pytest.mark.parametrize(
    "step", [lambda call: call, lambda call: call.select("id").eq("id", 1), lambda call: call.select().one()]
)
async def test_a_call_that_was_never_made_warns(step: Any, project: Any) -> None:
    """It may have been meant to write; one that only reads is silent."""
    with pytest.warns(RuntimeWarning, match="call of f was never run"):
        step(project.db.rpc("f"))
    step(project.db.rpc("f", method="GET"))


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ({"limit": 1}, {"method": "GET"}, "POST"),
        ({"": 1}, {"method": "GET"}, "POST"),
        ({"a": None}, {"method": "GET"}, "leave it out"),
        ({"a": "eq.5"}, {"method": "GET"}, "taken for one"),
        ({"a": "not.anything"}, {"method": "GET"}, "taken for one"),
        ({"a": "in.(1)"}, {"method": "GET"}, "taken for one"),
        ({"a": "wfts(english).x"}, {"method": "GET"}, "taken for one"),
        ({"a": "like(any).{x}"}, {"method": "GET"}, "taken for one"),
        ({"a": variadic("x", "gte.1")}, {"method": "GET"}, "taken for one"),
        ({"a": "a\0"}, {"method": "GET"}, "NUL"),
        ({"a": float("inf")}, {}, "finite"),
        ([1, 2], {}, "by name"),
        ("text", {"method": "GET"}, "by name"),
        ({}, {"method": "PUT"}, "POST, GET or HEAD"),
        ({}, {"method": "GET", "body": {}}, "no body"),
        ({}, {"method": "HEAD", "body": {}}, "no body"),
        ({"a": None}, {"method": "HEAD"}, "leave it out"),
        ({"a": 1}, {"body": {}}, "not both"),
        ({}, {"body": 3}, "not a body"),
        ({}, {"body": None}, "not a body"),
        ({}, {"body": True}, "not a body"),
        ({}, {"returns": int, "model": int}, "one of them"),
        ({}, {"key": ""}, "name is empty"),
        ({}, {"returns": object()}, "cannot describe"),
    ],
)
def test_a_call_that_cannot_be_sent_is_refused(
    arguments: Any, options: Any, words: str, project: Any
) -> None:
    """An argument that would change the query, a body that would arrive as another: with advice."""
    with pytest.raises(InvalidRequestError, match=words):
        project.db.rpc("f", arguments, **options)


@pytest.mark.parametrize("value", ["equal.5", "eq5", "e", "fts", "neqx.1", "(eq).1", " eq.1", "x.eq.1"])
async def test_a_value_that_only_looks_a_little_like_a_filter_passes(value: str, build: Any) -> None:
    """What the server does not read as one."""
    project = build(Reply(200, body=b"1"))
    await project.db.rpc("f", {"a": value}, method="GET")
    assert project.query() == [("a", value)]


async def test_a_head_counts_and_brings_no_rows(build: Any) -> None:
    """What it is for; asked for rows or a value it is refused."""
    project = build(*[Reply(206, headers={"content-range": "*/4"})] * 2)
    call = project.db.rpc("f", {"a": 1}, method="HEAD")
    assert await call.select().eq("n", 2).count() == 4
    assert (project.sent.method, project.sent.url.partition("?")[2]) == ("HEAD", "a=1&n=eq.2&limit=0")
    with pytest.raises(InvalidRequestError, match="count"):
        await call
    with pytest.raises(InvalidRequestError, match="count"):
        await call.select()


def test_an_unknown_option_is_a_mistake(project: Any) -> None:
    """Of the caller."""
    with pytest.raises(TypeError, match="methode"):
        project.db.rpc("f", methode="GET")
