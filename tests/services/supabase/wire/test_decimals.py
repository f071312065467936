from __future__ import annotations

import dataclasses
import json
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AliasPath, BaseModel, BeforeValidator, ConfigDict, Field, RootModel, TypeAdapter
from typing_extensions import TypedDict

from viber.services.supabase.wire._decimals import quoting
from viber.services.supabase.wire._rows import reader_of


class Status(Enum):
    OPEN = "open"


class Order(BaseModel):
    id: int
    total: Decimal
    tax: Decimal | None = None
    share: float = 0.0
    at: datetime | None = None
    ref: UUID | None = None
    note: str = ""
    status: Status = Status.OPEN


class Renamed(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    total: Decimal = Field(alias="Sum total")


@dataclasses.dataclass
class Item:
    id: int
    price: Decimal


class Entry(TypedDict, total=False):
    amount: Decimal
    n: int


def quoted(model: Any, body: bytes) -> bytes | None:
    quote = quoting(TypeAdapter(list[model]).core_schema)
    return quote(body) if quote else None


@pytest.mark.parametrize(
    ("model", "body", "rewritten"),
    [
        (Order, b'[{"id":1,"total":12.340}]', b'[{"id":1,"total":"12.340"}]'),
        (Order, b'[{"total": -7, "tax":null},\n {"tax":0}]', b'[{"total":"-7", "tax":null},\n {"tax":"0"}]'),
        (Order, b'[{"total":1e-7}]', b'[{"total":"1e-7"}]'),
        (Order, b'[{"total":"NaN","subtotal":1.5}]', b'[{"total":"NaN","subtotal":1.5}]'),
        (Order, rb'[{"note":"\"total\":1.5"}]', rb'[{"note":"\"total\":1.5"}]'),
        (Order, b'[{"share":1.5}]', b'[{"share":1.5}]'),
        (Renamed, b'[{"Sum total":1.0},{"total":2.0}]', b'[{"Sum total":"1.0"},{"total":"2.0"}]'),
        (Item, b'[{"id":1,"price":2.50}]', b'[{"id":1,"price":"2.50"}]'),
        (Entry, b'[{"amount":1.10}]', b'[{"amount":"1.10"}]'),
    ],
)
def test_only_the_numbers_of_decimals_are_quoted(model: Any, body: bytes, rewritten: bytes) -> None:
    """By their keys; what looks like one in a text is left alone."""
    assert quoted(model, body) == rewritten


def strange(value: object) -> object:
    return value


class Basket(BaseModel):
    order: Order
    more: list[Order]
    notes: list[str | None]
    tax: Decimal


class Chain(BaseModel):
    total: Decimal
    next: Chain | None = None


class Clash(BaseModel):
    order: Order
    total: float


class Listed(BaseModel):
    totals: list[Decimal]


class Keyed(BaseModel):
    total: Decimal
    by_day: dict[str, int]


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    total: Decimal


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)
    total: Decimal


class Anything(BaseModel):
    total: Decimal
    meta: dict[str, Any]


class Validated(BaseModel):
    total: Annotated[Decimal, BeforeValidator(strange)]


class Deep(BaseModel):
    total: Decimal = Field(validation_alias=AliasPath("a", "b"))


class Odd(BaseModel):
    total: Decimal = Field(alias='to"tal')


class Either(BaseModel):
    total: Decimal | str


@pytest.mark.parametrize(
    "model",
    [
        Clash,
        Listed,
        Keyed,
        Open,
        Strict,
        Anything,
        Validated,
        Deep,
        Odd,
        Either,
        RootModel[Decimal],
        Decimal,
        list[Decimal],
    ],
)
def test_rows_that_are_not_plain_are_left_to_the_exact_decoder(model: Any) -> None:
    """Where a text in place of a number could become something else."""
    assert quoted(model, b"[]") is None


@pytest.mark.parametrize(
    ("model", "body", "rewritten"),
    [
        (
            Basket,
            b'[{"order": {"total": 1.0}, "more": [{"total": 2.0}, {"tax":3.0}], "tax":4.0}]',
            b'[{"order": {"total":"1.0"}, "more": [{"total":"2.0"}, {"tax":"3.0"}], "tax":"4.0"}]',
        ),
        (Chain, b'[{"total":1.0,"next":{"total":2.0}}]', b'[{"total":"1.0","next":{"total":"2.0"}}]'),
    ],
)
def test_rows_within_rows_are_plain_too(model: Any, body: bytes, rewritten: bytes) -> None:
    """Where a key is a decimal's wherever it stands."""
    assert quoted(model, body) == rewritten


def test_rows_without_decimals_are_not_touched() -> None:
    """There is nothing to keep."""
    assert quoted(dict[str, int], b"[]") is None


texts = st.text(st.sampled_from('"\\total:, 1.5{}[]é\n'), max_size=20)
rows = st.fixed_dictionaries(
    {
        "id": st.integers(-(10**20), 10**20),
        "total": st.decimals(allow_nan=False, allow_infinity=False, places=9),
        "tax": st.none() | st.decimals(allow_nan=False, allow_infinity=False, places=2),
        "note": texts,
        "share": st.floats(allow_nan=False, allow_infinity=False),
    },
    optional={'x"total': st.integers(0, 9), "meta": st.dictionaries(texts, st.integers(0, 9))},
)


@given(st.lists(rows, max_size=5))
def test_every_digit_comes_back_and_nothing_else_changes(given_rows: list[dict[str, Any]]) -> None:
    """Whatever the other columns hold."""
    body = json.dumps(given_rows, default=lambda value: f"@{value:f}@", ensure_ascii=False)
    body = body.replace('"@', "").replace('@"', "")
    found = reader_of(Order).read(body.encode(), table="t")
    assert [f"{row.total:f}" for row in found] == [f"{row['total']:f}" for row in given_rows]
    for row, model in zip(given_rows, found, strict=True):
        assert (model.id, model.tax, model.note, model.share) == (
            row["id"],
            row["tax"],
            row["note"],
            row["share"],
        )
