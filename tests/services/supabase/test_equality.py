from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viber.services.supabase._equality import can_be_asked, condition, same, unlike

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
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


def test_an_object_that_is_other_json_need_not_be_asked_for() -> None:
    """`json` has no equality, and `jsonb` keeps what it was given."""
    assert not can_be_asked([1, {"a": 1}])
    assert can_be_asked([1, "a", None, [1]])
