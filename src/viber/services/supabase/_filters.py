"""Filters as values: each knows its column and its operand, and renders itself for the place it stands in."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

from viber.services.supabase._columns import ColumnLike, place
from viber.services.supabase._errors import refusal
from viber.services.supabase._quoting import element, percent
from viber.services.supabase._values import is_listing, text_of


class Operator(StrEnum):
    """Comparisons with one value."""

    EQ = "eq"
    NEQ = "neq"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"


class Filter(Protocol):
    """A condition on rows."""

    @property
    def matches_nothing(self) -> bool:
        """No row can fulfil it, whatever the table holds."""
        ...

    def pair(self, of: str = "") -> str:
        """The filter as `key=value` of a query string, percent-encoded.

        `of` goes in front of the key: the name of an embedded resource and a dot, for example `orders.`.
        """
        ...

    def inside(self) -> str:
        """The filter as it stands in a logic group, not percent-encoded: `age.gte.18`."""
        ...


@dataclass(frozen=True, slots=True)
class Comparison:
    """`column operator text`."""

    column: ColumnLike
    operator: Operator
    text: str
    matches_nothing: Literal[False] = False

    def pair(self, of: str = "") -> str:
        """For example `age=gte.18`: behind a plain operator nothing is quoted."""
        return f"{of}{percent(place(self.column))}={self.operator.value}.{percent(self.text)}"

    def inside(self) -> str:
        """For example `age.gte.18`: the text is quoted where it needs it."""
        return f"{place(self.column)}.{self.operator.value}.{element(self.text)}"


@dataclass(frozen=True, slots=True)
class Membership:
    """`column in (texts)`; the empty list is no row at all."""

    column: ColumnLike
    texts: tuple[str, ...]

    @property
    def matches_nothing(self) -> bool:
        """Nothing is in the empty list."""
        return not self.texts

    def pair(self, of: str = "") -> str:
        """For example `id=in.(1,2)`: elements are quoted where they need it."""
        elements = ",".join(map(element, self.texts))
        return f"{of}{percent(place(self.column))}=in.({percent(elements)})"

    def inside(self) -> str:
        """For example `id.in.(1,2)`."""
        return f"{place(self.column)}.in.({','.join(map(element, self.texts))})"


State = Literal["null", "true", "false", "unknown"]


@dataclass(frozen=True, slots=True)
class Identity:
    """`column is state`, or is not."""

    column: ColumnLike
    state: State
    negated: bool = False
    matches_nothing: Literal[False] = False

    def pair(self, of: str = "") -> str:
        """For example `deleted_at=not.is.null`, the form that every version of PostgREST reads."""
        return f"{of}{percent(place(self.column))}={'not.' if self.negated else ''}is.{self.state}"

    def inside(self) -> str:
        """For example `deleted_at.not.is.null`."""
        return f"{place(self.column)}.{'not.' if self.negated else ''}is.{self.state}"


Make = Callable[[], Filter]
"""Makes a filter, or refuses: a step of a query asks for it when it has taken over from the last one."""


def compare(column: ColumnLike, operator: Operator, value: object) -> Filter:
    """The column compared with one value."""
    return Comparison(_known(column), operator, text_of(value))


def member(column: ColumnLike, values: Iterable[object]) -> Filter:
    """The column equal to one of the values; a value given twice is sent once.

    PostgREST reads `in.("")` as the empty list, so a list of nothing but the empty string is a comparison.
    """
    if not is_listing(values):
        raise refusal(f"in_() takes a list of values, not one {type(values).__name__}", suggestion="use eq()")
    texts = tuple(dict.fromkeys(map(text_of, values)))
    if texts == ("",):
        return Comparison(_known(column), Operator.EQ, "")
    return Membership(_known(column), texts)


_STATES: Mapping[object, State] = {None: "null", True: "true", False: "false", "unknown": "unknown"}


def identity(column: ColumnLike, value: object, *, negated: bool = False) -> Filter:
    """The column being null, true, false or unknown."""
    known = value is None or isinstance(value, (bool, str))
    if not known or value not in _STATES:
        raise refusal("is_() takes None, True, False or 'unknown'", suggestion="use eq() for other values")
    return Identity(_known(column), _STATES[value], negated)


def _known(column: ColumnLike) -> ColumnLike:
    place(column)
    return column
