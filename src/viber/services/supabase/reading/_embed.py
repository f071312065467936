"""Rows of related tables in the answer: joined by the foreign keys that the database declares."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, Self

from viber.services.supabase._errors import refusal
from viber.services.supabase.filters._quoting import name, percent
from viber.services.supabase.reading._clauses import ALL, Clauses
from viber.services.supabase.reading._narrowing import Narrowable
from viber.services.supabase.reading._selection import Related, Selectable, given, is_grouped, selection_text

Join = Literal["inner", "left"]


@dataclass(frozen=True, slots=True)
class Embed(Related, Narrowable):
    """A related table in a select, made by `embed()`; its filters and bounds are for its own rows."""

    table: str
    clauses: Clauses = ALL
    alias: str = ""
    hint: str = ""
    join: Join | None = None
    spread: bool = False

    @property
    def key(self) -> str:
        """Its name in the answer, and in front of its filters."""
        return self.alias or self.table

    @property
    def groups(self) -> bool:
        """An aggregate that is spread stands among the columns of the row."""
        return self.spread and is_grouped(self.clauses.columns)

    def selected(self) -> str:
        """For example `lines:order_items!inner(*)`."""
        before = "..." if self.spread else f"{name(self.alias)}:" if self.alias else ""
        hints = "".join(f"!{each}" for each in (self.hint and name(self.hint), self.join) if each)
        return f"{before}{name(self.table)}{hints}({selection_text(self.clauses.columns)})"

    def given(self) -> Iterator[tuple[str, Selectable]]:
        """Its own name, or those of its columns where they are spread."""
        if self.spread:
            yield from ((each, self) for each, _ in given(self.clauses.columns))
        elif self.clauses.columns:
            yield self.key, self

    def pairs(self, of: str = "") -> list[str]:
        """Its filters, order and bounds, with its name in front."""
        return self.clauses.pairs(f"{of}{percent(name(self.key))}.")

    def _but(self, change: Callable[[Clauses], Clauses]) -> Self:
        return replace(self, clauses=change(self.clauses))


def embed(
    table: str,
    *columns: Selectable,
    as_: str = "",
    hint: str = "",
    join: Join | None = None,
    spread: bool = False,
    hidden: bool = False,
) -> Embed:
    """Rows of a related table: all of its columns, or these; a list, or one row where there can be only one.

    `hint` names the foreign key, or the column, where several lead to that table. `join="inner"` leaves out
    the rows that have no related one. `spread` puts the columns beside those of the row. A `hidden` one is
    not in the answer: its filters, with `is_null()` or `is_not_null()` on its name, choose rows.

    Raises:
        InvalidRequestError: a name is empty, or two of these do not go together.

    Example:
        >>> lines = embed("order_items", "quantity", embed("products", "name"), as_="lines", join="inner")
        >>> lines.selected()
        'lines:order_items!inner(quantity,products(name))'
        >>> lines.gt("quantity", 1).order("quantity", desc=True).limit(3).pairs()
        ['lines.quantity=gt.1', 'lines.order=quantity.desc', 'lines.limit=3']
    """
    if join not in {None, "inner", "left"}:
        raise refusal(f"join is 'inner' or 'left', not {join!r}")
    if spread and (as_ or hidden):
        raise refusal("what is spread has no name of its own and cannot be hidden")
    if hidden and columns:
        raise refusal("what is hidden shows no columns")
    made = Embed(table, Clauses(() if hidden else columns or ("*",)), as_, hint, join, spread)
    selection_text((made,))
    return made
