"""What a query says about rows: which, in what order, how many; compiled to a query string."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, Self

from viber.services.supabase._columns import ColumnLike, place, selected
from viber.services.supabase._errors import refusal
from viber.services.supabase._filters import Filter
from viber.services.supabase._quoting import percent

Nulls = Literal["first", "last"]


@dataclass(frozen=True, slots=True)
class Order:
    """One column to order by."""

    column: ColumnLike
    desc: bool = False
    nulls: Nulls | None = None

    def text(self) -> str:
        """For example `created_at.desc.nullslast`."""
        nulls = f".nulls{self.nulls}" if self.nulls else ""
        return f"{place(self.column)}{'.desc' if self.desc else ''}{nulls}"


@dataclass(frozen=True, slots=True)
class Clauses:
    """Columns, filters, order, limit and offset; empty columns are all of them."""

    columns: tuple[ColumnLike, ...] = ()
    filters: tuple[Filter, ...] = ()
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int | None = None

    @property
    def matches_nothing(self) -> bool:
        """Known to find no row, without asking."""
        return self.limit == 0 or any(each.matches_nothing for each in self.filters)

    def where(self, *filters: Filter) -> Self:
        """These clauses, and further conditions."""
        return replace(self, filters=(*self.filters, *filters))

    def ordered(self, order: Order) -> Self:
        """These clauses, ordered also by this column."""
        return replace(self, order=(*self.order, order))

    def at_most(self, rows: int) -> Self:
        """These clauses, for so many rows or fewer."""
        return self if self.limit is not None and self.limit <= rows else replace(self, limit=rows)

    def query(self) -> str:
        """The query string, without its question mark."""
        return "&".join(self._pairs())

    def _pairs(self) -> Iterator[str]:
        if self.columns:
            yield f"select={selection(self.columns)}"
        for each in self.filters:
            yield each.pair()
        if self.order:
            yield f"order={percent(','.join(each.text() for each in self.order))}"
        if self.limit is not None:
            yield f"limit={self.limit}"
        if self.offset is not None:
            yield f"offset={self.offset}"


ALL = Clauses()
"""No condition, no order, no bound."""


def selection(columns: tuple[ColumnLike, ...]) -> str:
    """The value of `select=`; a lone star is all columns."""
    return percent(",".join(map(selected, columns)))


def count_of(what: str, number: object) -> int:
    """A number of rows, which is a whole one and not below zero."""
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise refusal(f"{what} takes a whole number from 0, not {number!r}")
    return number
