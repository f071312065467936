from __future__ import annotations

import dataclasses
import json
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypedDict

import pytest
from pydantic import BaseModel, ConfigDict, Field
from pydantic.dataclasses import dataclass as pydantic_dataclass

from viber.errors import InvalidRequestError
from viber.services.supabase.writing._bodies import body_of, values_of


class Status(StrEnum):
    OPEN = "open"


class Order(BaseModel):
    id: int | None = None
    total: Decimal = Decimal("1.10")
    status: Status = Status.OPEN
    placed_on: date = Field(default=date(2026, 1, 1), alias="placedOn")
    note: str | None = None


@dataclasses.dataclass
class Reading:
    id: int
    value: Decimal | None = None


class Entry(TypedDict):
    n: int


def sent(rows: Any) -> Any:
    return json.loads(body_of(rows).json)


def test_a_dict_is_sent_as_it_is() -> None:
    """One dict is one JSON object."""
    assert sent({"a": 1, "b": None, "c": {"d": [1]}}) == {"a": 1, "b": None, "c": {"d": [1]}}


def test_a_model_is_sent_by_alias_with_its_defaults() -> None:
    """Columns have the aliases' names, values their JSON form, and defaults are part of the row."""
    assert sent(Order(id=7)) == {"id": 7, "total": "1.10", "status": "open", "placedOn": "2026-01-01"}


def test_a_field_left_at_none_is_left_to_the_database() -> None:
    """A None that nobody set is not sent, one that was set is a NULL."""
    assert "id" not in sent(Order())
    assert sent(Order(note=None))["note"] is None


@pytest.mark.parametrize("value", ["a\0b", ["\0"], {"a": {"\0": 1}}, "\\\0"])
def test_what_no_column_can_store_is_refused(value: Any) -> None:
    """A NUL character, wherever it stands; its escape as text is text."""
    with pytest.raises(InvalidRequestError, match="NUL"):
        body_of([{"a": 1}, {"a": value}])
    assert sent({"a": "\\u0000"}) == {"a": "\\u0000"}


def test_a_dataclass_and_a_typed_dict_are_rows() -> None:
    """Both go out with all they hold."""
    assert sent(Reading(1, Decimal("0.50"))) == {"id": 1, "value": "0.50"}
    assert sent(Entry(n=3)) == {"n": 3}


def test_a_pydantic_dataclass_is_a_row() -> None:
    """It is written by alias too."""

    @pydantic_dataclass
    class Item:
        unit: Decimal = Field(alias="unitPrice")

    assert sent(Item(unitPrice=Decimal("2.00"))) == {"unitPrice": "2.00"}


def test_bytes_become_what_bytea_reads() -> None:
    """The hex form, which holds any byte."""
    assert sent({"data": b"\x00\xffa\\b"}) == {"data": "\\x00ff615c62"}


def test_a_list_of_equal_rows_names_no_columns() -> None:
    """Rows with the same keys need no help, whatever their order."""
    body = body_of([{"a": 1, "b": 2}, {"b": 3, "a": 4}])
    assert (body.count, body.columns) == (2, ())


def test_a_list_of_different_rows_names_the_union_of_their_columns() -> None:
    """In the order in which they first come."""
    body = body_of([{"a": 1}, {"b": 2, "a": 3}, Order(id=1)])
    assert body.columns == ("a", "b", "id", "total", "status", "placedOn")


def test_any_iterable_of_rows_will_do() -> None:
    """A generator is read once; an empty list has no rows."""
    assert sent(Reading(n) for n in range(2)) == [{"id": 0, "value": None}, {"id": 1, "value": None}]
    assert body_of([]).count == 0


def test_the_rows_are_taken_as_they_are_now() -> None:
    """What happens to a dict after the call does not change the query."""
    row = {"a": 1}
    body = body_of(row)
    row["a"] = 2
    assert json.loads(body.json) == {"a": 1}


@pytest.mark.parametrize("rows", ["text", b"bytes", 5, None, [1], ["ab"], [None], Order, [{1: 2}], [[{}]]])
def test_what_is_not_a_row_is_refused(rows: Any) -> None:
    """Neither a text nor a class nor a list of numbers is a row."""
    with pytest.raises(InvalidRequestError):
        body_of(rows)


def test_what_a_model_cannot_write_is_refused_without_its_value() -> None:
    """The error names the type."""

    class Holder(BaseModel):
        model_config = ConfigDict(arbitrary_types_allowed=True)
        thing: object

    with pytest.raises(InvalidRequestError, match="Holder") as caught:
        body_of(Holder(thing=object()))
    assert "0x" not in str(caught.value)


class Untouched(BaseModel):
    note: str | None = None


@pytest.mark.parametrize("values", [{}, Untouched()])
def test_an_update_without_values_is_refused(values: Any) -> None:
    """There is nothing to set."""
    with pytest.raises(InvalidRequestError, match="at least one value"):
        values_of(values)


def test_an_update_takes_any_kind_of_row() -> None:
    """Values are written as in an insert."""
    assert json.loads(values_of({"total": Decimal("1.50")})) == {"total": "1.50"}
