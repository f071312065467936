"""Rows on their way out: whatever a caller has, as the JSON that PostgREST takes."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, cast

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError, to_jsonable_python

from viber.services.supabase._errors import refusal
from viber.services.supabase._quoting import name
from viber.services.supabase._rows import exactly
from viber.services.supabase._values import is_listing, json_of, text_of


class DataclassRow(Protocol):
    """Any dataclass instance."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


RowInput = Mapping[str, object] | BaseModel | DataclassRow
"""A row to write: a mapping (a TypedDict too), a pydantic model, or a dataclass."""


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
        return Body(json_of(fields), 1, chosen or (), _key_in([fields], key, chosen))
    if not is_listing(rows):
        raise refusal(f"a {type(rows).__name__} is not a row, nor a list of rows")
    several = [fields_of(row) for row in cast("Iterable[object]", rows)]
    return Body(json_of(several), len(several), chosen or _differing(several), _key_in(several, key, chosen))


def values_of(values: RowInput) -> bytes:
    """The new values of an update; none at all is refused."""
    fields = fields_of(values)
    if not fields:
        raise refusal("an update needs at least one value")
    return json_of(fields)


def with_value(body: bytes, column: str, value: object) -> bytes:
    """The new values of an update, and one more.

    Raises:
        InvalidRequestError: the column is among them already, or the value cannot be sent.
    """
    if column in exactly(body):
        raise refusal(f"{column} is given twice")
    return b"%b,%b" % (body[:-1], json_of({column: value})[1:])


def is_row(value: object) -> bool:
    """Whether it is one row, and not a list of rows (a pydantic model can be iterated too)."""
    return isinstance(value, (Mapping, BaseModel)) or dataclasses.is_dataclass(value)


def fields_of(row: object) -> Mapping[str, object]:
    """The columns of a row.

    A field of a pydantic model that was left at its default None is not sent, so that the database's own
    default applies; a dataclass cannot tell, and is sent as it is.
    """
    if isinstance(row, Mapping):
        return _fields_of_mapping(cast("Mapping[object, object]", row))
    try:
        if isinstance(row, BaseModel):
            return row.model_dump(mode="json", by_alias=True, exclude=_left_empty(row))
        if dataclasses.is_dataclass(row) and not isinstance(row, type):
            return to_jsonable_python(row, by_alias=True)  # type: ignore[no-any-return]  # a dict, for a dataclass
    except PydanticSerializationError:
        raise refusal(f"a {type(row).__name__} holds something that cannot be written as JSON") from None
    raise refusal(f"a {type(row).__name__} is not a row", suggestion="pass a dict, a model or a dataclass")


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


def _fields_of_mapping(row: Mapping[object, object]) -> dict[str, object]:
    fields: dict[str, object] = {}
    for key, value in row.items():
        if not isinstance(key, str):
            raise refusal(f"the keys of a row are column names, not {type(key).__name__}")
        fields[key] = text_of(value) if type(value) in _BINARY else value
    return fields


_BINARY = frozenset({bytes, bytearray, memoryview})


def _left_empty(row: BaseModel) -> set[str]:
    fields = type(row).model_fields
    return {field for field in fields if field not in row.model_fields_set and getattr(row, field) is None}
