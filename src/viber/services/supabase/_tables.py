"""The tables of a project."""

from typing import Any, overload

from viber.services.supabase._table import Table
from viber.services.supabase._views import Views
from viber.services.supabase.wire._rows import DICTS, DictRow, Row, RowReader, reader_of
from viber.services.supabase.wire._source import source_of

Key = str | tuple[str, ...]


class Tables(Views):
    """What a view can read and write."""

    @overload
    def table(self, name: str, *, key: Key | None = None) -> Table[DictRow]: ...
    @overload
    def table(self, name: str, model: type[Row], *, key: Key | None = None) -> Table[Row]: ...
    def table(self, name: str, model: type[Any] | None = None, *, key: Key | None = None) -> Table[Any]:
        """A table; its rows become `model` (pydantic model, dataclass or TypedDict), or stay dicts.

        `key` names a column that is unique and not null, or several that are unique together: walking with
        `rows()` needs it.
        """
        rows: RowReader[Any] = reader_of(model) if model else DICTS
        return Table(source_of(self._session, name, rows, key))
