"""A small instance of a schema, of OpenAPI's kind (``responseSchema``) or JSON Schema's. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from typing import Any, Final

from viber.sandbox._gemini_fields import (
    as_object,
    listed,
    pick,
    pick_number,
    pick_object,
    pick_objects,
    pick_text,
)
from viber.sandbox._gemini_wire import Json, invalid_argument

_FORMATS: Final = {
    "date-time": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "time": "00:00:00Z",
    "duration": "P1D",
    "email": "someone@example.com",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "ipv4": "127.0.0.1",
}
_WORD: Final = "text"
_LARGEST: Final = 10_000

Trail = frozenset[str]
"""The references being followed, so that a schema that contains itself comes to an end."""


def small_instance(schema: Json) -> Any:
    """Return a valid instance: every property that a finite instance can have, each as small as it may be.

    ``pattern`` and ``multipleOf`` are not honoured: give such a field an ``enum`` or a ``default``.

    Raises:
        GeminiRefusedError: the schema has no finite instance, or points to a definition that is not there.

    Example:
        >>> small_instance({"type": "OBJECT", "properties": {"n": {"type": "INTEGER", "minimum": 3}}})
        {'n': 3}
    """
    return _Builder(schema).build(schema, frozenset())


class _Builder:
    def __init__(self, root: Json) -> None:
        self._root = root

    def build(self, schema: Json, trail: Trail) -> Any:
        schema, trail = self._resolve(schema, trail)
        for given in ("const", "default"):
            if given in schema:
                return schema[given]
        values = listed(schema.get("enum"))
        if values:
            return values[0]
        options = _options(schema)
        if options:
            finite = (option for option in options if not self._leads_back(option, trail))
            return self.build(next(finite, options[0]), trail)
        return self._of_type(_type_of(schema), schema, trail)

    def _of_type(self, kind: str, schema: Json, trail: Trail) -> Any:
        match kind:
            case "object":
                return self._object(schema, trail)
            case "array":
                return self._array(schema, trail)
            case _:
                return _SCALARS.get(kind, _text)(schema)

    def _object(self, schema: Json, trail: Trail) -> Json:
        properties = pick_object(schema, "properties")
        required = {str(name) for name in listed(schema.get("required"))}
        order = [str(name) for name in listed(pick(schema, "propertyOrdering"))]
        names = [name for name in order if name in properties] or list(properties)
        fields = {name: as_object(properties[name], name) for name in [*names, *properties]}
        return {
            name: self.build(field, trail)
            for name, field in fields.items()
            if name in required or not self._leads_back(field, trail)
        }

    def _array(self, schema: Json, trail: Trail) -> list[Any]:
        fixed = pick_objects(schema, "prefixItems")
        item = pick_object(schema, "items")
        least = _size(schema, "minItems")
        if not fixed and item and pick(schema, "maxItems") != 0 and not self._leads_back(item, trail):
            least = max(least, 1)
        more = [item] * max(0, least - len(fixed))
        return [self.build(place, trail) for place in [*fixed, *more]]

    def _leads_back(self, schema: Json, trail: Trail) -> bool:
        if pick_text(schema, "$ref") in trail:
            return True
        options = _options(schema)
        return bool(options) and all(self._leads_back(option, trail) for option in options)

    def _resolve(self, schema: Json, trail: Trail) -> tuple[Json, Trail]:
        merged = {name: value for name, value in schema.items() if name not in {"$ref", "allOf"}}
        for part in pick_objects(schema, "allOf"):
            found, trail = self._resolve(part, trail)
            merged = {**found, **merged}
        name = pick_text(schema, "$ref")
        if name is None:
            return merged, trail
        if name in trail:
            raise invalid_argument("responseSchema", f"{name} has no finite instance")
        found, trail = self._resolve(self._look_up(name), trail | {name})
        return {**found, **merged}, trail

    def _look_up(self, name: str) -> Json:
        found: Any = self._root
        for step in name.removeprefix("#").strip("/").split("/"):
            if step:
                found = as_object(found, name).get(step.replace("~1", "/").replace("~0", "~"))
        return as_object(found, name)


def _options(schema: Json) -> list[Json]:
    return pick_objects(schema, "anyOf") or pick_objects(schema, "oneOf")


def _type_of(schema: Json) -> str:
    names = [str(name).lower() for name in listed(schema.get("type"))]
    if names:
        return next((name for name in names if name != "null"), "null")
    if "properties" in schema:
        return "object"
    return "array" if "items" in schema or "prefixItems" in schema else "string"


def _number(schema: Json, *, step: float = 0.5) -> float:
    lowest = max(_bound(schema, "minimum", -inf), _bound(schema, "exclusiveMinimum", -inf) + step)
    highest = min(_bound(schema, "maximum", inf), _bound(schema, "exclusiveMaximum", inf) - step)
    return min(max(1.0, lowest), highest)


def _bound(schema: Json, name: str, otherwise: float) -> float:
    found = pick(schema, name)
    if found is None:
        return otherwise
    if not isinstance(found, int | float):
        raise invalid_argument(name, "expected a number")
    return float(found)


def _size(schema: Json, name: str) -> int:
    least = pick_number(schema, name, least=0) or 0
    if least > _LARGEST:
        raise invalid_argument(name, f"the sandbox makes at most {_LARGEST}")
    return least


def _text(schema: Json) -> str:
    example = _FORMATS.get(pick_text(schema, "format") or "")
    if example is not None:
        return example
    least = _size(schema, "minLength")
    most = pick_number(schema, "maxLength", least=0)
    size = max(least, len(_WORD) if most is None else min(most, len(_WORD)))
    return (_WORD * (size // len(_WORD) + 1))[:size]


def _whole_number(schema: Json) -> int:
    return int(_number(schema, step=1))


def _true(_schema: Json) -> bool:
    return True


def _nothing(_schema: Json) -> None:
    return None


_SCALARS: Final[Mapping[str, Callable[[Json], Any]]] = {
    "integer": _whole_number,
    "number": _number,
    "boolean": _true,
    "null": _nothing,
}
