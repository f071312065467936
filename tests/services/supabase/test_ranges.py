from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from viber.errors import InvalidRequestError
from viber.services.supabase import Range


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
    """Equal ones are equal, and can be keys; the empty one is not the unbounded one."""
    assert len({Range(1, 2), Range(1, 2), Range(1, 2, "[]"), Range[int](), Range[int].empty()}) == 4
