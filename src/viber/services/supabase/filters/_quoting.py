"""Text by position: PostgREST's own quoting first, percent-encoding of the whole after it.

A value behind a plain operator is sent as it is, since quotes would become part of it. Elements of a list and
names are quoted whenever a character could mean something there; quoting more than needed does no harm.
"""

import re
from functools import lru_cache
from urllib.parse import quote

from viber.services.supabase._errors import refusal

RESERVED = frozenset(
    {"select", "order", "limit", "offset", "columns", "on_conflict", "or", "and", "not", "not.or", "not.and"}
)
"""Query keys with a meaning of their own; a column of that name has to be quoted."""

_plain_name = re.compile(r"[A-Za-z_][A-Za-z0-9_]*").fullmatch
_plain_element = re.compile(r"[A-Za-z0-9_-]+").fullmatch
_SAFE_IN_QUERY = "(),.:*"
_needs_no_encoding = re.compile(r"[A-Za-z0-9_~(),.:*-]*").fullmatch


def sound(text: str) -> str:
    """The text itself, unless no PostgreSQL text can hold it."""
    if "\0" in text:
        raise refusal("a NUL character cannot be stored or compared in PostgreSQL")
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        raise refusal("a lone surrogate is not a character, and cannot be sent") from None
    return text


def percent(text: str) -> str:
    """Encoded for one key or value of a query string."""
    # Most keys and values are plain, and to ask is cheaper than to encode.
    return text if _needs_no_encoding(text) else quote(text, safe=_SAFE_IN_QUERY)


def segment(name: object) -> str:
    """A table or function name as one segment of a path."""
    if not isinstance(name, str) or sound(name) in {"", ".", ".."}:
        raise refusal(f"{name!r} is not the name of a table or function")
    return quote(name, safe="")


def quoted(text: str) -> str:
    """The text between double quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@lru_cache(maxsize=1024)
def name(column: str) -> str:
    """A column name wherever PostgREST reads one: select, order, columns, on_conflict, filter keys.

    Example:
        >>> name("total"), name("a.b"), name("select")
        ('total', '"a.b"', '"select"')
    """
    if not sound(column):
        raise refusal("a column name is empty")
    return column if _plain_name(column) and column not in RESERVED else quoted(column)


def names(columns: tuple[str, ...]) -> str:
    """Several column names, separated by commas."""
    return ",".join(map(name, columns))


def element(text: str) -> str:
    """One element of `in.(...)`."""
    return text if _plain_element(text) else quoted(text)


def array_literal(texts: list[str]) -> str:
    """PostgreSQL's text form of an array; every element is quoted, so that no word means NULL."""
    return "{" + ",".join(map(quoted, texts)) + "}"
