from __future__ import annotations

from typing import Any

import pytest

from viber.errors import InvalidRequestError
from viber.services.supabase import col
from viber.services.supabase.filters._places import Path, locate, path_of


@pytest.mark.parametrize(
    ("text", "path", "written"),
    [
        ("total", Path("total"), "total"),
        ("a.b", Path("a.b"), '"a.b"'),
        ("p->k", Path("p", ("k",)), "p->k"),
        ("p->>k", Path("p", ("k",), ends_as_text=True), "p->>k"),
        ("p->k->>l", Path("p", ("k", "l"), ends_as_text=True), "p->k->>l"),
        ("p->0->-1", Path("p", (0, -1)), "p->0->-1"),
        ("a b->c.d", Path("a b", ("c.d",)), '"a b"->"c.d"'),
        ("a-b", Path("a-b"), '"a-b"'),
        ("a>b", Path("a>b"), '"a>b"'),
    ],
)
def test_a_text_is_a_name_or_a_path(text: str, path: Path, written: str) -> None:
    """Arrows are steps; every other character belongs to a name, and is quoted."""
    assert path_of(text) == path
    assert locate(text).text == written


@pytest.mark.parametrize(
    ("column", "written"),
    [
        (col("a->b"), '"a->b"'),
        (col("p").json("1"), 'p->"1"'),
        (col("p").json(1), "p->1"),
        (col("p").text("-1", "k"), 'p->"-1"->>k'),
        (col("p").json("a").text(2), "p->a->>2"),
        (col("p").json("").text(""), 'p->""->>""'),
    ],
)
def test_a_column_is_exactly_what_was_said(column: Any, written: str) -> None:
    """A name with an arrow stays one name; a key that looks like a number stays a key."""
    assert locate(column).text == written


@pytest.mark.parametrize(
    ("column", "holds_json"),
    [
        ("p", False),
        ("p->k", True),
        ("p->>k", False),
        (col("p->k"), False),
        (col("p").json("k"), True),
        (col("p").text("k"), False),
    ],
)
def test_a_path_says_whether_it_ends_in_json(column: Any, holds_json: bool) -> None:  # noqa: FBT001 - a case
    """Its last arrow does."""
    assert locate(column).holds_json is holds_json


@pytest.mark.parametrize("column", ["", "->k", "p->", "p->>", "p->->k", "p->>k->l", "a\0", None, 5, ["a"]])
def test_what_names_no_column_is_refused(column: Any) -> None:
    """An empty name or step, an arrow to text before the end, something else than text."""
    with pytest.raises(InvalidRequestError):
        locate(column)
