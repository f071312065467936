"""Numbers that a Decimal is to be made of, put between quotes, so that a fast decoder keeps their digits.

pydantic reads a fraction in JSON as a float, and a text digit by digit. A key between quotes and a colon
stand together in JSON only where that is a key: in a text every quote has a backslash before it. So the
number behind it is found without decoding. Only where every value with that key is a Decimal, or is
ignored, and nothing is any JSON, which has to stay as it is.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

Schema = Mapping[str, Any]
_PLAIN = frozenset({"bool", "date", "datetime", "enum", "float", "int", "str", "time", "timedelta", "uuid"})
_WRAPPERS = frozenset({"default", "nullable"})
_is_plain_key = re.compile(r"\w[\w ]*", re.ASCII).fullmatch


def quoting(rows: object) -> Callable[[bytes], bytes] | None:
    """What puts the decimals of such rows between quotes; None where that could change something else.

    `rows` is pydantic's core schema of a list.
    """
    look = _Look()
    is_plain = look.at(cast("Schema", rows))
    if not is_plain or look.decimals & look.others or not all(map(_is_plain_key, look.decimals)):
        return None
    return _Quoting(sorted(look.decimals))


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


class _Look:
    """Finds the keys of decimals, and those of all else, in a schema whose every part it understands."""

    def __init__(self) -> None:
        self.decimals: set[str] = set()
        self.others: set[str] = set()
        self._definitions: dict[str, Schema] = {}
        self._seen: set[str] = set()

    def at(self, schema: Schema) -> bool:
        """Whether this part, and all in it, is understood."""
        kind: str = schema.get("type", "")
        if schema.get("strict"):
            return False
        if kind in _WRAPPERS:
            return self.at(schema["schema"])
        if kind == "list":
            return self.at(schema.get("items_schema", {}))
        if kind == "definitions":
            self._definitions |= {each["ref"]: each for each in schema["definitions"]}
            return self.at(schema["schema"])
        if kind == "definition-ref":
            return self._at_reference(schema["schema_ref"])
        return kind in _PLAIN or self._at_fields(schema)

    def _at_reference(self, ref: str) -> bool:
        if ref in self._seen:
            return True
        self._seen.add(ref)
        return self.at(self._definitions.get(ref, {}))

    def _at_fields(self, owner: Schema) -> bool:
        if not _is_simple(owner):
            return False
        fields: object = (
            owner.get("fields") if owner["type"] == "typed-dict" else owner["schema"].get("fields")
        )
        if isinstance(fields, Mapping):
            named = cast("Mapping[str, Schema]", fields)
            return all(self._at_field(name, field, owner) for name, field in named.items())
        if isinstance(fields, list):
            listed = cast("list[Schema]", fields)
            return all(self._at_field(field["name"], field, owner) for field in listed)
        return False

    def _at_field(self, name: str, field: Schema, owner: Schema) -> bool:
        alias, value = field.get("validation_alias", name), field["schema"]
        if not isinstance(alias, str):
            return False
        while value.get("type") in _WRAPPERS:
            value = value["schema"]
        keys = {alias, name} if _takes_names(owner) else {alias}
        if value.get("type") == "decimal":
            self.decimals |= keys
            return not value.get("strict")
        self.others |= keys
        return self.at(value)


def _is_simple(owner: Schema) -> bool:
    """A class whose fields are all there is to it."""
    config: Schema = owner.get("config", {})
    extra = owner.get("extra_behavior") or config.get("extra_fields_behavior")
    is_known = owner.get("type") in {"model", "dataclass", "typed-dict"}
    return is_known and not (owner.get("root_model") or config.get("strict") or extra == "allow")


def _takes_names(owner: Schema) -> bool:
    config: Schema = owner.get("config", {})
    return bool(config.get("validate_by_name") or config.get("populate_by_name"))
