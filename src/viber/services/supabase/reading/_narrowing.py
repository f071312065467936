"""The steps that narrow rows down: filters, order and bounds; of a table, a function or an embedded table."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Self

from viber.services.supabase._errors import refusal
from viber.services.supabase.filters._columns import ColumnLike, place
from viber.services.supabase.filters._filterable import Filterable
from viber.services.supabase.filters._filters import Make
from viber.services.supabase.filters._quoting import name
from viber.services.supabase.reading._clauses import Clauses, Nulls, Order, count_of


class Narrowable(Filterable):
    """Rows that can be filtered, ordered and bounded; each step returns a new value."""

    __slots__ = ()

    @abstractmethod
    def _but(self, change: Callable[[Clauses], Clauses]) -> Self:
        """The same with other clauses; the change may refuse."""

    def order(
        self, column: ColumnLike, *, desc: bool = False, nulls: Nulls | None = None, of: str = ""
    ) -> Self:
        """Order by this column, after those that were named before; nulls come last unless `desc`.

        `of` is an embedded table of which each row has one at most: its column then orders these rows. Both
        go by their names in the answer; of a hidden embed, by any column.

        Raises:
            InvalidRequestError: the column is cast, renamed or summed up, or has no possible name.
        """
        return self._but(lambda clauses: clauses.ordered(_order(column, desc=desc, nulls=nulls, of=of)))

    def limit(self, rows: int) -> Self:
        """At most so many rows."""
        return self._but(lambda clauses: clauses.bounded(count_of("limit()", rows), clauses.offset))

    def offset(self, rows: int) -> Self:
        """Leave out so many rows at the start."""
        return self._but(lambda clauses: clauses.bounded(clauses.limit, count_of("offset()", rows)))

    def range(self, first: int, last: int) -> Self:
        """The rows from number `first` to number `last`, both included, counted from 0.

        Raises:
            InvalidRequestError: `last` is before `first`, or one of them is no whole number from 0.
        """
        return self._but(lambda clauses: clauses.bounded(*_bounds(first, last)))

    def _where(self, *makes: Make) -> Self:
        return self._but(lambda clauses: clauses.where(*(make() for make in makes)))


def _order(column: ColumnLike, *, desc: bool, nulls: Nulls | None, of: str) -> Order:
    place(column)
    if of:
        name(of)
    if nulls not in {None, "first", "last"}:
        raise refusal(f"nulls come 'first' or 'last', not {nulls!r}")
    return Order(column, desc, nulls, of)


def _bounds(first: int, last: int) -> tuple[int, int]:
    offset, rows = count_of("range()", first), count_of("range()", last) - first + 1
    if rows < 1:
        raise refusal(f"range({first}, {last}) ends before it begins")
    return rows, offset
