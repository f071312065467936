from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, PlainSerializer, field_serializer
from pydantic.dataclasses import dataclass as pydantic_dataclass

from viber.errors import InvalidRequestError
from viber.services.supabase.writing._fields import fields_of


class Blob(BaseModel):
    data: bytes = Field(alias="rawData")
    secret: bytes = Field(default=b"", exclude=True)
    note: str | None = None
    lasting: timedelta | None = None


class Own(BaseModel):
    spelled: bytes
    shown: Annotated[bytes, PlainSerializer(lambda _: "shown")]

    @field_serializer("spelled")
    def _spell(self, _: bytes) -> str:
        return "spelled"


@dataclass
class Plain:
    data: bytes
    lasting: timedelta


@pydantic_dataclass
class Aliased:
    data: bytes = Field(alias="rawData")


BYTES, HEX = b"\x00\xff\\x41", r"\x00ff5c783431"


def test_bytes_become_what_bytea_reads_in_every_kind_of_row() -> None:
    """By the name of the column; a field that is not to be written stays out."""
    assert fields_of({"data": BYTES}) == {"data": HEX}
    assert fields_of(Blob(rawData=BYTES, secret=b"x")) == {"rawData": HEX}
    assert fields_of(Plain(BYTES, timedelta(1))) == {"data": HEX, "lasting": "1 days 0.000000 seconds"}
    assert fields_of(Aliased(rawData=BYTES)) == {"rawData": HEX}


def test_a_model_may_write_its_bytes_in_its_own_way() -> None:
    """What it says is what goes out."""
    assert fields_of(Own(spelled=b"a", shown=b"b")) == {"spelled": "spelled", "shown": "shown"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (timedelta(days=1, seconds=5), "1 days 5.000000 seconds"),
        (-timedelta(days=1, seconds=5), "-86405.000000 seconds"),
        (-timedelta(microseconds=1), "-0.000001 seconds"),
        (timedelta(), "0 days 0.000000 seconds"),
    ],
)
def test_a_duration_has_one_sign(value: timedelta, text: str) -> None:
    """PostgreSQL reads no other form of one below zero that everybody reads again."""
    assert fields_of({"lasting": value}) == {"lasting": text}
    assert fields_of(Blob(rawData=b"", lasting=value))["lasting"] == text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ([b"\x01", None], [r"\x01", None]),
        ((timedelta(1), [b"\x01"]), ["1 days 0.000000 seconds", [r"\x01"]]),
        ([1, [2]], [1, [2]]),
        ({"a": 1}, {"a": 1}),
    ],
)
def test_lists_are_written_element_by_element(value: Any, written: Any) -> None:
    """However deep; what needs no other form stays as it is."""
    assert fields_of({"list": value}) == {"list": written}


def test_a_list_without_such_elements_is_not_copied() -> None:
    """A vector of many numbers costs nothing."""
    vector = [0.5] * 10
    assert fields_of({"vector": vector})["vector"] is vector


@pytest.mark.parametrize("number", [Decimal("NaN"), Decimal("-Infinity")])
def test_a_number_that_is_not_finite_is_refused(number: Decimal) -> None:
    """In every kind of row, and in lists: PostgreSQL would take the word for it."""

    class Model(BaseModel):
        amount: Annotated[Decimal, Field(allow_inf_nan=True)]

    for row in ({"amount": number}, {"amounts": [[number]]}, Model(amount=number)):
        with pytest.raises(InvalidRequestError, match="finite"):
            fields_of(row)
