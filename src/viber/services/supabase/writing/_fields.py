"""The columns of a row on its way out, and their values as PostgreSQL reads them from JSON."""

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar, Protocol, cast

from pydantic import BaseModel, PlainSerializer, WrapSerializer
from pydantic.fields import FieldInfo
from pydantic_core import PydanticSerializationError, to_jsonable_python

from viber.services.supabase._errors import refusal
from viber.services.supabase.filters._values import text_of


class DataclassRow(Protocol):
    """Any dataclass instance."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


RowInput = Mapping[str, object] | BaseModel | DataclassRow
"""A row to write: a mapping (a TypedDict too), a pydantic model, or a dataclass."""

_AS_TEXT = frozenset({bytes, bytearray, memoryview, timedelta})
"""What JSON writers have words of their own for, which PostgreSQL reads as something else, or not at all."""
_LISTS = frozenset({list, tuple})
_WORTH_A_LOOK = _AS_TEXT | _LISTS | {Decimal}


def is_row(value: object) -> bool:
    """Whether it is one row, and not a list of rows (a pydantic model can be iterated too)."""
    return isinstance(value, (Mapping, BaseModel)) or dataclasses.is_dataclass(value)


def fields_of(row: object) -> Mapping[str, object]:
    """The columns of a row.

    A field of a pydantic model that was left at its default None is not sent, so that the database's own
    default applies; a dataclass cannot tell, and is sent as it is.
    """
    if isinstance(row, Mapping):
        return _of_mapping(cast("Mapping[object, object]", row))
    try:
        if isinstance(row, BaseModel):
            return _of_model(row)
        if dataclasses.is_dataclass(row) and not isinstance(row, type):
            return _of_dataclass(row)
    except PydanticSerializationError:
        raise refusal(f"a {type(row).__name__} holds something that cannot be written as JSON") from None
    raise refusal(f"a {type(row).__name__} is not a row", suggestion="pass a dict, a model or a dataclass")


def _of_mapping(row: Mapping[object, object]) -> dict[str, object]:
    fields: dict[str, object] = {}
    for key, value in row.items():
        if not isinstance(key, str):
            raise refusal(f"the keys of a row are column names, not {type(key).__name__}")
        fields[key] = _sendable(value)
    return fields


def _of_model(row: BaseModel) -> dict[str, object]:
    infos = type(row).model_fields
    own = {name: value for name in infos if _is_ours(row, name, value := getattr(row, name))}
    fields: dict[str, object] = row.model_dump(
        mode="json", by_alias=True, exclude=_left_empty(row) | own.keys()
    )
    return fields | {infos[name].serialization_alias or name: _sendable(value) for name, value in own.items()}


def _of_dataclass(row: DataclassRow) -> dict[str, object]:
    own = {
        field.name: value for field in dataclasses.fields(row) if _is_text(value := getattr(row, field.name))
    }
    fields: dict[str, object] = to_jsonable_python(row, by_alias=True, exclude=set(own))
    infos: Mapping[str, FieldInfo] = getattr(row, "__pydantic_fields__", {})
    aliases = {name: info.serialization_alias for name, info in infos.items() if info.serialization_alias}
    return fields | {aliases.get(name, name): _sendable(value) for name, value in own.items()}


def _sendable(value: object) -> object:
    if not _is_text(value):
        return value
    if type(value) in _LISTS:
        return [_sendable(item) for item in cast("Iterable[object]", value)]
    if isinstance(value, timedelta) and value < timedelta():
        return _backwards(-value)
    return text_of(value)


def _backwards(value: timedelta) -> str:
    """A duration below zero, in seconds: PostgreSQL would write days and hours each with a sign."""
    seconds, fraction = divmod(value // timedelta(microseconds=1), 1_000_000)
    return f"-{seconds}.{fraction:06} seconds"


def _is_text(value: object) -> bool:
    """Whether it is, or is a list with, what is written as text: also a Decimal that `text_of` refuses."""
    if type(value) in _LISTS:
        items = cast("Iterable[object]", value)
        return not _WORTH_A_LOOK.isdisjoint(map(type, items)) and any(map(_is_text, items))
    return type(value) in _AS_TEXT or (isinstance(value, Decimal) and not value.is_finite())


def _is_ours(row: BaseModel, name: str, value: object) -> bool:
    """Whether a field is written by us: unless the model has a way of its own for it."""
    info: FieldInfo = type(row).model_fields[name]
    if info.exclude or not _is_text(value):
        return False
    serializers = type(row).__pydantic_decorators__.field_serializers.values()
    is_decorated = any(name in each.info.fields or "*" in each.info.fields for each in serializers)
    return not is_decorated and not any(
        isinstance(each, (PlainSerializer, WrapSerializer)) for each in info.metadata
    )


def _left_empty(row: BaseModel) -> set[str]:
    fields = type(row).model_fields
    return {field for field in fields if field not in row.model_fields_set and getattr(row, field) is None}
