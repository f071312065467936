"""What a query says about rows: which, in what order, how many; compiled to a query string."""

from dataclasses import dataclass
from typing import Literal, Self

from viber.services.supabase._errors import refusal
from viber.services.supabase.filters._columns import ColumnLike, place
from viber.services.supabase.filters._filters import Filter
from viber.services.supabase.filters._quoting import name, percent
from viber.services.supabase.reading._selection import Related, Selectable, is_grouped, selection

Nulls = Literal["first", "last"]


@dataclass(frozen=True, slots=True)
class Order:
    """One column to order by, of the table itself or of an embedded one that has one row for each."""

    column: ColumnLike
    desc: bool = False
    nulls: Nulls | None = None
    of: str = ""

    def text(self) -> str:
        """For example `created_at.desc.nullslast`, or `customers(name)`."""
        nulls = f".nulls{self.nulls}" if self.nulls else ""
        where = place(self.column)
        if self.of:
            where = f"{name(self.of)}({where})"
        return f"{where}{'.desc' if self.desc else ''}{nulls}"


@dataclass(frozen=True, slots=True)
class Clauses:
    """Columns, filters, order, limit and offset; empty columns are all of them."""

    # Every step of every query makes one: built by hand, since replace() costs three times as much.
    columns: tuple[Selectable, ...] = ()
    filters: tuple[Filter, ...] = ()
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int | None = None

    @property
    def matches_nothing(self) -> bool:
        """Known to find no row, without asking."""
        if self.limit == 0:
            return True
        for each in self.filters:
            if each.matches_nothing:
                # Of no rows, an aggregate without groups still makes one.
                return not is_grouped(self.columns)
        return False

    def where(self, *filters: Filter) -> Self:
        """These clauses, and further conditions."""
        return type(self)(self.columns, self.filters + filters, self.order, self.limit, self.offset)

    def ordered(self, order: Order) -> Self:
        """These clauses, ordered also by this column."""
        return type(self)(self.columns, self.filters, (*self.order, order), self.limit, self.offset)

    def bounded(self, limit: int | None, offset: int | None) -> Self:
        """These clauses with other bounds."""
        return type(self)(self.columns, self.filters, self.order, limit, offset)

    def at_most(self, rows: int) -> Self:
        """These clauses, for so many rows or fewer."""
        return self if self.limit is not None and self.limit <= rows else self.bounded(rows, self.offset)

    def query(self) -> str:
        """The query string, without its question mark."""
        pairs = self.pairs()
        if self.columns:
            pairs.insert(0, f"select={selection(self.columns)}")
        return "&".join(pairs)

    def pairs(self, of: str = "") -> list[str]:
        """All but the columns, as parts of a query string; `of` is the embedded table, and a dot."""
        pairs = [each.pair(of) for each in self.filters]
        if self.order:
            pairs.append(f"{of}order={percent(','.join([each.text() for each in self.order]))}")
        if self.limit is not None:
            pairs.append(f"{of}limit={self.limit}")
        if self.offset is not None:
            pairs.append(f"{of}offset={self.offset}")
        for column in self.columns:
            if isinstance(column, Related):
                pairs += column.pairs(of)
        return pairs


ALL = Clauses()
"""No condition, no order, no bound."""


def count_of(what: str, number: object) -> int:
    """A number of rows, which is a whole one and not below zero."""
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise refusal(f"{what} takes a whole number from 0, not {number!r}")
    return number
