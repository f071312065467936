"""Operators: what each takes as its operand, and the filter that comes of it."""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, Literal

from viber.services.supabase._errors import refusal
from viber.services.supabase.filters._filters import Comparison, Filter, Identity, Membership, State
from viber.services.supabase.filters._operands import Quantified, range_text, set_text, value_text
from viber.services.supabase.filters._places import Placed, locate
from viber.services.supabase.filters._values import is_listing, text_of

Search = Literal["plain", "phrase", "web_search"]


class Operator(StrEnum):
    """PostgREST's operators."""

    EQ = "eq"
    NEQ = "neq"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    LIKE = "like"
    ILIKE = "ilike"
    MATCH = "match"
    IMATCH = "imatch"
    IN = "in"
    IS = "is"
    ISDISTINCT = "isdistinct"
    CONTAINS = "cs"
    CONTAINED_BY = "cd"
    OVERLAPS = "ov"
    RANGE_LT = "sl"
    RANGE_GT = "sr"
    RANGE_GTE = "nxl"
    RANGE_LTE = "nxr"
    ADJACENT = "adj"
    SEARCH = "fts"
    SEARCH_PLAIN = "plfts"
    SEARCH_PHRASE = "phfts"
    SEARCH_WEB = "wfts"


_QUANTIFIABLE = frozenset({"eq", "gt", "gte", "lt", "lte", "like", "ilike", "match", "imatch"})


def compare(column: str | Placed, operator: Operator, value: object) -> Filter:
    """The column compared with one value, or with several by `any_of()` and `all_of()`."""
    place = locate(column)
    if isinstance(value, Quantified):
        return _compare_several(column, operator, value)
    return Comparison(place.text, operator, value_text(place, value))


def _compare_several(column: str | Placed, operator: Operator, several: Quantified) -> Filter:
    if operator not in _QUANTIFIABLE:
        raise refusal(
            f"{operator} takes one value, not {several.quantifier}_of()",
            suggestion=f"any_of() and all_of() go with {', '.join(sorted(_QUANTIFIABLE))}",
        )
    place = locate(column)
    return Comparison(place.text, f"{operator}({several.quantifier})", several.text(place))


def member(column: str | Placed, values: Iterable[object]) -> Filter:
    """The column equal to one of the values; a value given twice is sent once."""
    if not is_listing(values):
        raise refusal(f"in_() takes a list of values, not one {type(values).__name__}", suggestion="use eq()")
    place = locate(column)
    return Membership.of(place.text, tuple(dict.fromkeys(value_text(place, value) for value in values)))


_STATES: Mapping[object, State] = {None: "null", True: "true", False: "false", "unknown": "unknown"}


def identity(column: str | Placed, value: object, *, negated: bool = False) -> Filter:
    """The column being null, true, false or unknown."""
    known = value is None or isinstance(value, (bool, str))
    if not known or value not in _STATES:
        raise refusal(
            "is_() takes None, True, False or 'unknown'",
            suggestion="None is null, and eq() is for other values",
        )
    return Identity(locate(column).text, _STATES[value], negated)


def distinct(column: str | Placed, value: object) -> Filter:
    """The column differing from the value, where null is a value like others.

    PostgREST reads `isdistinct.null` as the word, so that to differ from None is not to be null.
    """
    if value is None:
        return identity(column, None, negated=True)
    return compare(column, Operator.ISDISTINCT, value)


def relate(column: str | Placed, operator: Operator, value: object) -> Filter:
    """The column containing, contained by or overlapping a list, JSON or a range.

    An empty operand is refused where no row, or every one with a value, would match.
    """
    place = locate(column)
    text = set_text(place, value)
    if operator is not Operator.CONTAINED_BY and text in ("{}", "[]"):
        raise refusal(f"{operator.name.lower()}() of nothing says nothing", suggestion="leave the filter out")
    return Comparison(place.text, operator, text)


def ranged(column: str | Placed, operator: Operator, value: object) -> Filter:
    """A column of ranges beside a range."""
    return Comparison(locate(column).text, operator, range_text(value))


_SEARCHES: Mapping[Search | None, Operator] = {
    None: Operator.SEARCH,
    "plain": Operator.SEARCH_PLAIN,
    "phrase": Operator.SEARCH_PHRASE,
    "web_search": Operator.SEARCH_WEB,
}


def search(column: str | Placed, query: str, *, config: str = "", type: Search | None = None) -> Filter:  # noqa: A002 - supabase-py's word
    """The column's text search vector matching a query."""
    if type not in _SEARCHES:
        raise refusal(
            f"{type!r} is no way to search", suggestion="use 'plain', 'phrase', 'web_search' or None"
        )
    if config and not (config.isascii() and config.replace("_", "").isalnum()):
        raise refusal(f"{config!r} cannot be the name of a text search configuration here")
    return _searched(column, _SEARCHES[type], query, f"({config})" if config else "")


def _searched(column: str | Placed, operator: Operator, query: object, config: str = "") -> Filter:
    if not isinstance(query, str):
        raise refusal(f"text is searched by text, not by a {type(query).__name__}")
    return Comparison(locate(column).text, f"{operator}{config}", text_of(query))


_BY_VALUE: Mapping[Operator, Callable[[str | Placed, Any], Filter]] = {
    Operator.IN: member,
    Operator.IS: identity,
    Operator.ISDISTINCT: distinct,
}
_BY_OPERATOR: Mapping[Operator, Callable[[str | Placed, Operator, Any], Filter]] = {
    Operator.CONTAINS: relate,
    Operator.CONTAINED_BY: relate,
    Operator.OVERLAPS: relate,
    Operator.RANGE_LT: ranged,
    Operator.RANGE_GT: ranged,
    Operator.RANGE_GTE: ranged,
    Operator.RANGE_LTE: ranged,
    Operator.ADJACENT: ranged,
    Operator.SEARCH: _searched,
    Operator.SEARCH_PLAIN: _searched,
    Operator.SEARCH_PHRASE: _searched,
    Operator.SEARCH_WEB: _searched,
}


def named(column: str | Placed, operator: str, value: object) -> Filter:
    """The column under an operator by PostgREST's name for it."""
    try:
        known = Operator(operator)
    except ValueError:
        raise refusal(
            f"{operator!r} is no operator", suggestion=f"use one of {', '.join(Operator)}"
        ) from None
    if known in _BY_VALUE:
        return _BY_VALUE[known](column, value)
    return _BY_OPERATOR.get(known, compare)(column, known, value)
