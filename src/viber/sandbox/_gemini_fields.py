"""Reading JSON the way Google does: camelCase or snake_case, one item where a list is meant. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, NoReturn, cast

from viber.sandbox._gemini_wire import GeminiRefusedError, Json, invalid_argument

_HUMP = re.compile(r"(?<!^)(?=[A-Z])")


def read_body(data: bytes) -> Json:
    """Parse the body of a request into an object (`GeminiRefusedError` when it is none)."""
    try:
        value = json.loads(data, parse_constant=_refuse_constant)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise GeminiRefusedError(400, "Invalid JSON payload received.") from None
    return as_object(value, "request")


def pick(value: Json, name: str) -> Any:
    """Return a field by its camelCase name, also when it came in snake_case.

    Example:
        >>> pick({"max_output_tokens": 5}, "maxOutputTokens")
        5
    """
    return value[name] if name in value else value.get(_HUMP.sub("_", name).lower())


def pick_object(value: Json, name: str) -> Json:
    """Return a field that is an object, an empty one when it is absent."""
    found = pick(value, name)
    return {} if found is None else as_object(found, name)


def pick_objects(value: Json, name: str) -> list[Json]:
    """Return a repeated field of objects; a single one may stand without its list."""
    return [as_object(item, f"{name}[{number}]") for number, item in enumerate(listed(pick(value, name)))]


def pick_text(value: Json, name: str) -> str | None:
    """Return a field that is text, if it is there."""
    found = pick(value, name)
    if found is None or isinstance(found, str):
        return found
    raise invalid_argument(name, "expected text")


def pick_number(value: Json, name: str, *, least: int) -> int | None:
    """Return a field that is a whole number, also written as text; smaller than ``least`` is refused."""
    found = pick(value, name)
    if found is None:
        return None
    try:
        number = int(found)
    except (TypeError, ValueError, OverflowError):
        raise invalid_argument(name, "expected a whole number") from None
    if number < least or isinstance(found, bool):
        raise invalid_argument(name, f"expected a whole number from {least}")
    return number


def listed(value: Any) -> list[Any]:
    """Return what a repeated field holds: nothing, one value, or a list."""
    if value is None:
        return []
    return list(cast("Iterable[Any]", value)) if isinstance(value, list) else [value]


def as_object(value: Any, field: str) -> Json:
    """Return a value that has to be an object."""
    if not isinstance(value, dict):
        raise invalid_argument(field, "expected an object")
    return cast("Json", value)


def refuse_unknown(value: Json, known: Iterable[str], field: str) -> None:
    """Refuse fields that the API has never heard of, as it does itself."""
    names = set(known)
    for name in value:
        if name not in names and re.sub("_([a-z])", lambda hump: hump[1].upper(), name) not in names:
            raise invalid_argument(field, f'unknown name "{name}"')


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
