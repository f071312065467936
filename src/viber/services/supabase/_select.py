"""Reading rows."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, Generic, Self, TypeVar

from viber.http import Response
from viber.services.supabase._clauses import ALL, Clauses, Nulls, Order, count_of
from viber.services.supabase._errors import MultipleRowsError, SupabaseNotFoundError, refusal
from viber.services.supabase._filterable import Filterable
from viber.services.supabase._filters import Make
from viber.services.supabase._query import Query
from viber.services.supabase._quoting import name
from viber.services.supabase._result import Receipt
from viber.services.supabase._rows import Row
from viber.services.supabase._source import Source
from viber.services.supabase._walk import Walk, walking_order

Out = TypeVar("Out")


@dataclass(frozen=True, slots=True)
class Select(Query[list[Row]], Filterable, Generic[Row]):
    """A question for rows; each step returns a new one, and awaiting it gives the list."""

    source: Source[Row]
    clauses: Clauses = ALL

    def order(self, column: str, *, desc: bool = False, nulls: Nulls | None = None) -> Self:
        """Order by this column, after those that were named before; nulls come last unless `desc`."""
        name(column)
        return self._but(self.clauses.ordered(Order(column, desc, nulls)))

    def limit(self, rows: int) -> Self:
        """At most so many rows."""
        return self._but(replace(self.clauses, limit=count_of("limit()", rows)))

    def offset(self, rows: int) -> Self:
        """Leave out so many rows at the start."""
        return self._but(replace(self.clauses, offset=count_of("offset()", rows)))

    def run(self) -> Coroutine[Any, Any, list[Row]]:
        """A coroutine that gives the list of rows.

        Raises:
            SupabaseError: the server refused or failed; which class says what happened.
            RowMismatchError: a row does not fit the model.
            InvalidRequestError: the URL would be too long; nothing was sent.
        """
        return self._run()

    def one(self) -> Query[Row]:
        """Exactly one row; none is a `NotFoundError`, several are a `MultipleRowsError`."""
        return Pick(self._but(self.clauses.at_most(2)), _one)

    def maybe_one(self) -> Query[Row | None]:
        """One row, or None when there is none; several are a `MultipleRowsError`."""
        return Pick(self._but(self.clauses.at_most(2)), _maybe_one)

    def first(self) -> Query[Row | None]:
        """The first row, or None when there is none."""
        return Pick(self._but(self.clauses.at_most(1)), _first)

    def rows(self, *, page_size: int = 1000) -> Walk[Row]:
        """All rows one by one in the order of the declared key, page after page, whatever the server's cap.

        Each page starts behind the last key that was received, so rows that come and go meanwhile neither
        shift nor repeat the others. No connection is held between pages.

        Raises:
            InvalidRequestError: the table has no key, the key is not selected, or another order was asked.

        Example::

            async for row in db.table("readings", key="id").select().rows(page_size=500):
                ...
        """
        if not count_of("page_size", page_size):
            raise refusal("page_size takes a number above 0")
        return Walk(self.source, self.clauses, page_size, walking_order(self.source, self.clauses))

    def _where(self, *makes: Make) -> Self:
        return self._but(self.clauses.where(*(make() for make in makes)))

    def _but(self, clauses: Clauses) -> Self:
        return type(self)(self.source, clauses)

    def recorded_by(self, receipt: Receipt, /) -> Self:
        """The same query, which notes its answers on the receipt."""
        return replace(self, source=self.source.recorded_by(receipt))

    async def _run(self) -> list[Row]:
        source, clauses = self.source, self.clauses
        if clauses.matches_nothing:
            return []
        rows = await source.fetch(clauses, source.read)
        source.session.doubt(source.table, len(rows), clauses.limit)
        return rows


@dataclass(frozen=True, slots=True)
class Pick(Query[Out], Generic[Row, Out]):
    """One of the rows of a select."""

    select: Select[Row]
    choose: Callable[[list[Row], str], Out]

    def run(self) -> Coroutine[Any, Any, Out]:
        """A coroutine that gives the row."""
        return self._run()

    def recorded_by(self, receipt: Receipt, /) -> Self:
        """The same query, which notes its answers on the receipt."""
        return replace(self, select=self.select.recorded_by(receipt))

    async def _run(self) -> Out:
        source, clauses = self.select.source, self.select.clauses
        if clauses.matches_nothing:
            return self.choose([], source.table)

        async def read(response: Response) -> Out:
            return self.choose(await source.read(response), source.table)

        return await source.fetch(clauses, read)


def _one(rows: list[Row], table: str) -> Row:
    row = _maybe_one(rows, table)
    if row is None:
        raise SupabaseNotFoundError(f"no row of {table} matches", details={"table": table})
    return row


def _maybe_one(rows: list[Row], table: str) -> Row | None:
    if len(rows) > 1:
        raise MultipleRowsError(
            f"several rows of {table} match, and one was asked for",
            details={"table": table},
            suggestion="filter by a unique column, or take first()",
        )
    return rows[0] if rows else None


def _first(rows: list[Row], _: str) -> Row | None:
    return rows[0] if rows else None
