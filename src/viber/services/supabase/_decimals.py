"""Numbers that a Decimal is to be made of, put between quotes, so that a fast decoder keeps their digits.

pydantic reads a fraction in JSON as a float, and a text digit by digit. A key between quotes and a colon
stand together in JSON only where that is a key: in a text every quote has a backslash before it. So the
number behind it is found without decoding. Only for rows of plain values: in a deeper structure the same
key may be of something else, and a column that is any JSON has to stay as it is.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, cast

Schema = Mapping[str, Any]
_PLAIN = frozenset(
    {"bool", "date", "datetime", "decimal", "enum", "float", "int", "str", "time", "timedelta", "uuid"}
)
_is_plain_key = re.compile(r"\w[\w ]*", re.ASCII).fullmatch


def quoting(rows: object) -> Callable[[bytes], bytes] | None:
    """What puts the decimals of such rows between quotes; None if they are not plain enough.

    `rows` is pydantic's core schema of a list.
    """
    keys: list[str] = []
    for field in _fields(rows):
        if field is None:
            return None
        names, value = field
        if not (kind := _kind(value)):
            return None
        if kind == "decimal":
            keys += names
    if not keys or not all(map(_is_plain_key, keys)):
        return None
    return _Quoting(keys)


class _Quoting:
    """Rewrites an answer, key by key."""

    __slots__ = ("_keys",)

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = [
            (re.compile(rb'"%b":\s*(-?[0-9][0-9.eE+-]*)' % key.encode()).split, b'"%b":"%%b"' % key.encode())
            for key in keys
        ]

    def __call__(self, body: bytes) -> bytes:
        for split, written in self._keys:
            parts = split(body)
            parts[1::2] = [written % number for number in parts[1::2]]
            body = b"".join(parts)
        return body


def _fields(rows: object) -> Iterator[tuple[list[str], Schema] | None]:
    """The names and the schema of each field; None for whatever is not understood."""
    items = _inner(rows, "items_schema")
    kind = items.get("type")
    if kind in {"model", "dataclass"} and _is_simple(items):
        fields = _inner(items, "schema").get("fields")
    elif kind == "typed-dict" and _is_simple(items):
        fields = items.get("fields")
    else:
        fields = None
    if isinstance(fields, Mapping):
        for name, field in cast("Mapping[str, Schema]", fields).items():
            yield _field(name, field, items)
    elif isinstance(fields, list):
        for field in cast("list[Schema]", fields):
            yield _field(field.get("name", ""), field, items)
    else:
        yield None


def _field(name: str, field: Schema, owner: Schema) -> tuple[list[str], Schema] | None:
    alias = field.get("validation_alias", name)
    if not isinstance(alias, str):
        return None
    by_name = owner.get("config", {}).get("validate_by_name") or owner.get("config", {}).get(
        "populate_by_name"
    )
    return ([alias, name] if by_name and alias != name else [alias]), field.get("schema", {})


def _kind(value: Schema) -> str:
    """The type of a plain value; empty for another, or where a text would not do in place of a number."""
    if value.get("strict"):
        return ""
    kind: str = value.get("type", "")
    if kind in {"default", "nullable"}:
        return _kind(value.get("schema", {}))
    return kind if kind in _PLAIN else ""


def _is_simple(rows: Schema) -> bool:
    config: Schema = rows.get("config", {})
    extra = rows.get("extra_behavior") or config.get("extra_fields_behavior")
    return not (rows.get("root_model") or rows.get("strict") or config.get("strict") or extra == "allow")


def _inner(schema: object, key: str) -> Schema:
    inner: object = cast("Schema", schema).get(key) if isinstance(schema, Mapping) else None
    return cast("Schema", inner) if isinstance(inner, Mapping) else {}
