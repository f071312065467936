from __future__ import annotations

import contextlib
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viber.services.supabase.writing._equality import condition, question, questions, same, unlike

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, Decimal("1.00")),
        (None, None),
        ({"a": 1, "b": [True, None]}, {"b": [True, None], "a": Decimal(1)}),
        ([], []),
    ],
)
def test_the_same_json_is_the_same(one: Any, other: Any) -> None:
    """Numbers by their value, objects without order."""
    assert same(one, other)
    assert same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.10", Decimal("1.1")),
        (1, True),
        (0, False),
        (0, None),
        ("", None),
        ([1, 2], [2, 1]),
        ([1], [1, 2]),
        ({"a": 1}, {"a": 1, "b": None}),
        ({"a": 1}, {"a": True}),
        ([], {}),
    ],
)
def test_other_json_is_not(one: Any, other: Any) -> None:
    """Neither a text that reads like a number, nor a one that is a truth; order counts in lists."""
    assert not same(one, other)
    assert not same(other, one)


@settings(max_examples=50)
@given(json_values)
def test_everything_is_the_same_as_itself(value: Any) -> None:
    """Whatever it is made of."""
    assert same(value, value)


def test_only_what_was_sent_is_compared() -> None:
    """What the database filled in is nobody's business; what is gone is unlike."""
    sent = {"id": 1, "total": "1.10", "note": None, "gone": 5}
    assert unlike(sent, {"id": 1, "total": Decimal("1.1"), "note": None, "made": "now"}) == {
        "total": "1.10",
        "gone": 5,
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "c.is.null"),
        (True, "c.eq.true"),
        (7, "c.eq.7"),
        (Decimal("1E+3"), "c.eq.1000"),
        ("a,b", 'c.eq."a,b"'),
        ("", 'c.eq.""'),
        ([], 'c.eq."{}"'),
        ([1, None], r'c.eq."{\"1\",NULL}"'),
        ([[1], [2]], r'c.eq."{{\"1\"},{\"2\"}}"'),
        (['say "hi"'], r'c.eq."{\"say \\\"hi\\\"\"}"'),
    ],
)
def test_a_value_is_asked_for_as_postgresql_reads_it(value: Any, text: str) -> None:
    """Null by `is`, a list as an array."""
    assert condition("c", value) == text


def test_a_column_is_quoted_where_it_must_be() -> None:
    """Whatever characters it has."""
    assert condition("a.b", 1) == '"a.b".eq.1'


@pytest.mark.parametrize(
    ("sent", "seen", "asked"),
    [
        ("1.10", Decimal("1.1"), 'c.eq."01.10"'),
        ("-5", -5, "c.eq.-05"),
        ("1E+3", 1000, 'c.eq."01E+3"'),
        ("true", True, "c.eq.TRUE"),
        ("1e400", 7, "c.eq.1e400"),
        ("2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00+00:00", 'c.eq."2026-01-01T01:00:00+01:00"'),
        (5, "5", "c.eq.5"),
        (["1.10"], [Decimal("1.1")], r'c.eq."{\"1.10\"}"'),
        ([Decimal("0.5"), 1], "[0.5,1]", 'c.eq."[0.5,1]"'),
        ("(1,2)", {"lat": 1, "lon": 2}, 'c.eq."(1,2)"'),
    ],
)
def test_what_may_be_equal_is_asked_for(sent: Any, seen: Any, asked: str) -> None:
    """As the column's type reads it, and as no `jsonb` column would read what is there."""
    assert question("c", sent, seen) == asked


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        (None, 5),
        (5, None),
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, "text"),
        ([], {}),
        ([1], 1),
        ('"a"', "a"),
        ("[1]", [1]),
        ('{"a": 1}', {"a": 1}),
    ],
)
def test_what_is_another_value_for_sure_is_not_asked_for(sent: Any, seen: Any) -> None:
    """Null and a value; an object and what is none; JSON and the text of it."""
    assert question("c", sent, seen) is None
    assert questions({"a": 1, "c": sent}, {"a": 1, "c": seen}) is None


def operand(asked: str) -> str:
    """What the filter compares with, without PostgREST's quotes."""
    text = asked.removeprefix("c.eq.")
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL) if text.startswith('"') else text


@settings(max_examples=300)
@given(json_values, json_values)
def test_no_other_value_of_a_json_column_answers_to_the_question(sent: Any, seen: Any) -> None:
    """Whatever is there: read as JSON, the operand is never what is there unless that is what was sent."""
    asked = None if same(sent, seen) else question("c", sent, seen)
    if asked is not None:
        with contextlib.suppress(ValueError):
            assert not same(json.loads(operand(asked), parse_float=Decimal), seen)


@settings(max_examples=200)
@given(json_values)
def test_the_text_of_what_is_there_is_another_value(seen: Any) -> None:
    """The nearest miss: JSON sent as text, and there as itself."""
    asked = question("c", json.dumps(seen, default=float), seen)
    if asked is not None:
        with contextlib.suppress(ValueError):
            assert not same(json.loads(operand(asked), parse_float=Decimal), seen)


def test_only_what_is_unlike_is_asked_for() -> None:
    """Nothing at all where all is the same."""
    assert questions({"a": 1, "b": "1.0"}, {"a": 1, "b": 1}) == ('b.eq."01.0"',)
    assert questions({"a": 1}, {"a": 1, "b": 2}) == ()
