"""What a write answers: nothing, how many rows it touched, the rows, one of them, or the new key."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Literal, TypeVar, cast
from urllib.parse import parse_qsl, urlsplit

from viber.http import Response
from viber.services.supabase._errors import SupabaseInvalidRequestError, refusal
from viber.services.supabase.reading._clauses import Clauses
from viber.services.supabase.reading._counts import ContentRange
from viber.services.supabase.reading._formats import ONE_ROW, PLAIN, Form
from viber.services.supabase.reading._picks import only
from viber.services.supabase.reading._selection import Selectable
from viber.services.supabase.wire._rows import Row
from viber.services.supabase.wire._source import Source
from viber.services.supabase.writing._preferences import Answer

Out = TypeVar("Out")


def _as_they_are(answer: Any, _: Sequence[int]) -> Any:
    return answer


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Out]):
    """What is asked of the server, and what is made of its answer."""

    answer: Answer
    read: Callable[[Response], Awaitable[Out]]
    untouched: Callable[[], Out]
    """The answer where nothing had to be sent."""
    columns: tuple[Selectable, ...] = ()
    counted: bool = False
    form: Form = PLAIN
    in_order: Callable[[Out, Sequence[int]], Out] = _as_they_are
    """The answer with its rows in another order: the first number is the place of the first row."""

    @property
    def tells_rows(self) -> bool:
        """Whether the answer depends on which rows were touched, so that a second one would be another."""
        return self.counted or self.answer != "minimal"

    def pairs(self) -> list[str]:
        """The part of the query string that says what to answer with."""
        return [Clauses(self.columns).query()] if self.columns else []


_OK = 200


def _require_bare(response: Response) -> None:
    """An answer without a body, which PostgREST gave: a bare 200 may come from anything in between."""
    if response.body.strip():
        raise ValueError("a body where none was asked for")
    if response.status == _OK and "content-range" not in response.headers:
        raise ValueError("nothing that says who answered")


async def _nothing(response: Response) -> None:
    _require_bare(response)


async def _count(response: Response) -> int:
    total = ContentRange.of(response.headers).total
    if total is None:
        raise ValueError("no count where one was asked for")
    return total


async def _location(response: Response) -> dict[str, str]:
    _require_bare(response)
    pairs = parse_qsl(urlsplit(response.headers.get("location", "")).query)
    if not pairs:
        raise SupabaseInvalidRequestError(
            "the row was written, but the server tells no key of it", suggestion="use returning()"
        )
    return {column.strip('"'): value.removeprefix("eq.") for column, value in pairs}


NOTHING: Outcome[None] = Outcome("minimal", _nothing, lambda: None)
KEY: Outcome[dict[str, str]] = Outcome("headers-only", _location, dict[str, str])


def count_by(mode: Literal["exact"]) -> Outcome[int]:
    """How many rows were written: what was done is counted, and not guessed."""
    if mode != "exact":
        raise refusal(f"the rows of a write are counted 'exact', not {mode!r}")
    return Outcome("minimal", _count, lambda: 0, counted=True)


def rows_of(source: Source[Row], columns: tuple[Selectable, ...] = ()) -> Outcome[list[Row]]:
    """The rows as they are after the write."""
    return Outcome("representation", source.read, list, columns, in_order=_rearranged)


def row_of(source: Source[Row]) -> Outcome[Row]:
    """The one row that was written."""

    async def read(response: Response) -> Row:
        rows = await source.read(response)
        if len(rows) != 1:
            raise ValueError("one row was written, and another number came back")
        return rows[0]

    return Outcome("representation", read, lambda: cast("Row", None))


def the_row_of(source: Source[Row]) -> Outcome[Row]:
    """The one row that was touched: where it would be another number, nothing is."""

    async def read(response: Response) -> Row:
        if not response.body.lstrip().startswith(b"{"):
            raise ValueError("not a row")
        [row] = await source.read(replace(response, body=b"[%b]" % response.body))
        return row

    def untouched() -> Row:
        return only([], source.table)

    return Outcome("representation", read, untouched, form=Form(ONE_ROW))


def _rearranged(rows: list[Row], places: Sequence[int]) -> list[Row]:
    # Where rows came or went since, nobody knows which is which.
    return [rows[place] for place in places] if len(rows) == len(places) else rows
