from __future__ import annotations

import re
from urllib.parse import parse_qsl

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from viber.errors import Delivery, InvalidRequestError
from viber.services.supabase.filters._quoting import (
    RESERVED,
    array_literal,
    element,
    name,
    names,
    percent,
    segment,
    sound,
)

# What PostgreSQL can hold: no NUL, no half of a surrogate pair.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
awkward = st.text(st.sampled_from(list('a,()"\\:. {}&=+#%*\t')))


def read_quoted(text: str, at: int) -> tuple[str, int]:
    """What stands between the double quotes that open at `at`, and where it ends."""
    out, at = [], at + 1
    while text[at] != '"':
        at += text[at] == "\\"
        out.append(text[at])
        at += 1
    return "".join(out), at + 1


def read_list(text: str, *, end: str) -> list[str]:
    """The elements of a list as PostgREST reads it: quoted, or raw up to a comma or the end."""
    found, at = [], 0
    while at < len(text):
        if text[at] == '"':
            value, at = read_quoted(text, at)
        else:
            raw = re.match(rf"[^,{re.escape(end)}]*", text[at:])
            assert raw is not None
            value, at = raw[0].strip(), at + raw.end()
        found.append(value)
        assert at == len(text) or text[at] == ","
        at += 1
    return found


def read_name(text: str) -> str:
    """A name as PostgREST reads it: quoted, or plain characters."""
    if text.startswith('"'):
        value, at = read_quoted(text, 0)
        assert at == len(text)
        return value
    assert re.fullmatch(r"[A-Za-z_]\w*", text)
    assert text not in RESERVED
    return text


@given(st.lists(texts | awkward, min_size=1))
@example([" x", "x ", "", 'a"b', "a\\b", "a,b", "a)b", "NULL"])
def test_elements_of_a_list_come_out_as_they_went_in(values: list[str]) -> None:
    """Whatever characters an element has, a reader of the list gets it back."""
    assert read_list(",".join(map(element, values)), end=")") == values


@given(st.lists(texts | awkward, min_size=1))
def test_elements_of_an_array_literal_come_out_as_they_went_in(values: list[str]) -> None:
    """Whatever characters an element has, a reader of the array gets it back."""
    literal = array_literal(values)
    assert literal[0] + literal[-1] == "{}"
    assert read_list(literal[1:-1], end="}") == values


@given((texts | awkward | st.sampled_from(sorted(RESERVED))).filter(bool))
def test_names_come_out_as_they_went_in(column: str) -> None:
    """Any name that is not empty is read back as itself, and never as a reserved key."""
    assert read_name(name(column)) == column


@given(st.lists(st.tuples((texts | awkward).filter(bool), texts | awkward), min_size=1))
def test_percent_encoding_hides_nothing_from_a_query_parser(pairs: list[tuple[str, str]]) -> None:
    """A standard parser of query strings gets every key and value back."""
    query = "&".join(f"{percent(key)}={percent(value)}" for key, value in pairs)
    assert query.isascii()
    assert parse_qsl(query, keep_blank_values=True, strict_parsing=True) == pairs


@pytest.mark.parametrize(
    ("column", "wire"),
    [
        ("total", "total"),
        ("_x1", "_x1"),
        ("a.b", '"a.b"'),
        ("a b", '"a b"'),
        ("a-b", '"a-b"'),
        ("p->>x", '"p->>x"'),
        ("été", '"été"'),
        ("1st", '"1st"'),
        ('say "x"', '"say \\"x\\""'),
        ("select", '"select"'),
        ("not", '"not"'),
        ("*", '"*"'),
    ],
)
def test_a_name_is_quoted_where_it_would_mean_something_else(column: str, wire: str) -> None:
    """Plain names stay plain; everything else, and every reserved key, is quoted."""
    assert name(column) == wire


def test_several_names_are_joined_by_commas() -> None:
    """Each name is quoted by itself, so that a comma inside one does not split it."""
    assert names(("a", "b,c")) == 'a,"b,c"'


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800"])
def test_text_that_no_database_can_hold_is_refused(text: str) -> None:
    """NUL and half surrogate pairs are refused before anything is sent."""
    with pytest.raises(InvalidRequestError) as caught:
        sound(text)
    assert caught.value.delivery is Delivery.NOT_SENT


def test_an_empty_column_name_is_refused() -> None:
    """There is no column without a name."""
    with pytest.raises(InvalidRequestError, match="empty"):
        name("")


@pytest.mark.parametrize(
    ("table", "path"), [("odd names", "odd%20names"), ("a/b?c", "a%2Fb%3Fc"), ("été", "%C3%A9t%C3%A9")]
)
def test_a_table_name_is_one_segment_of_the_path(table: str, path: str) -> None:
    """No character of a table name can leave its segment."""
    assert segment(table) == path


@pytest.mark.parametrize("table", ["", ".", "..", "a\0", None, 5])
def test_what_is_no_segment_of_a_path_is_refused(table: object) -> None:
    """An empty name and the dots that mean other folders are no tables; what is no text is none."""
    with pytest.raises(InvalidRequestError):
        segment(table)
