from __future__ import annotations

from typing import Any

import pytest

from viber.errors import InvalidRequestError
from viber.services.supabase import all_of, any_of, col, raw
from viber.services.supabase.filters._operators import Operator, compare, member, relate


@pytest.mark.parametrize("make", [any_of, all_of])
@pytest.mark.parametrize("values", ["abc", b"abc", {"a": 1}, 5, None])
def test_several_values_are_a_list(make: Any, values: Any) -> None:
    """A text is not the list of its characters."""
    with pytest.raises(InvalidRequestError, match="takes a list of values"):
        make(values)


@pytest.mark.parametrize("make", [any_of, all_of])
def test_several_values_are_at_least_one(make: Any) -> None:
    """Any of nothing would be no row, and all of nothing every row."""
    with pytest.raises(InvalidRequestError, match="needs a value"):
        make([])


def test_several_values_are_kept_when_an_iterator_is_spent() -> None:
    """A query can be asked twice."""
    several = any_of(number for number in (1, 2))
    assert several.values == (1, 2)
    assert several == any_of([1, 2])


@pytest.mark.parametrize("value", [col("b"), col("b").eq(1), any_of([1]), raw("b")])
@pytest.mark.parametrize(
    "make",
    [
        lambda value: compare("a", Operator.EQ, any_of([value])),
        lambda value: member("p->k", [value]),
        lambda value: relate("a", Operator.CONTAINS, [value]),
    ],
)
def test_a_part_of_a_question_is_no_value(make: Any, value: object) -> None:
    """A column is compared with values: another column would go out as its JSON, and find nothing."""
    with pytest.raises(InvalidRequestError, match="is no value"):
        make(value)
