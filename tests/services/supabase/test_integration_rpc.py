from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel
from typing_extensions import TypedDict

from viber.errors import NotFoundError
from viber.services.supabase import (
    SupabaseInvalidRequestError,
    SupabaseService,
    embed,
    variadic,
)

pytestmark = pytest.mark.sandbox

numbers = itertools.count(30_000_000, 10)


class Order(BaseModel):
    id: int
    customer_id: int
    status: str
    total: Decimal


class Square(BaseModel):
    n: int
    square: Decimal


class Division(TypedDict):
    quotient: int
    rest: int


class Entry(BaseModel):
    id: UUID
    n: int
    amount: Decimal | None


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize(
    ("call", "returns", "value"),
    [
        (("add", {"a": 1, "b": 2}), int, 3),
        (("split", {"sentence": "a,b c", "separator": " "}), list[str], ["a,b", "c"]),
        (("numbers_to", {"last": 3}), list[int], [1, 2, 3]),
        (("divide", {"a": 7, "b": 2}), Division, {"quotient": 3, "rest": 1}),
        (("squares_to", {"last": 1}), list[Square], [Square(n=1, square=Decimal("1.50"))]),
        (("plus", {"numbers": variadic(1, 2, 4)}), int, 7),
        (("plus", {"numbers": variadic(5)}), int, 5),
        (("nothing", {}), type(None), None),
    ],
)
async def test_every_shape_comes_back_as_what_it_is(
    call: tuple[str, Any], returns: Any, value: object, method: Any, db: SupabaseService
) -> None:
    """A number, an array, a set, a row, a table, nothing; by POST and by GET."""
    assert await db.rpc(*call, returns=returns, method=method) == value


async def test_the_exact_digits_of_a_function_come_back(db: SupabaseService) -> None:
    """A trailing zero too."""
    [square] = await db.rpc("squares_to", {"last": 1}, model=Square)
    assert str(square.square) == "1.50"


@pytest.mark.parametrize("body", [{"a": [1, "x"]}, [{"a": 1}, {"a": 2}], [], {}])
async def test_the_one_unnamed_json_parameter_takes_the_body(body: Any, db: SupabaseService) -> None:
    """An object, or a list of objects with the same keys."""
    assert await db.rpc("echo", body=body) == body


async def test_the_one_unnamed_parameter_may_be_text_or_bytes(db: SupabaseService) -> None:
    """As they are, whatever they hold."""
    assert await db.rpc("shout", body='é "x"\n', returns=str) == 'é "X"\n'
    assert await db.rpc("size_of", body=b"\x00\xff", returns=int) == 2


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_the_rows_of_a_function_are_narrowed(method: Any, db: SupabaseService) -> None:
    """Filters, order, offset and limit work on what it returns; one may have its argument's name."""
    orders = db.rpc("customer_orders", {"customer_id": 3}, model=Order, method=method)
    assert [order.id for order in await orders] == [2, 52, 102, 152]
    narrowed = orders.eq("customer_id", 3).gt("id", 2).order("id", desc=True).offset(1).limit(1)
    assert [order.id for order in await narrowed] == [102]
    assert (await orders.order("id").first()) == (await orders.eq("id", 2).one())
    assert await orders.eq("id", 0).maybe_one() is None
    with pytest.raises(NotFoundError, match="rpc customer_orders"):
        await orders.eq("id", 0).one()


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_the_rows_of_a_function_are_counted(method: Any, db: SupabaseService) -> None:
    """All of them, whatever is taken."""
    orders = db.rpc("customer_orders", {"customer_id": 3}, model=Order, method=method)
    page = await orders.order("id").limit(1).with_count()
    assert ([order.id for order in page.data], page.count) == ([2], 4)
    assert await orders.gt("id", 2).count() == 3
    assert await orders.exists()


async def test_the_rows_of_a_function_are_counted_by_head(db: SupabaseService) -> None:
    """Nothing but the number comes."""
    call = db.rpc("customer_orders", {"customer_id": 3}, method="HEAD").select()
    assert (await call.count(), await call.gt("id", 2).count()) == (4, 3)
    with pytest.raises(SupabaseInvalidRequestError, match="HEAD, which never says why"):
        await db.rpc("customer_orders", {"customer_id": "x"}, method="HEAD").select().count()


async def test_rows_of_a_function_embed_related_ones(db: SupabaseService) -> None:
    """As its table would."""
    call = db.rpc("customer_orders", {"customer_id": 3}, method="GET")
    [row] = await call.select("id", embed("customers", "email")).eq("id", 52)
    assert row == {"id": 52, "customers": {"email": "customer3@example.com"}}


async def test_a_set_of_numbers_is_bounded(db: SupabaseService) -> None:
    """Rows without columns have bounds too."""
    assert await db.rpc("numbers_to", {"last": 9}, model=int).offset(2).limit(3) == [3, 4, 5]


async def test_a_function_that_writes_gives_its_rows(db: SupabaseService) -> None:
    """By POST, in one transaction; what is selected of them is what comes."""
    first = next(numbers)
    entries = db.rpc("record_entries", {"first": first, "last": first + 2}, model=Entry)
    assert [entry.n for entry in await entries.order("n", desc=True)] == [first + 2, first + 1, first]
    assert await db.table("ledger").select().gte("n", first).lte("n", first + 2).count() == 3


async def test_a_function_that_writes_is_refused_by_get(db: SupabaseService) -> None:
    """With the way to call it; nothing was written."""
    n = next(numbers)
    with pytest.raises(SupabaseInvalidRequestError, match="read-only") as caught:
        await db.rpc("record_entry", {"n": n}, method="GET")
    assert (caught.value.status, 'method="POST"' in caught.value.suggestion) == (405, True)
    assert not await db.table("ledger").select("n").eq("n", n)


async def test_a_value_like_a_filter_is_sent_by_post(db: SupabaseService) -> None:
    """Where a query string would take it for one."""
    assert await db.rpc("split", {"sentence": "eq.x", "separator": "."}) == ["eq", "x"]


async def test_an_ambiguous_function_names_its_candidates(db: SupabaseService) -> None:
    """In the message, with advice."""
    with pytest.raises(SupabaseInvalidRequestError, match=r"twice\(n => integer\), public\.twice") as caught:
        await db.rpc("twice", {"n": 2})
    assert (caught.value.status, caught.value.suggestion != "") == (300, True)


@pytest.mark.parametrize(("function", "arguments"), [("nope", {}), ("add", {"a": 1}), ("twice", {"m": 1})])
async def test_a_function_that_is_not_there_is_told(
    function: str, arguments: Any, db: SupabaseService
) -> None:
    """By its name or by its arguments."""
    with pytest.raises(NotFoundError, match=function) as caught:
        await db.rpc(function, arguments)
    assert caught.value.details is not None
    assert caught.value.details["code"] == "PGRST202"
