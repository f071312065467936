from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viber.errors import InvalidRequestError
from viber.services.supabase.reading._cursor import Position

QUERY = "orders?order=id"


def written(*facts: Any) -> str:
    return urlsafe_b64encode(json.dumps(facts).encode()).rstrip(b"=").decode()


PRINT = json.loads(urlsafe_b64decode(Position(("1",), 1).cursor(QUERY) + "=="))[1]


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))  # what PostgreSQL can hold


@given(st.lists(st.none() | texts, min_size=1, max_size=4), st.integers(0, 10**12))
def test_a_cursor_holds_a_position(values: list[str | None], seen: int) -> None:
    """Whatever characters the values have; and it can stand in a URL as it is."""
    position = Position(tuple(values), seen)
    cursor = position.cursor(QUERY)
    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert Position.of(cursor, QUERY, len(values)) == position


@pytest.mark.parametrize(
    ("cursor", "words"),
    [
        ("", "no cursor"),
        ("!!!", "no cursor"),
        ("é", "no cursor"),
        (written(), "no cursor"),
        (written(1, PRINT, 5), "no cursor"),
        (urlsafe_b64encode(b'{"a":1}').decode(), "no cursor"),
        (urlsafe_b64encode(b"[" * 5000).decode(), "no cursor"),
        (None, "the text that a page gave"),
        (7, "the text that a page gave"),
        ("A" * 100_000, "the text that a page gave"),
        (written(2, PRINT, 5, ["1"]), "version 2"),
        (written("1", PRINT, 5, ["1"]), "version '1'"),
        (written(1, "other", 5, ["1"]), "another query"),
        (written(1, PRINT, -1, ["1"]), "damaged"),
        (written(1, PRINT, "5", ["1"]), "damaged"),
        (written(1, PRINT, True, ["1"]), "damaged"),
        (written(1, PRINT, 5, ["1", "2"]), "damaged"),
        (written(1, PRINT, 5, []), "damaged"),
        (written(1, PRINT, 5, [1]), "damaged"),
        (written(1, PRINT, 5, "1"), "damaged"),
        (written(1, PRINT, 5, ["\0"]), "damaged"),
        (written(1, PRINT, 5, ["\ud800"]), "damaged"),
    ],
)
def test_what_is_no_cursor_of_this_query_is_refused(cursor: Any, words: str) -> None:
    """It comes from outside: anything may stand in it."""
    with pytest.raises(InvalidRequestError, match=words):
        Position.of(cursor, QUERY, 1)


def test_a_cursor_is_short() -> None:
    """Short enough for a query string."""
    assert len(Position(("2026-03-01T12:00:00+00:00", "123456"), 100_000).cursor(QUERY)) < 100
