"""All rows of a select, by the key, a page at a time."""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, cast

from viber.http import Response
from viber.services.supabase._clauses import Clauses, Order
from viber.services.supabase._errors import SupabaseInvalidRequestError, refusal
from viber.services.supabase._operators import Operator, compare
from viber.services.supabase._rows import Row, RowReader
from viber.services.supabase._slices import last_row
from viber.services.supabase._source import Source


@dataclass(frozen=True, slots=True)
class Walk(Generic[Row]):
    """Iterate over it, more than once if you like: each time starts anew."""

    source: Source[Row]
    clauses: Clauses
    page_size: int
    key: Order

    def __aiter__(self) -> AsyncIterator[Row]:
        return _Steps(self)


def walking_order(source: Source[Any], clauses: Clauses) -> Order:
    """The order to walk in: by the declared key, up or down.

    Raises:
        InvalidRequestError: there is no way to walk.
    """
    key = source.key
    if key is None:
        raise refusal(
            f"rows() has to know a key of {source.table}",
            suggestion=f'declare a unique column that is not null: db.table("{source.table}", key="id")',
        )
    if clauses.columns and not {key, "*"} & set(clauses.columns):
        raise refusal(f"rows() walks by {key}", suggestion="select it too")
    order = clauses.order or (Order(key),)
    if [each.column for each in order] != [key]:
        raise refusal(f"rows() walks by {key}", suggestion="order by it alone, or not at all")
    return order[0]


@dataclass(frozen=True, slots=True)
class _Page(Generic[Row]):
    rows: list[Row]
    last: object
    """The key of the last row."""


class _Steps(AsyncIterator[Row]):
    """Where one walk stands; between two pages it holds nothing but the last key."""

    __slots__ = ("_clauses", "_largest", "_left", "_page", "_walk")

    def __init__(self, walk: Walk[Row]) -> None:
        self._walk = walk
        self._clauses: Clauses | None = replace(walk.clauses, order=(walk.key,))
        self._left = walk.clauses.limit
        self._largest = 0
        self._page: Iterator[Row] = iter(())

    async def __anext__(self) -> Row:
        for row in self._page:
            return row
        await self._turn()
        for row in self._page:
            return row
        raise StopAsyncIteration

    async def _turn(self) -> None:
        if self._clauses is None:
            return
        source = self._walk.source
        size = self._walk.page_size if self._left is None else min(self._walk.page_size, self._left)
        clauses = replace(self._clauses, limit=size)
        nothing: _Page[Row] = _Page([], None)
        page = nothing if clauses.matches_nothing else await source.fetch(clauses, self._read)
        self._clauses = self._behind(page)
        self._page = iter(page.rows)

    def _behind(self, page: _Page[Row]) -> Clauses | None:
        """What finds the rest, None if there is none.

        A page shorter than the one asked for may be the server's cap; a page shorter than an earlier one is
        the last.
        """
        received = len(page.rows)
        last_one = received == 0 or received < self._largest
        self._largest = max(self._largest, received)
        if self._left is not None:
            self._left -= received
        if last_one or self._left == 0:
            return None
        key = self._walk.key
        behind = compare(key.column, Operator.LT if key.desc else Operator.GT, page.last)
        return replace(self._walk.clauses, order=(key,), offset=None).where(behind)

    async def _read(self, response: Response) -> _Page[Row]:
        source, key = self._walk.source, self._walk.source.key or ""
        rows = await source.read(response)
        return _Page(rows, _last_key(source.rows, rows, response.body, key) if rows else None)


def _last_key(reader: RowReader[Any], rows: list[Any], body: bytes, key: str) -> object:
    """The last key as the server wrote it: one that its type may have changed is read again, exactly."""
    last = rows[-1]
    if reader.own_names is None:
        value = last.get(key)
        exact = isinstance(value, (int, str))
    else:
        value = _own_value(last, key) if key in reader.own_names else None
        exact = type(value) is int
    if not exact:
        value = last_row(body).get(key)
    if value is None:
        raise SupabaseInvalidRequestError(
            f"the key {key} is missing, or null, in a row: it cannot be walked by"
        )
    return value


def _own_value(row: object, key: str) -> object:
    return cast("Mapping[str, object]", row).get(key) if isinstance(row, Mapping) else getattr(row, key)
