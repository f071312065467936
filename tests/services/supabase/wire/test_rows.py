from __future__ import annotations

import dataclasses
import json
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from viber.errors import InvalidRequestError
from viber.services.supabase import RowMismatchError
from viber.services.supabase.wire._rows import DICTS, exactly, reader_of

LONG = b'[{"total":12345678901234567890.123456789},{"total":12.340}]'


class Money(BaseModel):
    total: Decimal


class Wallet(BaseModel):
    moneys: list[Money | None]


class Event(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: int
    at: datetime
    ref: UUID | None = Field(None, alias="reference")


@dataclasses.dataclass
class Item:
    id: int
    price: Decimal


class Entry(TypedDict):
    n: int


def fail_on(value: int) -> int:
    raise KeyError(value)


class Fragile(BaseModel):
    n: Annotated[int, AfterValidator(fail_on)]


def test_dict_rows_are_plain_json() -> None:
    """Dicts hold what JSON holds: a numeric with a fraction is a float."""
    assert DICTS.read(b'[{"a":1.50,"b":[null]}]', table="t") == [{"a": 1.5, "b": [None]}]


def test_a_decimal_comes_back_exact() -> None:
    """Every digit and every trailing zero of the answer is in the Decimal."""
    rows = reader_of(Money).read(LONG, table="t")
    assert [str(row.total) for row in rows] == ["12345678901234567890.123456789", "12.340"]


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12))
def test_any_decimal_comes_back_exact(value: Decimal) -> None:
    """What the server wrote is what the model holds, scale included."""
    body = f'[{{"total":{value:f}}}]'.encode()
    assert f"{reader_of(Money).read(body, table='t')[0].total:f}" == f"{value:f}"


def test_a_decimal_deep_inside_is_exact_too() -> None:
    """The exact decoder is taken wherever in the model a Decimal occurs."""
    body = b'[{"moneys":[{"total":0.10000000000000000000001},null]}]'
    (row,) = reader_of(Wallet).read(body, table="t")
    assert row.moneys[0] is not None
    assert str(row.moneys[0].total) == "0.10000000000000000000001"


def test_models_are_read_by_alias() -> None:
    """The column has the alias's name."""
    body = b'[{"id":1,"at":"2026-01-01T00:00:00+00:00","reference":"00000000-0000-0000-0000-000000000001"}]'
    assert reader_of(Event).read(body, table="t")[0].ref == UUID(int=1)


@pytest.mark.parametrize(
    ("model", "row"),
    [
        (Item, Item(1, Decimal("2.50"))),
        (Entry, {"n": 1}),
        (dict[str, float], {"n": 1.0, "id": 1.0, "price": 2.5}),
    ],
)
def test_any_type_that_pydantic_knows_can_be_a_row(model: Any, row: Any) -> None:
    """Dataclasses, TypedDicts and parametrised dicts."""
    assert reader_of(model).read(b'[{"n":1,"id":1,"price":2.50}]', table="t") == [row]


def test_a_row_that_does_not_fit_is_told_by_place_and_not_by_value() -> None:
    """Table, row, field and reason are named; the value that did not fit is nowhere."""
    body = json.dumps([{"id": 1, "at": "2026-01-01T00:00:00Z"}, {"id": 2, "at": "tell-nobody"}]).encode()
    with pytest.raises(RowMismatchError) as caught:
        reader_of(Event).read(body, table="events")
    error = caught.value
    assert error.details is not None
    assert (error.details["table"], error.details["row"], error.details["field"]) == ("events", 1, "at")
    assert "row 1 of events does not fit Event at 'at'" in error.message
    assert not error.retryable
    assert error.__cause__ is None
    assert error.__suppress_context__
    assert "tell-nobody" not in f"{error!r} {error} {error.details}"


def test_a_row_of_the_exact_decoder_is_told_by_place_too() -> None:
    """The slower path has the same errors."""
    with pytest.raises(RowMismatchError, match="row 0 of t does not fit Money at 'total'"):
        reader_of(Money).read(b'[{"total":"x"}]', table="t")


def test_an_unexpected_column_is_a_mismatch_of_a_strict_model() -> None:
    """The field that the model forbids is named."""
    with pytest.raises(RowMismatchError, match="'colour'"):
        reader_of(Event).read(b'[{"id":1,"at":"2026-01-01T00:00:00Z","colour":1}]', table="t")


def test_a_row_that_is_no_object_is_a_mismatch() -> None:
    """The row is named, without a field."""
    with pytest.raises(RowMismatchError, match=r"row 0 of t does not fit Event \("):
        reader_of(Event).read(b"[5]", table="t")


def test_a_validator_that_breaks_is_a_mismatch_with_its_cause() -> None:
    """A defect in the caller's model is not taken for a failure of the service."""
    with pytest.raises(RowMismatchError, match="KeyError") as caught:
        reader_of(Fragile).read(b'[{"n":1}]', table="t")
    assert isinstance(caught.value.__cause__, KeyError)


@pytest.mark.parametrize("body", [b"", b"<html>", b'[{"id":', b'{"id":1}', b"null", b"5", b"\xff"])
@pytest.mark.parametrize("model", [None, Event, Money])
def test_a_body_that_is_no_list_is_not_a_mismatch(body: bytes, model: Any) -> None:
    """What is no JSON list at all is the server's fault, and somebody else's to tell."""
    reader = reader_of(model) if model else DICTS
    with pytest.raises(ValueError, match=r".*") as caught:
        reader.read(body, table="t")
    assert not isinstance(caught.value, RowMismatchError)


def test_a_type_that_pydantic_does_not_know_is_refused() -> None:
    """At once, when the table is declared."""

    class Foreign:
        pass

    with pytest.raises(InvalidRequestError, match="Foreign"):
        reader_of(Foreign)


@pytest.mark.parametrize("model", ["Order", {"id": int}, [int]])
def test_what_is_no_type_is_refused(model: Any) -> None:
    """A name, or the shape of a row in a dict."""
    with pytest.raises(InvalidRequestError, match="pass a type"):
        reader_of(model)


def test_a_reader_is_made_once_for_a_model() -> None:
    """Building a validator is dear."""
    assert reader_of(Event) is reader_of(Event)


def test_exact_json_has_decimals_for_fractions_only() -> None:
    """Integers stay integers."""
    assert repr(exactly(b"[1, 1.50]")) == "[1, Decimal('1.50')]"
