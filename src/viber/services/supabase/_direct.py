"""The direct forms of the service, in terms of tables."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from viber.services.supabase._bodies import RowInput, is_row
from viber.services.supabase._outcome import row_of
from viber.services.supabase._query import Query
from viber.services.supabase._rows import DictRow
from viber.services.supabase._select import Select
from viber.services.supabase._table import Table
from viber.services.supabase._writes import Insert


def select(
    table: Table[DictRow],
    columns: str | Sequence[str],
    where: Mapping[str, object],
    order: str | Sequence[str],
    limit: int | None,
) -> Select[DictRow]:
    """Columns and order by name, equality by mapping."""
    query = table.select(*_listed(columns)).matching(where)
    for each in _listed(order):
        query = query.order(each.removeprefix("-"), desc=each.startswith("-"))
    return query if limit is None else query.limit(limit)


def returned(write: Insert[DictRow, None], rows: RowInput | Iterable[RowInput]) -> Query[Any]:
    """The write, answering with its row when it has one row, with its rows when it has a list."""
    if not is_row(rows):
        return write.returning()
    with write.duty.handed_over() as duty:
        return Insert(write.source, write.body, row_of(write.source), write.upsert, duty)


def _listed(names: str | Sequence[str]) -> list[str]:
    return [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
