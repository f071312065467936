"""JSON of unknown shape, looked into with care."""

from collections.abc import Iterator
from typing import Any, TypeGuard

from pydantic_core import from_json

Json = dict[str, Any]


def parsed(body: bytes | str) -> Any:
    """The JSON value of a body; None if it is none."""
    try:
        return from_json(body)
    except ValueError:
        return None


def is_object(value: object) -> TypeGuard[Json]:
    """It is a JSON object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """It is a JSON array."""
    return isinstance(value, list)


def objects_in(value: object) -> Iterator[Json]:
    """The objects of an array; nothing if it is none."""
    if is_array(value):
        yield from filter(is_object, value)
