"""The filter methods, the same for all queries that have filters."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Literal, Self, cast

from viber.services.supabase.filters._columns import ColumnLike
from viber.services.supabase.filters._filters import Make
from viber.services.supabase.filters._logic import Condition, and_, known, not_, or_
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
from viber.services.supabase.filters._ranges import Range


class Filterable:
    """A query that conditions can be added to; all of them have to hold.

    Every value goes out as data, whatever characters it has. None is refused where it would compare with
    nothing: ask `is_null()`. Where a method takes several values, `any_of()` and `all_of()` make them.

    Raises:
        InvalidRequestError: a method was given what cannot be sent, or cannot be meant.

    Example::

        open_ones = orders.select().eq("status", "open").gte("total", 10)
        rows = await open_ones.or_(col("customer_id").in_([7, 8]), col("meta").text("channel").eq("web"))
    """

    __slots__ = ()

    @abstractmethod
    def _where(self, *makes: Make) -> Self:
        """This query with further conditions."""

    def eq(self, column: ColumnLike, value: object) -> Self:
        """The column equals the value; or any of, or all of several."""
        return self._where(lambda: compare(column, Operator.EQ, value))

    def neq(self, column: ColumnLike, value: object) -> Self:
        """The column differs from the value; null does not match: see `isdistinct()`."""
        return self._where(lambda: compare(column, Operator.NEQ, value))

    def gt(self, column: ColumnLike, value: object) -> Self:
        """The column is greater than the value; or than any of, or all of several."""
        return self._where(lambda: compare(column, Operator.GT, value))

    def gte(self, column: ColumnLike, value: object) -> Self:
        """The column is greater than the value, or equal; or than any of, or all of several."""
        return self._where(lambda: compare(column, Operator.GTE, value))

    def lt(self, column: ColumnLike, value: object) -> Self:
        """The column is less than the value; or than any of, or all of several."""
        return self._where(lambda: compare(column, Operator.LT, value))

    def lte(self, column: ColumnLike, value: object) -> Self:
        """The column is less than the value, or equal; or than any of, or all of several."""
        return self._where(lambda: compare(column, Operator.LTE, value))

    def like(self, column: ColumnLike, pattern: str | Quantified) -> Self:
        """The column has the form of the pattern, or of any of, or of all of several.

        `*` and `%` stand for any text, `_` for any character; `like_escape()` takes that from a text.
        """
        return self._where(lambda: compare(column, Operator.LIKE, pattern))

    def ilike(self, column: ColumnLike, pattern: str | Quantified) -> Self:
        """Like `like()`, in upper or lower case."""
        return self._where(lambda: compare(column, Operator.ILIKE, pattern))

    def match(self, column: ColumnLike, expression: str | Quantified) -> Self:
        """The column matches PostgreSQL's regular expression somewhere, or any of, or all of several.

        `regex_escape()` makes an expression of a text.
        """
        return self._where(lambda: compare(column, Operator.MATCH, expression))

    def imatch(self, column: ColumnLike, expression: str | Quantified) -> Self:
        """Like `match()`, in upper or lower case."""
        return self._where(lambda: compare(column, Operator.IMATCH, expression))

    def in_(self, column: ColumnLike, values: Iterable[object]) -> Self:
        """The column equals one of the values; an empty list finds nothing, and is not sent."""
        return self._where(lambda: member(column, values))

    def is_(self, column: ColumnLike, value: bool | Literal["unknown"] | None) -> Self:  # noqa: FBT001 - a value, not a switch
        """The column is null (None), true, false or unknown."""
        return self._where(lambda: identity(column, value))

    def is_null(self, column: ColumnLike) -> Self:
        """The column has no value; of a related table that is embedded: there is no related row."""
        return self._where(lambda: identity(column, None))

    def is_not_null(self, column: ColumnLike) -> Self:
        """The column has a value; of a related table that is embedded: there is a related row."""
        return self._where(lambda: identity(column, None, negated=True))

    def isdistinct(self, column: ColumnLike, value: object) -> Self:
        """The column differs from the value, where null is a value like others."""
        return self._where(lambda: distinct(column, value))

    def contains(self, column: ColumnLike, value: object) -> Self:
        """The column contains (`cs`) all elements of a list, the JSON of a dict or model, or a range.

        A text is taken for PostgreSQL's own form of one.
        """
        return self._where(lambda: relate(column, Operator.CONTAINS, value))

    def contained_by(self, column: ColumnLike, value: object) -> Self:
        """The column is contained (`cd`) in a list, in the JSON of a dict or model, or in a range."""
        return self._where(lambda: relate(column, Operator.CONTAINED_BY, value))

    def overlaps(self, column: ColumnLike, value: object) -> Self:
        """The column has an element (`ov`) in common with a list, or a point with a range."""
        return self._where(lambda: relate(column, Operator.OVERLAPS, value))

    def range_lt(self, column: ColumnLike, value: Range[Any] | str) -> Self:
        """The column ends before the range begins (`sl`)."""
        return self._where(lambda: ranged(column, Operator.RANGE_LT, value))

    def range_gt(self, column: ColumnLike, value: Range[Any] | str) -> Self:
        """The column begins after the range ends (`sr`)."""
        return self._where(lambda: ranged(column, Operator.RANGE_GT, value))

    def range_gte(self, column: ColumnLike, value: Range[Any] | str) -> Self:
        """The column does not begin before the range does (`nxl`)."""
        return self._where(lambda: ranged(column, Operator.RANGE_GTE, value))

    def range_lte(self, column: ColumnLike, value: Range[Any] | str) -> Self:
        """The column does not end after the range does (`nxr`)."""
        return self._where(lambda: ranged(column, Operator.RANGE_LTE, value))

    def range_adjacent(self, column: ColumnLike, value: Range[Any] | str) -> Self:
        """The column touches the range, and has no point in common with it (`adj`)."""
        return self._where(lambda: ranged(column, Operator.ADJACENT, value))

    def text_search(
        self,
        column: ColumnLike,
        query: str,
        *,
        config: str = "",
        type: Search | None = None,  # noqa: A002 - supabase-py's word
    ) -> Self:
        """The column's text search vector matches the query, in the words of a language: `config="english"`.

        `type` says how the query is written: None for operators (`fts`: `'fat' & !'cat'`), "plain" for words
        that all have to be there (`plfts`), "phrase" for words in this order (`phfts`), "web_search" for what
        people type into search engines (`wfts`).
        """
        return self._where(lambda: search(column, query, config=config, type=type))

    def filter(self, column: ColumnLike, operator: str, value: object) -> Self:
        """The column under an operator by PostgREST's name for it: `filter("age", "gte", 18)`."""
        return self._where(lambda: named(column, operator, value))

    def where(self, *filters: Condition) -> Self:
        """All these filters hold, too: `where(col("age").gte(18), or_(...))`."""
        return self._where(*(partial(known, each) for each in filters))

    def or_(self, *filters: Condition) -> Self:
        """One of the filters holds, or more than one."""
        return self._where(lambda: or_(*filters))

    def and_(self, *filters: Condition) -> Self:
        """All of the filters hold."""
        return self._where(lambda: and_(*filters))

    def not_(self, filter: Condition) -> Self:  # noqa: A002 - it is one
        """The filter does not hold: `not_(col("status").in_(["open", "paid"]))`."""
        return self._where(lambda: not_(filter))

    def matching(self, values: Mapping[str, object]) -> Self:
        """Every column equals its value, or one of its values where that is a list."""
        return self._where(*(_match(column, value) for column, value in values.items()))


def _match(column: ColumnLike, value: object) -> Make:
    if isinstance(value, (list, tuple, set, frozenset)):
        values = cast("Iterable[object]", value)
        return lambda: member(column, values)
    return lambda: compare(column, Operator.EQ, value)
