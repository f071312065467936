from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel, Field

from viber.errors import Delivery, InvalidRequestError, TransportError
from viber.testing import Fail, Reply

LOST = Fail(lambda: TransportError("reset", delivery=Delivery.UNKNOWN))


class Item(BaseModel):
    order: int = Field(alias="order_id")
    product_id: int
    quantity: int = 1


async def test_a_put_names_the_row_by_its_key(build: Any) -> None:
    """All columns of the key in the query, the whole row in the body."""
    project = build(Reply(204))
    items = project.db.table("items", Item, key=("order_id", "product_id"))
    assert await items.put(Item(order_id=1, product_id=2)) is None
    assert project.sent.method == "PUT"
    assert project.query() == [("order_id", "eq.1"), ("product_id", "eq.2")]
    assert json.loads(project.sent.body) == {"order_id": 1, "product_id": 2, "quantity": 1}


async def test_the_primary_key_can_be_told(build: Any) -> None:
    """Where the table declares another key, or none; arrows are part of its name."""
    project = build(Reply(204))
    await project.db.table("t", key="email").put({"a->b": "x"}, key="a->b")
    assert project.query() == [('"a->b"', "eq.x")]


async def test_a_put_may_answer_with_the_row(build: Any) -> None:
    """In a list, as all writes do, or by itself."""
    project = build(*[Reply(200, json=[{"order_id": 1, "product_id": 2}])] * 2)
    items = project.db.table("items", Item, key=("order_id", "product_id"))
    put = items.put({"order_id": 1, "product_id": 2})
    assert await put.returning() == [await put.returning_row()] == [Item(order_id=1, product_id=2)]


@pytest.mark.parametrize(("key", "row"), [((), {"id": 1}), ("id", {"a": 1}), ("id", {"id": None})])
def test_a_put_without_its_key_is_refused(key: Any, row: Any, project: Any) -> None:
    """There is no row to put it to."""
    with pytest.raises(InvalidRequestError, match="primary key"):
        project.db.table("t", key=key).put(row)


async def test_a_put_is_repeated_and_says_so(build: Any) -> None:
    """Putting twice is putting once."""
    project = build(LOST, Reply(204), Reply(204))
    row = project.db.table("t", key="id").put({"id": 1})
    assert (await row.with_response()).replayed
    assert not (await row.with_response()).replayed
