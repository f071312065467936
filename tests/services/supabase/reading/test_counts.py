from __future__ import annotations

import pytest

from viber.errors import InvalidRequestError
from viber.services.supabase.reading._counts import ContentRange, count_wish


@pytest.mark.parametrize(
    ("header", "rows", "total"),
    [
        ("0-24/3573", 25, 3573),
        ("0-24/*", 25, None),
        ("25-25/26", 1, 26),
        ("*/0", 0, 0),
        ("*/3573", 0, 3573),
        ("*/*", 0, None),
        ("0-0/1", 1, 1),
        ("", None, None),
        ("bytes", None, None),
        ("0-/5", None, 5),
        ("a-b/c", None, None),
        ("0-٣/٣", None, None),
        ("-1-2/-3", None, None),
        ("5/5", None, 5),
        ("9-0/1", 0, 1),
    ],
)
def test_every_form_of_a_content_range_is_read(header: str, rows: int | None, total: int | None) -> None:
    """What it does not tell is None, never a guess."""
    assert ContentRange.of({"content-range": header}) == ContentRange(rows, total)


def test_an_answer_without_a_content_range_tells_nothing() -> None:
    """As that of a function."""
    assert ContentRange.of({}) == ContentRange(None, None)


@pytest.mark.parametrize("mode", ["exact", "planned", "estimated"])
def test_a_count_is_a_preference(mode: str) -> None:
    """By PostgREST's own words."""
    assert count_wish(mode) == f"count={mode}"  # type: ignore[arg-type]


def test_an_unknown_way_to_count_is_refused() -> None:
    """The server would not count at all, and say nothing."""
    with pytest.raises(InvalidRequestError, match="'exact', 'planned' or 'estimated'"):
        count_wish("all")  # type: ignore[arg-type]
