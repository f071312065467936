from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from viber.errors import InvalidRequestError
from viber.services.supabase import Range
from viber.services.supabase.filters._values import json_of, text_of


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (Range(1, 3), "[1,3)"),
        (Range(1, 3, "(]"), "(1,3]"),
        (Range(None, 3, "()"), "(,3)"),
        (Range(1, None, "[]"), "[1,]"),
        (Range[int](), "[,)"),
        (Range[int].empty(), "empty"),
        (Range(Decimal("1.50"), Decimal("2E+3")), '["1.50",2000)'),
        (Range(date(2026, 1, 1), date(2026, 2, 1)), "[2026-01-01,2026-02-01)"),
        (
            Range(datetime(2026, 1, 1, tzinfo=UTC), None),
            '["2026-01-01T00:00:00+00:00",)',
        ),
        (Range('a"b', "c,d"), '["a\\"b","c,d")'),
        (Range("", "x"), '["",x)'),
    ],
)
def test_a_range_has_postgresqls_text(made: Range[Any], text: str) -> None:
    """Bounds are quoted where they need it; no bound is an open end."""
    assert str(made) == text


@pytest.mark.parametrize("bounds", ["", "[[", ")(", "[", None, "<>"])
def test_brackets_are_those_of_ranges(bounds: Any) -> None:
    """Anything else is refused at once."""
    with pytest.raises(InvalidRequestError, match="bounds"):
        Range(1, 2, bounds)


@pytest.mark.parametrize("bound", [float("nan"), "a\0", [1], object()])
def test_a_bound_is_a_value(bound: object) -> None:
    """What has no text in PostgreSQL bounds nothing."""
    with pytest.raises(InvalidRequestError):
        Range(bound, None)


def test_ranges_are_values() -> None:
    """Equal ones are equal, and can be keys; the empty one is not the unbounded one, nor any text."""
    assert len({Range(1, 2), Range(1, 2), Range(1, 2, "[]"), Range[int](), Range[int].empty()}) == 4
    assert Range(1, 2) != "[1,2)"
    assert repr(Range(1, 2)) == "Range('[1,2)')"


def test_a_range_shows_its_parts() -> None:
    """Also to pattern matching; the empty one has no bounds."""
    match Range(1, 2, "(]"):
        case Range(lower, upper, bounds):
            assert (lower, upper, bounds) == (1, 2, "(]")
    nothing = Range[int].empty()
    assert (nothing.is_empty, nothing.lower, nothing.upper) == (True, None, None)
    assert not Range(1, 1).is_empty
    with pytest.raises(AttributeError):
        nothing.lower = 5  # type: ignore[misc]


class Booking(BaseModel):
    nights: Range[date]
    hours: Range[datetime] | None = None
    data: Any = None


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("[2026-01-01,2026-02-01)", Range(date(2026, 1, 1), date(2026, 2, 1))),
        ("(,2026-02-01]", Range(None, date(2026, 2, 1), "(]")),
        ("(,)", Range(None, None, "()")),
        ("empty", Range[date].empty()),
    ],
)
def test_a_model_reads_a_range_with_bounds_of_its_type(text: str, meant: Range[date]) -> None:
    """From PostgreSQL's text, or as it is."""
    booking = Booking.model_validate_json(json.dumps({"nights": text}))
    assert booking.nights == meant
    assert booking.nights.lower == meant.lower
    assert Booking(nights=meant).nights == meant


@pytest.mark.parametrize(
    ("bound", "moment"),
    [
        ("2026-03-03 00:00:00+00", datetime(2026, 3, 3, tzinfo=UTC)),
        ("2026-03-03 05:30:00.25+05:30", datetime(2026, 3, 3, 0, 0, 0, 250_000, tzinfo=UTC)),
        ("2026-03-02 19:00:00-05", datetime(2026, 3, 3, tzinfo=UTC)),
    ],
)
def test_times_are_read_as_postgresql_writes_them(bound: str, moment: datetime) -> None:
    """With an offset in hours alone, too."""
    assert TypeAdapter(Range[datetime]).validate_python(f'["{bound}",)').lower == moment


@given(st.text() | st.none(), st.text() | st.none(), st.sampled_from(["[)", "[]", "(]", "()"]))
def test_a_range_is_read_as_it_was_written(lower: Any, upper: Any, bounds: Any) -> None:
    """Whatever characters its bounds have."""
    assume("\0" not in f"{lower}{upper}")
    made = Range(lower, upper, bounds)
    read = TypeAdapter(Range[str]).validate_python(str(made))
    assert (read.lower, read.upper, read.bounds) == (lower, upper, bounds)


def test_quotes_are_read_as_postgresql_writes_them() -> None:
    """Doubled, where ours have a backslash."""
    assert TypeAdapter(Range[str]).validate_python(r'["a""b\\c",)').lower == 'a"b\\c'


@pytest.mark.parametrize("text", ["", "[1,2", "1,2", "[1,2,3)", "[1]", 5, None, "Empty"])
def test_what_is_no_range_does_not_fit_a_model(text: object) -> None:
    """Nor does a bound of another type."""
    with pytest.raises(ValidationError, match="not the text of a range"):
        TypeAdapter(Range[int]).validate_python(text)
    with pytest.raises(ValidationError, match="valid integer"):
        TypeAdapter(Range[int]).validate_python("[a,b)")


def test_a_range_is_text_in_json() -> None:
    """Alone, in a row, in a model, and where a model says only Any."""
    made = Range(date(2026, 1, 1), None)
    assert json_of({"r": made, "list": [made]}) == b'{"r":"[2026-01-01,)","list":["[2026-01-01,)"]}'
    booking = Booking(nights=made, data=made)
    assert booking.model_dump(mode="json") == {
        "nights": "[2026-01-01,)",
        "hours": None,
        "data": "[2026-01-01,)",
    }
    assert text_of(made) == "[2026-01-01,)"
    assert TypeAdapter(Range[int]).json_schema() == {"type": "string"}
