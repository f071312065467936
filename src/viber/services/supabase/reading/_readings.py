"""What a select finds, in another form than rows alone: counted, as text, as a plan."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, Generic, Self, TypeVar, cast

from pydantic_core import from_json

from viber.errors import SupabaseError
from viber.http import Response
from viber.resilience import Call
from viber.services.supabase._errors import refusal
from viber.services.supabase.reading._clauses import Clauses
from viber.services.supabase.reading._counts import ContentRange
from viber.services.supabase.reading._formats import Form
from viber.services.supabase.reading._selection import is_grouped
from viber.services.supabase.wire._query import Query
from viber.services.supabase.wire._result import Counted, Receipt
from viber.services.supabase.wire._rows import Row
from viber.services.supabase.wire._source import Source

Out = TypeVar("Out")
_BEYOND = "PGRST103"
_TEXTS = ("text/csv", "application/vnd.pgrst.plan+text")


@dataclass(frozen=True, slots=True)
class Reading(Query[Out]):
    """An answer that is read as a whole."""

    source: Source[Any]
    clauses: Clauses
    form: Form
    read: Callable[[Response], Out]
    verb: str

    def run(self) -> Coroutine[object, None, Out]:
        """A coroutine that asks for it."""
        return self._run()

    def recorded_by(self, receipt: Receipt, /) -> Self:
        """The same query, which notes its answers on the receipt."""
        return replace(self, source=self.source.recorded_by(receipt))

    async def _run(self) -> Out:
        async def read(response: Response) -> Out:
            self._doubt(response)
            return self.read(response)

        return await self.source.fetch(self.clauses, read, self.form, verb=self.verb)

    def _doubt(self, response: Response) -> None:
        rows = ContentRange.of(response.headers).rows
        if rows is not None:
            self.source.session.doubt(self.source.table, rows, self.clauses.limit)


@dataclass(frozen=True, slots=True)
class CountedRows(Query[Counted[list[Row]]], Generic[Row]):
    """Rows, and how many there are in all."""

    source: Source[Row]
    clauses: Clauses
    form: Form

    def run(self) -> Coroutine[object, None, Counted[list[Row]]]:
        """A coroutine that gives rows and count."""
        return self._run()

    def recorded_by(self, _: Receipt, /) -> Self:
        """It is recorded already."""
        return self

    async def _run(self) -> Counted[list[Row]]:
        if self.clauses.bounded(None, None).matches_nothing:
            return Counted([])
        receipt = Receipt()
        source = self.source.recorded_by(receipt)

        async def read(response: Response) -> list[Row]:
            total_in(response)
            return await source.read(response)

        return receipt.counted(await source.fetch(self.clauses, read, self.form, recover=_none_beyond))


def require_rows(clauses: Clauses) -> None:
    """Refuse to count groups: the server would count the rows that they are made of.

    Raises:
        InvalidRequestError: an aggregate is selected.
    """
    if is_grouped(clauses.columns):
        raise refusal(
            "the server counts rows and not groups",
            suggestion="select no aggregate, or take the length of the list",
        )


def total_in(response: Response) -> int:
    """The count that was asked for; an answer without it cannot be read."""
    total = ContentRange.of(response.headers).total
    if total is None:
        raise ValueError("no count")
    return total


def bytes_in(response: Response, accept: str) -> bytes:
    """The answer as it came; a page in place of another form is no answer."""
    if _is_page(response) and "html" not in accept:
        raise ValueError("a page")
    return response.body


def text_in(response: Response) -> str:
    """The answer as text, which says of itself that it is one of ours: any bytes could be taken for text."""
    if not _media_type(response).startswith(_TEXTS):
        raise ValueError("not in the form that was asked for")
    return response.body.decode()


def collection_in(response: Response) -> dict[str, Any]:
    """The answer as one JSON object."""
    found = from_json(response.body)
    if not isinstance(found, dict):
        raise ValueError("not an object")  # noqa: TRY004 - the body is bad, not a type
    return cast("dict[str, Any]", found)


def plan_in(response: Response) -> dict[str, Any]:
    """The plan of the one statement that a query is."""
    [plan] = from_json(response.body)
    return cast("dict[str, Any]", plan)


def _media_type(response: Response) -> str:
    return response.headers.get("content-type", "").lower()


def _is_page(response: Response) -> bool:
    return "html" in _media_type(response)


async def _none_beyond(error: SupabaseError, _: Call) -> list[Any]:
    """Beyond the last row there are none: that is the end of paging, and no failure."""
    if (error.details or {}).get("code") != _BEYOND:
        raise error
    return []
