from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from viber.errors import InvalidRequestError, ServerError
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


async def test_a_scalar_may_be_exact(build: Any) -> None:
    """As a list of one Decimal."""
    assert str(await build(Reply(200, body=b"12.340")).db.rpc("f", model=Decimal)) == "[Decimal('12.340')]"


async def test_a_function_without_a_result_has_no_rows(build: Any) -> None:
    """A void function called for rows."""
    assert await build(Reply(204)).db.rpc("f", model=Order) == []


async def test_arguments_are_the_body_of_a_post(build: Any) -> None:
    """Named, as JSON; no arguments are an empty object."""
    project = build(Reply(200, body=b"1"), Reply(200, body=b"1"))
    await project.db.rpc("odd name", {"d": date(2026, 1, 1), "n": None})
    await project.db.rpc("f")
    first, second = project.requests
    assert (first.method, first.url) == ("POST", "https://project.example/rest/v1/rpc/odd%20name")
    assert json.loads(first.body) == {"d": "2026-01-01", "n": None}
    assert second.body == b"{}"


async def test_arguments_are_the_query_of_a_get(build: Any) -> None:
    """Scalars as they are, lists as array literals, dicts as JSON."""
    project = build(Reply(200, body=b"1"))
    await project.db.rpc("f", {"a": "x&y", "tags": ["p,q", 2], "j": {"k": 1}}, method="GET")
    assert project.sent.method == "GET"
    assert project.query() == [("a", "x&y"), ("tags", '{"p,q","2"}'), ("j", '{"k":1}')]


async def test_a_get_is_repeated(build: Any) -> None:
    """It only reads."""
    project = build(Reply(503), Reply(200, body=b"1"))
    assert await project.db.rpc("f", method="GET") == 1


@pytest.mark.parametrize(
    ("arguments", "method"),
    [
        ({"limit": 1}, "GET"),
        ({"": 1}, "GET"),
        ({"a": None}, "GET"),
        ({"a": float("inf")}, "POST"),
        ({}, "PUT"),
    ],
)
def test_a_call_that_cannot_be_sent_is_refused(arguments: dict[str, Any], method: Any, project: Any) -> None:
    """An argument named like a reserved key would change the query; the error advises POST."""
    with pytest.raises(InvalidRequestError):
        project.db.rpc("f", arguments, method=method)


async def test_an_answer_that_is_cut_is_an_error(build: Any) -> None:
    """An empty 200 is not null."""
    with pytest.raises(ServerError):
        await build(Reply(200)).db.rpc("f")
