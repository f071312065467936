from __future__ import annotations

import dataclasses
import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from ipaddress import ip_address, ip_network
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AnyUrl, BaseModel, Field

from viber.errors import InvalidRequestError
from viber.services.supabase.filters._values import argument_text, is_listing, json_of, text_of


class Colour(StrEnum):
    RED = "red"


class Plain(Enum):
    ONE = 1


class Level(IntEnum):
    HIGH = 3


class Mixed(str, Enum):  # noqa: UP042 - the older spelling, whose str() is not its value
    A = "a"


class Theme(BaseModel):
    colour: str = Field(alias="themeColour")


@dataclasses.dataclass
class Point:
    x: int


NIGHT = timezone(timedelta(hours=5, minutes=30))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ('"q"', '"q"'),
        ("", ""),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-7, "-7"),
        (1.5, "1.5"),
        (1e300, "1e+300"),
        (Decimal("12345678901234567890.123456789"), "12345678901234567890.123456789"),
        (Decimal("12.340"), "12.340"),
        (Decimal("1E+3"), "1000"),
        (date(2026, 3, 1), "2026-03-01"),
        (datetime(2026, 3, 1, 8, 30, 0, 5), "2026-03-01T08:30:00.000005"),  # noqa: DTZ001 - stays naive
        (datetime(2026, 3, 1, 8, tzinfo=UTC), "2026-03-01T08:00:00+00:00"),
        (datetime(2026, 3, 1, 8, tzinfo=NIGHT), "2026-03-01T08:00:00+05:30"),
        (time(8, 30), "08:30:00"),
        (timedelta(days=-1, seconds=5, microseconds=20), "-1 days 5.000020 seconds"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (ip_address("10.0.0.1"), "10.0.0.1"),
        (ip_network("2001:db8::/32"), "2001:db8::/32"),
        (AnyUrl("https://example.org/a"), "https://example.org/a"),
        (b"\x00\xff", "\\x00ff"),
        (Colour.RED, "red"),
        (Plain.ONE, "1"),
        (Level.HIGH, "3"),
        (Mixed.A, "a"),
        ({"k": [1, "x"]}, '{"k":[1,"x"]}'),
        (Theme(themeColour="red"), '{"themeColour":"red"}'),
        (Point(3), '{"x":3}'),
    ],
)
def test_every_value_has_one_exact_text(value: object, text: str) -> None:
    """A value goes out as the text PostgreSQL reads it from, with no digit lost."""
    assert text_of(value) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30))
def test_a_decimal_keeps_its_digits_and_zeros(value: Decimal) -> None:
    """What PostgreSQL reads is the same number at the same scale, without an exponent."""
    text = text_of(value)
    assert "E" not in text
    assert Decimal(text) == value


def test_none_is_refused_with_a_hint() -> None:
    """Nothing equals null: the error says what to ask in its place."""
    with pytest.raises(InvalidRequestError, match=r"is_null\(\)"):
        text_of(None)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("NaN"), Decimal("-Infinity")])
def test_a_number_that_is_not_finite_is_refused(value: object) -> None:
    """NaN and infinities are refused."""
    with pytest.raises(InvalidRequestError, match="not a finite number"):
        text_of(value)


def test_a_decimal_that_no_column_holds_is_refused_at_once() -> None:
    """An exponent of a million million does not become a million million digits."""
    with pytest.raises(InvalidRequestError, match="numeric"):
        text_of(Decimal("1E+999999999999"))


@pytest.mark.parametrize("value", [[1], (1,), {1}, frozenset({1})])
def test_a_list_is_not_one_value(value: object) -> None:
    """A list behind a comparison is nearly always meant for in_(), and the error says so."""
    with pytest.raises(InvalidRequestError, match=r"in_\(\)"):
        text_of(value)


@pytest.mark.parametrize("value", [object(), Point, lambda: None])
def test_a_value_without_a_text_is_refused(value: object) -> None:
    """The repr of a foreign object is never sent."""
    with pytest.raises(InvalidRequestError, match="no text form"):
        text_of(value)


def test_an_argument_may_be_a_list() -> None:
    """A list becomes an array literal whose elements are quoted."""
    assert argument_text([1, "a,b", "NULL"]) == '{"1","a,b","NULL"}'
    assert argument_text("x") == "x"


def test_json_writes_decimals_as_their_digits() -> None:
    """No float on the way: a numeric column reads the string exactly."""
    assert json.loads(json_of({"n": Decimal("12345678901234567890.10")})) == {"n": "12345678901234567890.10"}


def test_json_takes_what_rows_are_made_of() -> None:
    """Dates, UUIDs, enums, models by alias and dataclasses all have a JSON form."""
    data: dict[str, Any] = {
        "d": date(2026, 3, 1),
        "u": UUID(int=1),
        "e": Plain.ONE,
        "m": Theme(themeColour="x"),
        "p": [Point(1)],
    }
    assert json.loads(json_of(data)) == {
        "d": "2026-03-01",
        "u": str(UUID(int=1)),
        "e": 1,
        "m": {"themeColour": "x"},
        "p": [{"x": 1}],
    }


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_json_refuses_numbers_that_are_not_finite(number: float) -> None:
    """A NaN would be invalid JSON, or silently null."""
    with pytest.raises(InvalidRequestError, match="not finite"):
        json_of({"deep": [{"x": number}]})


def test_json_takes_the_words_for_them() -> None:
    """The text "NaN" is only a text."""
    assert json.loads(json_of({"x": "NaN and Infinity"})) == {"x": "NaN and Infinity"}


def test_json_names_the_type_that_it_cannot_write() -> None:
    """The error tells which type is in the way, and nothing of its value."""
    with pytest.raises(InvalidRequestError, match="object"):
        json_of({"x": object()})


def test_json_refuses_text_that_cannot_be_sent() -> None:
    """Half a surrogate pair has no bytes."""
    with pytest.raises(InvalidRequestError):
        json_of({"x": "\ud800"})


def test_json_refuses_data_that_contains_itself() -> None:
    """A loop in the data is an error, and not a recursion."""
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(InvalidRequestError):
        json_of(loop)


@pytest.mark.parametrize(
    ("value", "listing"),
    [([], True), ((), True), (iter("a"), True), ("abc", False), (b"a", False), ({}, False)],
)
def test_text_is_not_a_list_of_values(value: object, listing: bool) -> None:  # noqa: FBT001 - a case
    """Text and mappings can be iterated, and are not meant so."""
    assert is_listing(value) is listing
