"""Whether a row that is there is the row that was sent: what JSON tells by itself, and how to ask the rest.

PostgreSQL writes many values otherwise than it got them: `1.10` as 1.1, an instant in another zone. What is
not the same JSON is therefore not yet another value; whether it is, PostgreSQL itself has to say. What JSON
does tell needs no question: long texts, bytes, and whatever is inside a `json` column, which has no equality.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

from viber.services.supabase._columns import col, place
from viber.services.supabase._quoting import element, quoted
from viber.services.supabase._values import text_of


def unlike(sent: Mapping[str, Any], seen: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of the sent row that do not have the same JSON in the seen one.

    Example:
        >>> unlike({"id": 1, "total": "1.10"}, {"id": 1, "total": Decimal("1.1"), "note": None})
        {'total': '1.10'}
    """
    return {column: value for column, value in sent.items() if not same(value, seen.get(column))}


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON; numbers are compared as numbers."""
    if _is_object(one) and _is_object(other):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if _is_list(one) and _is_list(other):
        return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def can_be_asked(values: Iterable[Any]) -> bool:
    """Whether PostgreSQL can compare them all: an object that is other JSON is another object."""
    return not any(isinstance(value, dict) for value in values)


def condition(column: str, value: Any) -> str:
    r"""The column equals a value that was sent as JSON, as it stands in a logic group.

    Example:
        >>> condition("total", "1.10"), condition("note", None), condition("tags", ["a", None])
        ('total.eq."1.10"', 'note.is.null', 'tags.eq."{\\"a\\",NULL}"')
    """
    where = place(col(column))
    if value is None:
        return f"{where}.is.null"
    text = _array(value) if _is_list(value) else text_of(value)
    return f"{where}.eq.{element(text)}"


def _is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _array(items: list[Any]) -> str:
    return "{" + ",".join(map(_item, items)) + "}"


def _item(item: Any) -> str:
    if _is_list(item):
        return _array(item)
    return "NULL" if item is None else quoted(text_of(item))
