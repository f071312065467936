"""The filters that a column makes."""

from collections.abc import Iterable
from typing import Any, Literal

from viber.services.supabase.filters._filters import Filter
from viber.services.supabase.filters._operands import Quantified
from viber.services.supabase.filters._operators import (
    Operator,
    Search,
    compare,
    distinct,
    identity,
    member,
    named,
    ranged,
    relate,
    search,
)
from viber.services.supabase.filters._places import Placed
from viber.services.supabase.filters._ranges import Range


class Comparable(Placed):
    """What can be compared: each method makes a filter, for `where()` and for groups.

    Every value goes out as data, whatever characters it has. None is refused where it would compare with
    nothing: ask `is_null()`. Where a method takes several values, `any_of()` and `all_of()` make them.

    Raises:
        InvalidRequestError: a method was given what cannot be sent, or cannot be meant.

    Example:
        >>> from viber.services.supabase import any_of, col
        >>> col("profile").text("theme").in_(["dark", "light"]).inside()
        'profile->>theme.in.(dark,light)'
        >>> col("total").gt(any_of([10, 20])).pair()
        'total=gt(any).%7B%2210%22,%2220%22%7D'
    """

    __slots__ = ()

    def eq(self, value: object) -> Filter:
        """Equals the value; or any of, or all of several."""
        return compare(self, Operator.EQ, value)

    def neq(self, value: object) -> Filter:
        """Differs from the value; null does not match: see `isdistinct()`."""
        return compare(self, Operator.NEQ, value)

    def gt(self, value: object) -> Filter:
        """Is greater than the value; or than any of, or all of several."""
        return compare(self, Operator.GT, value)

    def gte(self, value: object) -> Filter:
        """Is greater than the value, or equal; or than any of, or all of several."""
        return compare(self, Operator.GTE, value)

    def lt(self, value: object) -> Filter:
        """Is less than the value; or than any of, or all of several."""
        return compare(self, Operator.LT, value)

    def lte(self, value: object) -> Filter:
        """Is less than the value, or equal; or than any of, or all of several."""
        return compare(self, Operator.LTE, value)

    def like(self, pattern: str | Quantified) -> Filter:
        """Has the form of the pattern, or of any of, or of all of several.

        `*` and `%` stand for any text, `_` for any character; `like_escape()` takes that from a text.
        """
        return compare(self, Operator.LIKE, pattern)

    def ilike(self, pattern: str | Quantified) -> Filter:
        """Like `like()`, in upper or lower case."""
        return compare(self, Operator.ILIKE, pattern)

    def match(self, expression: str | Quantified) -> Filter:
        """Matches PostgreSQL's regular expression somewhere, or any of, or all of several.

        `regex_escape()` makes an expression of a text.
        """
        return compare(self, Operator.MATCH, expression)

    def imatch(self, expression: str | Quantified) -> Filter:
        """Like `match()`, in upper or lower case."""
        return compare(self, Operator.IMATCH, expression)

    def in_(self, values: Iterable[object]) -> Filter:
        """Equals one of the values; an empty list finds nothing."""
        return member(self, values)

    def is_(self, value: bool | Literal["unknown"] | None) -> Filter:  # noqa: FBT001 - a value, not a switch
        """Is null (None), true, false or unknown."""
        return identity(self, value)

    def is_null(self) -> Filter:
        """Has no value."""
        return identity(self, None)

    def is_not_null(self) -> Filter:
        """Has a value."""
        return identity(self, None, negated=True)

    def isdistinct(self, value: object) -> Filter:
        """Differs from the value, where null is a value like others."""
        return distinct(self, value)

    def contains(self, value: object) -> Filter:
        """Contains (`cs`) all elements of a list, the JSON of a dict or model, or a range.

        A text is taken for PostgreSQL's own form of one.
        """
        return relate(self, Operator.CONTAINS, value)

    def contained_by(self, value: object) -> Filter:
        """Is contained (`cd`) in a list, in the JSON of a dict or model, or in a range."""
        return relate(self, Operator.CONTAINED_BY, value)

    def overlaps(self, value: object) -> Filter:
        """Has an element (`ov`) in common with a list, or a point with a range."""
        return relate(self, Operator.OVERLAPS, value)

    def range_lt(self, value: Range[Any] | str) -> Filter:
        """Ends before the range begins (`sl`)."""
        return ranged(self, Operator.RANGE_LT, value)

    def range_gt(self, value: Range[Any] | str) -> Filter:
        """Begins after the range ends (`sr`)."""
        return ranged(self, Operator.RANGE_GT, value)

    def range_gte(self, value: Range[Any] | str) -> Filter:
        """Does not begin before the range does (`nxl`)."""
        return ranged(self, Operator.RANGE_GTE, value)

    def range_lte(self, value: Range[Any] | str) -> Filter:
        """Does not end after the range does (`nxr`)."""
        return ranged(self, Operator.RANGE_LTE, value)

    def range_adjacent(self, value: Range[Any] | str) -> Filter:
        """Touches the range, and has no point in common with it (`adj`)."""
        return ranged(self, Operator.ADJACENT, value)

    def text_search(self, query: str, *, config: str = "", type: Search | None = None) -> Filter:  # noqa: A002 - supabase-py's word
        """Its text search vector matches the query, in the words of a language: `config="english"`.

        `type` says how the query is written: None for operators (`fts`: `'fat' & !'cat'`), "plain" for words
        that all have to be there (`plfts`), "phrase" for words in this order (`phfts`), "web_search" for what
        people type into search engines (`wfts`).
        """
        return search(self, query, config=config, type=type)

    def filter(self, operator: str, value: object) -> Filter:
        """The filter of an operator by PostgREST's name for it: `filter("gte", 18)`."""
        return named(self, operator, value)
