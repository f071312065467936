"""The direct forms: dicts in, dicts out, one table at a time."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, overload

from viber.services.supabase._tables import Tables
from viber.services.supabase.filters._raw import raw
from viber.services.supabase.reading._select import Select
from viber.services.supabase.reading._selection import Selectable
from viber.services.supabase.wire._query import Query
from viber.services.supabase.wire._rows import DictRow
from viber.services.supabase.writing._fields import RowInput, is_row
from viber.services.supabase.writing._insert import Insert
from viber.services.supabase.writing._preferences import OnDuplicate


class DirectForms(Tables):
    """Reads and writes by the name of the table; writes give back the rows they touched."""

    def select(
        self,
        table: str,
        columns: str | Sequence[str] = "*",
        *,
        where: Mapping[str, object] | None = None,
        order: str | Sequence[str] = (),
        limit: int | None = None,
    ) -> Select[DictRow]:
        """Rows where every column of `where` equals its value, or one of its list of values.

        `columns` is a list, or names separated by commas; `-name` in `order` is descending.
        """
        query = self.table(table).select(*_selectable(columns)).matching(where or {})
        for each in _listed(order):
            query = query.order(each.removeprefix("-"), desc=each.startswith("-"))
        return query if limit is None else query.limit(limit)

    @overload
    def insert(self, table: str, rows: RowInput) -> Query[DictRow]: ...
    @overload
    def insert(self, table: str, rows: Iterable[RowInput]) -> Query[list[DictRow]]: ...
    def insert(self, table: str, rows: RowInput | Iterable[RowInput]) -> Query[Any]:
        """Insert one row and get it back, or a list of rows and get the list back."""
        return _returned(self.table(table).insert(rows), rows)

    @overload
    def upsert(
        self,
        table: str,
        rows: RowInput,
        *,
        on_conflict: str | tuple[str, ...] = (),
    ) -> Query[DictRow]: ...
    @overload
    def upsert(
        self,
        table: str,
        rows: Iterable[RowInput],
        *,
        on_conflict: str | tuple[str, ...] = (),
        on_duplicate: OnDuplicate = "merge",
    ) -> Query[list[DictRow]]: ...
    def upsert(
        self,
        table: str,
        rows: RowInput | Iterable[RowInput],
        *,
        on_conflict: str | tuple[str, ...] = (),
        on_duplicate: OnDuplicate = "merge",
    ) -> Query[Any]:
        """Insert rows or merge them into those that are there, and get them back."""
        write = self.table(table).upsert(rows, on_conflict=on_conflict, on_duplicate=on_duplicate)
        return _returned(write, rows)

    def update(self, table: str, values: RowInput, *, where: Mapping[str, object]) -> Query[list[DictRow]]:
        """Update the rows where every column of `where` equals its value, and get them back."""
        return self.table(table).update(values).matching(where).returning()

    def delete(self, table: str, *, where: Mapping[str, object]) -> Query[list[DictRow]]:
        """Delete the rows where every column of `where` equals its value, and get them back."""
        return self.table(table).delete().matching(where).returning()


def _returned(write: Insert[DictRow, None], rows: RowInput | Iterable[RowInput]) -> Query[Any]:
    """The write, answering with its row when it has one row, with its rows when it has a list."""
    return write.returning_row() if is_row(rows) else write.returning()


def _selectable(columns: str | Sequence[str]) -> Sequence[Selectable]:
    """Names; a text with parentheses or colons is what PostgREST itself reads."""
    if isinstance(columns, str) and {"(", ":"} & set(columns):
        return [raw(columns)]
    return _listed(columns)


def _listed(names: str | Sequence[str]) -> list[str]:
    return [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
