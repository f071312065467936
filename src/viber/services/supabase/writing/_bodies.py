"""Rows on their way out: whatever a caller has, as the JSON that PostgREST takes."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from viber.services.supabase._errors import refusal
from viber.services.supabase.filters._quoting import name
from viber.services.supabase.filters._values import is_listing, row_json
from viber.services.supabase.wire._rows import exactly
from viber.services.supabase.writing._fields import RowInput, fields_of, is_row


@dataclass(frozen=True, slots=True)
class Body:
    """Encoded rows: how many, and the columns to write where the rows do not say it alike."""

    json: bytes = dataclasses.field(repr=False)
    count: int
    columns: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    """The columns that tell the rows apart, if each row has a value for each of them."""

    @property
    def is_list(self) -> bool:
        """Whether a list was given, be it of one row."""
        return self.json.startswith(b"[")

    def rows(self) -> list[dict[str, Any]]:
        """The rows as the server reads them, with exact numbers, and without what is not to be written."""
        decoded: Any = exactly(self.json)
        rows: list[dict[str, Any]] = decoded if self.is_list else [decoded]
        if not self.columns:
            return rows
        return [{each: row[each] for each in self.columns if each in row} for row in rows]


def body_of(
    rows: RowInput | Iterable[RowInput],
    *,
    key: tuple[str, ...] = (),
    columns: Iterable[str] | None = None,
) -> Body:
    """One row, or a list of them, encoded now: what happens to the objects later changes nothing.

    `key` are the columns that tell rows apart, `columns` those to write; the union of the rows' by default.

    Raises:
        InvalidRequestError: something is not a row, or holds what JSON cannot.
    """
    chosen = None if columns is None else _chosen(columns)
    if is_row(rows):
        fields = fields_of(rows)
        return Body(row_json(fields), 1, chosen or (), _key_in([fields], key, chosen))
    if not is_listing(rows):
        raise refusal(f"a {type(rows).__name__} is not a row, nor a list of rows")
    several = [fields_of(row) for row in cast("Iterable[object]", rows)]
    return Body(row_json(several), len(several), chosen or _differing(several), _key_in(several, key, chosen))


def values_of(values: RowInput) -> bytes:
    """The new values of an update; none at all is refused."""
    fields = fields_of(values)
    if not fields:
        raise refusal("an update needs at least one value")
    return row_json(fields)


def with_value(body: bytes, column: str, value: object) -> bytes:
    """The new values of an update, and one more.

    Raises:
        InvalidRequestError: the column is among them already, or the value cannot be sent.
    """
    if column in exactly(body):
        raise refusal(f"{column} is given twice")
    return b"%b,%b" % (body[:-1], row_json({column: value})[1:])


def _differing(rows: list[Mapping[str, object]]) -> tuple[str, ...]:
    """The union of the rows' columns; nothing where all have the same."""
    first = rows[0].keys() if rows else ()
    if all(row.keys() == first for row in rows):
        return ()
    return tuple(dict.fromkeys(key for row in rows for key in row))


def _chosen(columns: Iterable[str]) -> tuple[str, ...]:
    chosen = (columns,) if isinstance(columns, str) else tuple(columns)
    if not chosen:
        raise refusal(
            "columns= takes at least one name", suggestion="leave it out to write what the rows have"
        )
    for column in chosen:
        name(column)
    return chosen


def _key_in(
    rows: list[Mapping[str, object]], key: tuple[str, ...], chosen: tuple[str, ...] | None
) -> tuple[str, ...]:
    """The key, if every row has it, and it is written."""
    is_written = chosen is None or set(key) <= set(chosen)
    return key if is_written and all(row.get(each) is not None for row in rows for each in key) else ()
