"""All rows of a query, a page at a time, each behind the last row of the one before."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, cast

from viber.errors import SupabaseError
from viber.http import Response
from viber.resilience import Call
from viber.services.supabase._errors import SupabaseServerError
from viber.services.supabase.reading._clauses import Clauses
from viber.services.supabase.reading._counts import ContentRange, CountMode, count_wish
from viber.services.supabase.reading._cursor import Position
from viber.services.supabase.reading._formats import WITHOUT_NULLS, Form
from viber.services.supabase.reading._keyset import Rank, Values, behind, values_of
from viber.services.supabase.wire._rows import DICTS, Row
from viber.services.supabase.wire._slices import last_row
from viber.services.supabase.wire._source import Source

_BEYOND = "PGRST103"


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some of the rows of a walk; it can be iterated over."""

    rows: list[Row]
    cursor: str
    """Where the next page begins: `rows(after=cursor)` and `pages(after=cursor)` of the query go on there."""
    seen: int
    """How many rows the walk has given, these included, and those before a cursor that it resumed from."""
    total: int | None
    """How many it will have given in the end, if that was to be counted."""
    is_last: bool
    """Nothing comes behind it; where that is not known yet, False."""

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Pages(Generic[Row]):
    """Iterate over it, more than once if you like: each time starts anew. Between pages it holds nothing."""

    source: Source[Row]
    clauses: Clauses
    form: Form
    size: int
    ranks: tuple[Rank, ...]
    after: Position | None
    count: CountMode | None

    def __aiter__(self) -> AsyncIterator[Page[Row]]:
        return _Turns(self)


@dataclass(frozen=True, slots=True)
class Walk(Generic[Row]):
    """Iterate over it, more than once if you like: each time starts anew. Between pages it holds nothing."""

    pages: Pages[Row]
    on_page: Callable[[Page[Row]], object] | None = None

    def __aiter__(self) -> AsyncIterator[Row]:
        return _Steps(self)


@dataclass(frozen=True, slots=True)
class _Found(Generic[Row]):
    """The answer to one page."""

    rows: list[Row]
    last: Values
    total: int | None


class _Turns(AsyncIterator[Page[Row]]):
    """Where one walk stands: between two pages it holds nothing but that."""

    __slots__ = ("_counts", "_ended", "_is_turning", "_largest", "_pages", "_position", "_total")

    def __init__(self, pages: Pages[Row]) -> None:
        self._pages = pages
        self._position = pages.after
        self._largest = 0
        self._counts = pages.count is not None
        self._total: int | None = None
        self._ended = self._left == 0
        self._is_turning = False

    async def __anext__(self) -> Page[Row]:
        if self._is_turning:
            raise RuntimeError("two tasks cannot turn the pages of one iterator: give each its own")
        if self._ended:
            raise StopAsyncIteration
        self._is_turning = True
        try:
            found = await self._ask()
        finally:
            self._is_turning = False
        page = self._turn(found)
        if not page.rows:
            raise StopAsyncIteration
        return page

    @property
    def _seen(self) -> int:
        return self._position.seen if self._position else 0

    @property
    def _left(self) -> int | None:
        limit = self._pages.clauses.limit
        return None if limit is None else max(0, limit - self._seen)

    async def _ask(self) -> _Found[Row]:
        pages, clauses = self._pages, self._next()
        if clauses.matches_nothing:
            return _Found([], (), 0)
        form = pages.form.wishing(count_wish(pages.count)) if pages.count and self._counts else pages.form
        return await pages.source.fetch(clauses, self._read, form, recover=_end)

    def _next(self) -> Clauses:
        """What finds the next page."""
        pages, position = self._pages, self._position
        size = pages.size if self._left is None else min(pages.size, self._left)
        order = tuple(rank.order for rank in pages.ranks)
        clauses = Clauses(pages.clauses.columns, pages.clauses.filters, order, size, pages.clauses.offset)
        if position is None:
            return clauses
        return clauses.where(*behind(pages.ranks, position.values)).bounded(size, None)

    async def _read(self, response: Response) -> _Found[Row]:
        pages = self._pages
        rows = await pages.source.read(response, self._seen)
        last = _last(pages, rows, response.body) if rows else ()
        return _Found(rows, last, ContentRange.of(response.headers).total)

    def _turn(self, found: _Found[Row]) -> Page[Row]:
        """The walk has come to the end of this page.

        A page that is shorter than the one asked for may have been cut by the server; one that is shorter
        than an earlier one is the last.
        """
        received = len(found.rows)
        if received and self._position is not None and found.last == self._position.values:
            raise _not_behind(self._pages)
        if self._counts:
            self._total, self._counts = self._in_all(found.total), False
        if received:
            self._position = Position(found.last, self._seen + received)
        self._ended = received < self._largest or not received or self._left == 0
        self._largest = max(self._largest, received)
        cursor = self._position.cursor(query_of(self._pages)) if self._position else ""
        return Page(found.rows, cursor, self._seen, self._total, self._ended)

    def _in_all(self, behind: int | None) -> int | None:
        """How many rows the walk gives, when so many match behind its position."""
        if behind is None:
            return None
        skipped = 0 if self._position else self._pages.clauses.offset or 0
        total = self._seen + max(0, behind - skipped)
        limit = self._pages.clauses.limit
        return total if limit is None else min(total, limit)


