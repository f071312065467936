from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from decimal import Decimal
from itertools import count
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel

from viber.services.supabase import RowMismatchError
from viber.services.supabase.wire._rows import DICTS, RowReader, exactly, reader_of
from viber.services.supabase.wire._slices import last_row, read_rows, slices


class Row(BaseModel):
    id: int
    note: Any = None


class Money(BaseModel):
    id: Decimal


def fail_on(value: int) -> int:
    if value % 5 == 4:
        raise KeyError(value)
    return value


class Fragile(BaseModel):
    id: Annotated[int, AfterValidator(fail_on)]


READERS = [DICTS, *map(reader_of, (Row, Money, Fragile, dict[str, Decimal], object))]

values = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.decimals(-9, 9, places=3) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=6,
)
notes = values | st.sampled_from(["a, b", ", \n ", '], \n {"id":', "\\", '\\"', "é😀"])
fitting = st.fixed_dictionaries({"id": st.integers(0, 99)}, optional={"note": notes})
like_rows = st.fixed_dictionaries({"id": values}, optional={"note": st.lists(fitting, max_size=3) | notes})
lists = st.lists(fitting, max_size=9) | st.lists(fitting | like_rows | values, max_size=9)
commas = st.sampled_from([", \n ", ", ", ",", ",\n", "\n, \n "])
breaks = st.sampled_from([", \n ", ", ", ",", ",\n  "])


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """A list of rows as some server may write it: any white space between rows, and any within them."""
    within = (draw(breaks), draw(st.sampled_from([":", ": ", " : "])))
    ascii_only = draw(st.booleans())

    def text(row: object) -> str:
        return json.dumps(row, separators=within, ensure_ascii=ascii_only, default=float)

    return f"[{draw(commas).join(map(text, draw(lists)))}]".encode()


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """A body from which a piece was lost."""
    body = draw(bodies())
    start, length = draw(st.integers(0, len(body) - 1)), draw(st.integers(1, 9))
    return body[:start] + body[start + length :]


def table(rows: int, **more: object) -> bytes:
    """Rows as PostgREST writes them."""
    return b"[%b]" % b", \n ".join(
        json.dumps({"id": number, **more}, separators=(",", ":")).encode() for number in range(rows)
    )


def turns_of(work: Coroutine[Any, Any, Any]) -> tuple[Any, int]:
    """What comes of it, and how often it gave way."""
    for turns in count():
        try:
            work.send(None)
        except StopIteration as done:
            return done.value, turns
    raise AssertionError


def outcome(reader: RowReader[Any], body: bytes, at_once: int | None) -> str:
    try:
        return repr(turns_of(read_rows(reader, body, table="t", at_once=at_once))[0])
    except RowMismatchError as error:
        return f"{error!r} {error.message} {error.details} {error.__cause__!r} {error.__suppress_context__}"
    except ValueError:
        return "no list"


@pytest.fixture
def decoded() -> list[bytes]:
    """What the reader was given."""
    return []


@pytest.fixture
def watched(decoded: list[bytes]) -> Callable[[type[Any]], RowReader[Any]]:
    """A reader that notes what it decodes."""

    def watched(model: type[Any]) -> RowReader[Any]:
        reader = reader_of(model)

        def decode(body: bytes) -> list[Any]:
            decoded.append(body)
            return reader.decode(body)

        return RowReader(reader.name, decode)

    return watched


@given(bodies() | broken() | st.binary(max_size=20), st.sampled_from(READERS), st.integers(1, 90))
def test_slices_give_what_the_whole_gives(body: bytes, reader: RowReader[Any], size: int) -> None:
    """The same rows or the same error: whatever the rows, the white space, the model and the size."""
    assert outcome(reader, body, size) == outcome(reader, body, None)


@pytest.mark.parametrize(
    "body",
    [
        b"[, \n 1]",
        b"[1, \n ]",
        b"[1, \n , \n 1]",
        b"{1, \n 2]",
        b"{1]",
        b"1, \n 2]",
        b"[1, \n 2",
        b"[1, \n 2}",
        b"[1, 2]]",
    ],
)
@pytest.mark.parametrize(
    "reader", [DICTS, reader_of(object), reader_of(Decimal)], ids=lambda reader: reader.name
)
def test_slices_make_no_list_of_what_is_none(body: bytes, reader: RowReader[Any]) -> None:
    """Each of its slices may look like one."""
    assert outcome(reader, body, 1) == outcome(reader, body, None) == "no list"


