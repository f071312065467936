"""A total order of rows, and what lies behind one of them in it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from viber.services.supabase._errors import SupabaseInvalidRequestError, refusal
from viber.services.supabase.filters._columns import Column, column_of, place
from viber.services.supabase.filters._filters import Comparison, Filter, Identity
from viber.services.supabase.filters._logic import Group
from viber.services.supabase.filters._places import locate
from viber.services.supabase.filters._raw import Raw
from viber.services.supabase.filters._values import text_of
from viber.services.supabase.reading._clauses import Clauses, Order
from viber.services.supabase.reading._selection import Selectable, given
from viber.services.supabase.wire._source import Source

Values = tuple[str | None, ...]
"""Where a row stands in an order: a text for each of its columns, None where there is no value."""


@dataclass(frozen=True, slots=True)
class Rank:
    """One column of a total order."""

    order: Order
    field: str
    """Its name in the answer."""
    may_be_null: bool

    @property
    def nulls_first(self) -> bool:
        """Rows without a value come before the others: by default they do where the order descends."""
        return self.order.desc if self.order.nulls is None else self.order.nulls == "first"

    def same(self, value: str | None) -> Filter:
        """The column is what it is in the row."""
        where = place(self.order.column)
        return Identity(where, "null") if value is None else Comparison(where, "eq", value)

    def behind(self, value: str | None) -> Iterator[Filter]:
        """The column is what comes later: one of these holds, none if nothing comes later."""
        where = place(self.order.column)
        if value is not None:
            yield Comparison(where, "lt" if self.order.desc else "gt", value)
            if self.may_be_null and not self.nulls_first:
                yield Identity(where, "null")
        elif self.nulls_first:
            yield Identity(where, "null", negated=True)

    def bound(self, value: str | None) -> Filter | None:
        """One condition that everything from here on fulfils, so that an index is not read from its start."""
        where = place(self.order.column)
        if value is None:
            return None if self.nulls_first else Identity(where, "null")
        if self.may_be_null and not self.nulls_first:
            return None
        return Comparison(where, "lte" if self.order.desc else "gte", value)


def behind(ranks: tuple[Rank, ...], values: Values) -> list[Filter]:
    """True of the rows that come after the one with these values."""
    first, *further = ranks
    if not further:
        return list(first.behind(values[0]))
    bound = first.bound(values[0])
    ways = Group("or", tuple(_ways(ranks, values)))
    return [ways] if bound is None else [bound, ways]


def _ways(ranks: tuple[Rank, ...], values: Values) -> Iterator[Filter]:
    """Equal in the columns before one, and behind in that one."""
    before: list[Filter] = []
    for rank, value in zip(ranks, values, strict=True):
        for later in rank.behind(value):
            yield Group("and", (*before, later)) if before else later
        before.append(rank.same(value))


def total_order(source: Source[Any], clauses: Clauses) -> tuple[Rank, ...]:
    """The order to walk in: what the query asks for, and the columns of the key where that leaves rows equal.

    Raises:
        InvalidRequestError: there is no way to walk.
    """
    if not source.key:
        raise refusal(
            f"rows() has to know a key of {source.table}",
            suggestion=f'declare columns that are unique and not null: db.table("{source.table}", key="id")',
        )
    if not source.only_reads:
        raise refusal(f"rows() would call {source.table} for each page", suggestion='use method="GET"')
    desc = bool(clauses.order) and clauses.order[-1].desc
    asked = {_where(order) for order in clauses.order}
    ties = (Order(column, desc) for column in map(Column, source.key) if place(column) not in asked)
    keys = {place(Column(column)) for column in source.key}
    shown = _Shown(clauses.columns)
    orders = (*clauses.order, *ties)
    return tuple(Rank(order, shown.name_of(order), place(order.column) not in keys) for order in orders)


def _where(order: Order) -> str:
    if order.of:
        raise refusal(f"rows() cannot go on in the order of another table, {order.of}")
    if locate(order.column).holds_json:
        raise refusal("rows() cannot go on in the order of JSON", suggestion="end the path with ->>")
    return place(order.column)


class _Shown:
    """What stands under which name in the rows of an answer."""

    def __init__(self, columns: tuple[Selectable, ...]) -> None:
        self._is_open = not columns or "*" in columns or any(isinstance(each, Raw) for each in columns)
        # Of two columns with one name the last one counts, and a star may have any.
        stars = [number for number, each in enumerate(columns) if each == "*"]
        telling = columns[stars[-1] + 1 :] if stars else columns
        self._named = [(name, _where_of(column)) for column in telling for name, _ in given((column,))]

    def name_of(self, order: Order) -> str:
        """The name of a column that rows are ordered by.

        Raises:
            InvalidRequestError: it is not selected, or another has its name.
        """
        where, column = place(order.column), column_of(order.column)
        if names := [name for name, what in self._named if what == where]:
            return names[-1]
        if not self._is_open or column.path:
            raise refusal(f"rows() walks by {where}", suggestion="select it too")
        if any(name == column.name for name, _ in self._named):
            raise refusal(f"rows() walks by {where}, which is another's name in the answer")
        return column.name


def _where_of(selected: Selectable) -> str:
    """Where a column is that is shown as it is; empty for all else, also for what a cast may have changed."""
    if not isinstance(selected, (str, Column)):
        return ""
    column = column_of(selected)
    if column.aggregate or column.type not in {"", "text"}:
        return ""
    return place(replace(column, alias="", type=""))


def values_of(ranks: tuple[Rank, ...], row: object, *, stripped: bool) -> Values:
    """Where a row stands; in a `stripped` one a column without value is missing.

    Raises:
        SupabaseError: the row does not say.
    """
    if not isinstance(row, Mapping):
        raise SupabaseInvalidRequestError("what came back are not rows: they cannot be walked")
    return tuple(_value(rank, cast("Mapping[str, object]", row), stripped) for rank in ranks)


def _value(rank: Rank, row: Mapping[str, object], stripped: bool) -> str | None:  # noqa: FBT001
    value = row.get(rank.field)
    if value is None:
        if rank.may_be_null and (stripped or rank.field in row):
            return None
        raise SupabaseInvalidRequestError(
            f"{rank.field} is missing in a row, or the key is null: it cannot be walked by"
        )
    if isinstance(value, (dict, list)):
        raise SupabaseInvalidRequestError(f"{rank.field} holds JSON or a list: it cannot be walked by")
    return text_of(value)