class _Steps(AsyncIterator[Row]):
    """The rows of the pages, one by one."""

    __slots__ = ("_on_page", "_rows", "_turns")

    def __init__(self, walk: Walk[Row]) -> None:
        self._turns = aiter(walk.pages)
        self._on_page = walk.on_page
        self._rows: Iterator[Row] = iter(())

    async def __anext__(self) -> Row:
        for row in self._rows:
            return row
        page = await anext(self._turns)
        self._rows = iter(page.rows)
        if self._on_page is not None:
            self._on_page(page)
        return next(self._rows)


def query_of(pages: Pages[Any]) -> str:
    """What tells one walk from another; how far either goes is no difference."""
    source, ranks = pages.source, pages.ranks
    clauses = Clauses(pages.clauses.columns, pages.clauses.filters, tuple(rank.order for rank in ranks))
    return f"{source.session.endpoint.profile or ''}\n{source.path}\n{source.asked}\n{clauses.query()}"


def _not_behind(pages: Pages[Any]) -> SupabaseServerError:
    """A walk that was sent back to where it stood would never end."""
    return SupabaseServerError(
        f"a page of {pages.source.table} ends where the one before it did: the walk does not go on",
        service="supabase",
        details={"table": pages.source.table},
        suggestion="look for a cache between here and the project, and whether the key is unique",
    )


async def _end(refusal: SupabaseError, _: Call) -> _Found[Any]:
    """Behind the last row there are none: with a count PostgREST refuses what it answers without."""
    if (refusal.details or {}).get("code") == _BEYOND:
        return _Found([], (), 0)
    raise refusal


def _is_exact(row: object, ranks: tuple[Rank, ...]) -> bool:
    """Whether a decoded row surely holds what the server wrote: a fraction would be a float by now."""
    if not isinstance(row, dict):
        return False
    fields = cast("dict[str, object]", row)
    return all(type(fields.get(rank.field)) in {int, str} for rank in ranks)


def _last(pages: Pages[Row], rows: list[Row], body: bytes) -> Values:
    """Where the last row stands, as the server wrote it: a type may have changed what it holds."""
    if pages.source.rows is DICTS and _is_exact(rows[-1], pages.ranks):
        return values_of(pages.ranks, rows[-1], stripped=False)
    body = body.strip()
    listed = body if body[:1] == b"[" else b"[%b]" % body
    return values_of(pages.ranks, last_row(listed), stripped=pages.form.accept == WITHOUT_NULLS)