def test_a_model_that_breaks_is_told_as_ever() -> None:
    """Its error says what it says of the whole, with its cause."""
    assert outcome(reader_of(Fragile), table(9), 20) == outcome(reader_of(Fragile), table(9), None)


@given(st.integers(1, 60), st.integers(1, 300))
def test_a_slice_has_the_size_that_was_asked_for_and_at_most_a_row_more(rows: int, size: int) -> None:
    """So the loop never stands still for longer than that takes."""
    row = len(table(1, note="x")) + 4
    *parts, last = slices(table(rows, note="x"), size)
    assert all(size < len(part) <= size + row for part in parts)
    assert len(last) <= size + row


@pytest.mark.parametrize("between", [", \n ", ", "])
@pytest.mark.parametrize("row", ['{"id":1}', '{"id": 1, "note": null}', "1", '"a"', "[1,2]"])
def test_rows_and_values_are_cut_as_postgresql_writes_them(row: str, between: str) -> None:
    """Rows, jsonb, numbers, texts and arrays: each list of them is cut at every separator."""
    parts = list(slices(f"[{between.join([row] * 4)}]".encode(), 1))
    assert [json.loads(part) for part in parts] == [[json.loads(row)]] * 4


def test_rows_within_rows_are_not_taken_for_rows() -> None:
    """A list in a row is not cut, where it is written otherwise or begins otherwise."""
    lines, embedded = '[{"n":1}, \n {"n":2}]', '[{"id": 1}, {"id": 2}]'
    row = f'{{"id":1,"written":{lines},"embedded":{embedded},"note":"a, \\n {{\\"id\\":"}}'
    assert len(list(slices(f"[{row}, \n {row}]".encode(), 1))) == 2


def test_the_loop_has_its_turn_after_each_slice(watched: Any, decoded: list[bytes]) -> None:
    """And only there."""
    body = table(100)
    rows, turns = turns_of(read_rows(watched(Row), body, table="t", at_once=100))
    assert rows == [Row(id=number) for number in range(100)]
    assert turns == len(decoded) == len(list(slices(body, 100))) > 9


@pytest.mark.parametrize("at_once", [None, len(table(9)), 10**6])
def test_an_answer_that_is_not_larger_is_decoded_at_once(at_once: int | None) -> None:
    """Without a turn of the loop: small answers pay nothing."""
    rows, turns = turns_of(read_rows(DICTS, table(9), table="t", at_once=at_once))
    assert (len(rows), turns) == (9, 0)


def test_rows_that_do_not_fit_are_counted_and_the_first_is_told(watched: Any, decoded: list[bytes]) -> None:
    """By its number in the answer; and the whole is not decoded for it."""
    body = table(50).replace(b'"id":17,', b'"id":"x",').replace(b'"id":17}', b'"id":"x"}')
    body = body.replace(b'"id":40}', b'"id":null}')
    with pytest.raises(RowMismatchError, match=r"row 17 of t does not fit Row at 'id'") as caught:
        turns_of(read_rows(watched(Row), body, table="t", at_once=60))
    assert caught.value.details is not None
    assert (caught.value.details["row"], caught.value.details["errors"]) == (17, 2)
    assert max(map(len, decoded)) < 100


def test_a_cut_inside_a_row_is_made_good(watched: Any, decoded: list[bytes]) -> None:
    """Rows in a row that begin like it mislead the first guess: the whole is decoded then, and is right."""
    body = b'[{"id":1,"note":[{"id":8}, \n {"id":9}]}, \n {"id":2}]'
    rows, _ = turns_of(read_rows(watched(Row), body, table="t", at_once=10))
    assert rows == [Row(id=1, note=[{"id": 8}, {"id": 9}]), Row(id=2)]
    assert decoded == [b'[{"id":1,"note":[{"id":8}]', body]


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
@pytest.mark.parametrize("body", [b'["a\n"]', '[{"id":1}]'.encode("utf-16"), b'\xef\xbb\xbf[{"id":1}]'])
def test_every_reader_reads_the_same_json(reader: RowReader[Any], body: bytes) -> None:
    """UTF-8 without a mark, and no line break in a string: what the cuts rely on."""
    with pytest.raises(ValueError, match=r".*"):
        reader.read(body, table="t")


@given(bodies())
def test_the_last_row_is_the_last(body: bytes) -> None:
    """Whatever stands in it, or between it and the others."""
    rows = exactly(body)
    if rows:
        assert repr(last_row(body)) == repr(rows[-1])


def test_the_last_row_is_behind_the_last_comma() -> None:
    """Also where rows are not all written alike."""
    assert last_row(b"[1, \n 2, 3]") == 3
