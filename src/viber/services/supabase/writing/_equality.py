"""Whether a row that is there is the row that was sent: what JSON tells by itself, and how to ask the rest.

PostgreSQL writes many values otherwise than it got them: `1.10` as 1.1, an instant in another zone. What is
not the same JSON is therefore not yet another value; whether it is, PostgreSQL itself has to say. What JSON
does tell needs no question: long texts, bytes, and whatever is inside a `json` column, which has no equality.
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeGuard

from viber.services.supabase.filters._columns import col, place
from viber.services.supabase.filters._quoting import element
from viber.services.supabase.filters._values import array_text, text_of
from viber.services.supabase.wire._rows import exactly

_leading = re.compile(r"(?=\d)")


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


def question(column: str, sent: Any, seen: Any) -> str | None:
    r"""What only an equal value fulfils, where the JSON is not the same; None if it is another for sure.

    Of a column is only known what came back. Text is therefore asked for in a spelling that no `jsonb` column
    would read as the JSON that is there: in it the text `"5"` and the number 5 are two values.

    Example:
        >>> question("total", "1.10", Decimal("1.1")), question("tags", [], {})
        ('total.eq."01.10"', None)
    """
    if sent is None or seen is None or _holds_object(sent):
        return None
    if _is_list(sent):
        return _question_of_list(column, sent, seen)
    if isinstance(sent, str) and _reads_as(sent, seen):
        sent = _spelled_unlike_json(sent, seen)
    return None if sent is None else condition(column, sent)


def questions(sent: Mapping[str, Any], seen: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The questions for all columns that are not the same JSON; None if one has another value for sure."""
    asked = [question(column, value, seen.get(column)) for column, value in unlike(sent, seen).items()]
    known = tuple(each for each in asked if each is not None)
    return known if len(known) == len(asked) else None


def condition(column: str, value: Any) -> str:
    r"""The column equals a value that was sent as JSON, as it stands in a logic group.

    Example:
        >>> condition("total", "1.10"), condition("note", None), condition("tags", ["a", None])
        ('total.eq."1.10"', 'note.is.null', 'tags.eq."{\\"a\\",NULL}"')
    """
    where = place(col(column))
    if value is None:
        return f"{where}.is.null"
    text = array_text(value) if _is_list(value) else text_of(value)
    return f"{where}.eq.{element(text)}"


def _is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _holds_object(value: object) -> bool:
    """It would have been the same JSON, wherever it is stored."""
    return _is_object(value) or (_is_list(value) and any(map(_holds_object, value)))


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _question_of_list(column: str, sent: list[Any], seen: Any) -> str | None:
    """A list that comes back as text is of a type with a text form like JSON's, a vector for example."""
    if isinstance(seen, str):
        return condition(column, _json(sent))
    return condition(column, sent) if _is_list(seen) else None


def _reads_as(text: str, seen: Any) -> bool:
    """Whether a `jsonb` column would read the text as what is there."""
    try:
        return same(exactly(text.encode()), seen)
    except (ValueError, RecursionError):
        return False


def _spelled_unlike_json(text: str, seen: Any) -> str | None:
    """The same number or truth in a form that JSON does not have; there is none of other values."""
    if isinstance(seen, bool):
        return text.upper()
    if isinstance(seen, (int, Decimal)):
        return _leading.sub("0", text, count=1)
    return None


def _json(value: Any) -> str:
    return json.dumps(value, default=float, separators=(",", ":"), ensure_ascii=False)
