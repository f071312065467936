"""Where a walk stands, as a short text that it can be resumed from."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Self, cast

from viber.errors import InvalidRequestError
from viber.services.supabase._errors import refusal
from viber.services.supabase.filters._quoting import sound
from viber.services.supabase.reading._keyset import Values

_VERSION = 1
_LONGEST = 65_536


@dataclass(frozen=True, slots=True)
class Position:
    """Behind a row: where that stands in the order, and how many the walk has given up to it."""

    values: Values
    seen: int

    def cursor(self, query: str) -> str:
        """The text for whoever asks the same query again.

        Example:
            >>> Position(("7",), 500).cursor("orders")
            'WzEsIkhCYUsyd0RTQ09RIiw1MDAsWyI3Il1d'
        """
        facts = [_VERSION, _print_of(query), self.seen, self.values]
        text = json.dumps(facts, separators=(",", ":"), ensure_ascii=False)
        return urlsafe_b64encode(text.encode()).rstrip(b"=").decode()

    @classmethod
    def of(cls, cursor: object, query: str, columns: int) -> Self:
        """The position that a cursor tells.

        Raises:
            InvalidRequestError: it is no cursor, or that of another query.
        """
        version, made_for, seen, values = _facts(cursor)
        if version != _VERSION:
            raise refusal(f"the cursor is of version {version!r}, and {_VERSION} is known")
        if made_for != _print_of(query):
            raise refusal(
                "the cursor is of another query", suggestion="resume with the same filters and order"
            )
        if type(seen) is not int or seen < 0 or not _are_values(values, columns):
            raise refusal("the cursor is damaged")
        return cls(tuple(values), seen)


def _facts(cursor: object) -> tuple[Any, Any, Any, Any]:
    if not isinstance(cursor, str) or len(cursor) > _LONGEST:
        raise refusal("a cursor is the text that a page gave")
    try:
        facts: Any = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (Base64Error, ValueError, RecursionError):
        raise refusal("this is no cursor") from None
    if not isinstance(facts, list) or len(cast("list[object]", facts)) != 4:  # noqa: PLR2004 - as many as were written
        raise refusal("this is no cursor")
    version, made_for, seen, values = cast("list[object]", facts)
    return version, made_for, seen, values


def _are_values(values: object, columns: int) -> bool:
    if not isinstance(values, list) or len(cast("list[object]", values)) != columns:
        return False
    return all(value is None or _is_text(value) for value in cast("list[object]", values))


def _is_text(value: object) -> bool:
    """A text that PostgreSQL could have given: without NUL, and without half a character."""
    if not isinstance(value, str):
        return False
    try:
        sound(value)
    except InvalidRequestError:
        return False
    return True


def _print_of(query: str) -> str:
    """Short, and different for different queries."""
    return urlsafe_b64encode(sha256(query.encode()).digest()[:8]).rstrip(b"=").decode()
