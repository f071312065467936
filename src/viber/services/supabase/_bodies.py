"""Rows on their way out: whatever a caller has, as the JSON that PostgREST takes."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, cast

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError, to_jsonable_python

from viber.services.supabase._errors import refusal
from viber.services.supabase._values import is_listing, json_of, text_of


class DataclassRow(Protocol):
    """Any dataclass instance."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


RowInput = Mapping[str, object] | BaseModel | DataclassRow
"""A row to write: a mapping (a TypedDict too), a pydantic model, or a dataclass."""


@dataclass(frozen=True, slots=True)
class Body:
    """Encoded rows: how many, and the union of their keys when those differ."""

    json: bytes = dataclasses.field(repr=False)
    count: int
    columns: tuple[str, ...] = ()


def body_of(rows: RowInput | Iterable[RowInput]) -> Body:
    """One row, or a list of them, encoded now: what happens to the objects later changes nothing.

    Raises:
        InvalidRequestError: something is not a row, or holds what JSON cannot.
    """
    if is_row(rows):
        return Body(json_of(fields_of(rows)), 1)
    if not is_listing(rows):
        raise refusal(f"a {type(rows).__name__} is not a row, nor a list of rows")
    return _body_of_list([fields_of(row) for row in cast("Iterable[object]", rows)])


def values_of(values: RowInput) -> bytes:
    """The new values of an update; none at all is refused."""
    fields = fields_of(values)
    if not fields:
        raise refusal("an update needs at least one value")
    return json_of(fields)


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


def _body_of_list(rows: list[Mapping[str, object]]) -> Body:
    first = rows[0].keys() if rows else ()
    equal = all(row.keys() == first for row in rows)
    columns = () if equal else tuple(dict.fromkeys(key for row in rows for key in row))
    return Body(json_of(rows), len(rows), columns)


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
