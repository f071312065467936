"""Python values as the text that PostgreSQL reads them from, exactly."""

import dataclasses
import math
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import singledispatch
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import cast
from uuid import UUID

from pydantic import AnyUrl, BaseModel
from pydantic_core import PydanticSerializationError, from_json, to_json

from viber.services.supabase._errors import refusal
from viber.services.supabase.filters._quoting import quoted, sound

_LARGEST_EXPONENT = 131_072
"""More digits than this before the point, or after it, no numeric column holds."""
_escaped_nul = re.compile(r"(?<!\\)(?:\\\\)*\\u0000").search


class Notation:
    """What a query is written in: columns, filters, raw text. It is no value, though it may look like one."""

    __slots__ = ()


def text_of(value: object) -> str:
    """The text of a value behind a comparison.

    Raises:
        InvalidRequestError: the value is None, a list, not finite, or of a type with no text in PostgreSQL.

    Example:
        >>> text_of(True), text_of(Decimal("1E+2")), text_of(date(2026, 3, 1))
        ('true', '100', '2026-03-01')
    """
    # The two that most values are; to look up the type of the others costs ten times as much.
    if type(value) is str:
        return sound(value)
    if type(value) is int:
        return repr(value)
    if isinstance(value, Enum):
        return text_of(value.value)
    return text_by_type(value)


@singledispatch
def text_by_type(value: object) -> str:
    """The text of a value that is no Enum; further types are registered with it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return json_text(value)
    raise refusal(f"a {type(value).__name__} has no text form in PostgreSQL")


@text_by_type.register(type(None))
def _(_: None) -> str:
    raise refusal("None compares with nothing", suggestion="use is_null() or is_not_null()")


@text_by_type.register
def _(value: str) -> str:
    return sound(str.__str__(value))


@text_by_type.register(bool)
def _(value: object) -> str:
    return "true" if value else "false"


@text_by_type.register
def _(value: int) -> str:
    return int.__repr__(value)


@text_by_type.register
def _(value: float) -> str:
    if not math.isfinite(value):
        raise refusal(f"{value} is not a finite number")
    return float.__repr__(value)


@text_by_type.register
def _(value: Decimal) -> str:
    if not value.is_finite():
        raise refusal(f"{value} is not a finite number")
    if abs(value.adjusted()) > _LARGEST_EXPONENT:
        raise refusal("the number is larger or smaller than numeric can hold")
    return f"{value:f}"


@text_by_type.register(datetime)
@text_by_type.register(date)
@text_by_type.register(time)
def _(value: date | time) -> str:
    return value.isoformat()


@text_by_type.register
def _(value: timedelta) -> str:
    return f"{value.days} days {value.seconds}.{value.microseconds:06} seconds"


@text_by_type.register(UUID)
@text_by_type.register(IPv4Address)
@text_by_type.register(IPv6Address)
@text_by_type.register(IPv4Network)
@text_by_type.register(IPv6Network)
@text_by_type.register(AnyUrl)
def _(value: object) -> str:
    return str(value)


@text_by_type.register(bytes)
@text_by_type.register(bytearray)
@text_by_type.register(memoryview)
def _(value: bytes | bytearray | memoryview) -> str:
    return rf"\x{value.hex()}"


@text_by_type.register(Mapping)
@text_by_type.register(BaseModel)
def _(value: object) -> str:
    return json_text(value)


@text_by_type.register
def _(value: Notation) -> str:
    raise refusal(f"a {type(value).__name__} is no value", suggestion="a column is compared with values only")


@text_by_type.register(list)
@text_by_type.register(tuple)
@text_by_type.register(set)
@text_by_type.register(frozenset)
def _(value: object) -> str:
    raise refusal(
        f"a {type(value).__name__} is not one value",
        suggestion="use in_() for several values; a column of arrays is compared with text such as '{1,2}'",
    )


def argument_text(value: object) -> str:
    """The text of a function's argument in a query string: also lists, as array literals."""
    return array_text(cast("Iterable[object]", value)) if _is_list(value) else text_of(value)


def array_text(values: Iterable[object]) -> str:
    r"""PostgreSQL's text form of a list, which may hold None and lists.

    Example:
        >>> array_text(["a", None, 'say "x"']), array_text([[1, 2], [3, 4]])
        ('{"a",NULL,"say \\"x\\""}', '{{"1","2"},{"3","4"}}')
    """
    return "{" + ",".join(map(_item, values)) + "}"


def _item(value: object) -> str:
    if value is None:
        return "NULL"
    if _is_list(value):
        return array_text(cast("Iterable[object]", value))
    return quoted(text_of(value))


def _is_list(value: object) -> bool:
    return isinstance(value, (list, tuple, set, frozenset))


def is_listing(value: object) -> bool:
    """Whether its elements can be rows or values: text can be iterated, and is not meant so."""
    return isinstance(value, Iterable) and not isinstance(value, (str, bytes, bytearray, Mapping))


def json_text(value: object) -> str:
    """The text of a value that is compared with JSON: a text becomes a JSON string, a Decimal a number.

    Raises:
        InvalidRequestError: the value is None, JSON has no place for it, or a Decimal is inside of it, which
            could be a number or text.

    Example:
        >>> json_text("dark"), json_text(Decimal("1.50")), json_text([1, True])
        ('"dark"', '1.50', '[1,true]')
    """
    if value is None or isinstance(value, (Decimal, Notation)):
        return text_of(value)
    text = row_json(value).decode()
    if _holds_decimal(value):
        raise refusal("a Decimal inside of JSON may be a number or text", suggestion="use int, float or str")
    return text


def _holds_decimal(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_decimal, cast("Mapping[object, object]", value).values()))
    if _is_list(value):
        return any(map(_holds_decimal, cast("Iterable[object]", value)))
    return isinstance(value, Decimal)


def row_json(value: object) -> bytes:
    """The value as JSON that PostgreSQL can store, which is JSON without NUL characters.

    Raises:
        InvalidRequestError: something in it cannot be stored.
    """
    text = json_of(value)
    if b"u0000" in text and _escaped_nul(text.decode()):
        raise refusal("a NUL character cannot be stored or compared in PostgreSQL")
    return text


def json_of(value: object) -> bytes:
    """The value as JSON: models by alias, Decimal as a string of its digits, no number that is not finite.

    Raises:
        InvalidRequestError: JSON, or PostgreSQL, has no place for something in it.
    """
    try:
        text = to_json(value, by_alias=True)
        if b"NaN" in text or b"Infinity" in text:
            from_json(text, allow_inf_nan=False)
    except PydanticSerializationError as error:
        raise refusal(_unserialisable(error)) from None
    except ValueError:
        raise refusal("the data contains a number that is not finite, or contains itself") from None
    return text


def _unserialisable(error: PydanticSerializationError) -> str:
    known = str(error).startswith("Unable to serialize unknown type")
    return str(error) if known else "the data cannot be written as JSON"
