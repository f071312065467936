"""The filter methods, the same for all queries that have filters."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Literal, Self, cast

from viber.services.supabase._columns import ColumnLike
from viber.services.supabase._filters import Make, Operator, compare, identity, member


class Filterable:
    """A query that conditions can be added to; all of them have to hold.

    Every value goes out as data, whatever characters it has. None is refused where it would compare with
    nothing: ask `is_null()`.
    """

    __slots__ = ()

    @abstractmethod
    def _where(self, *makes: Make) -> Self:
        """This query with further conditions."""

    def eq(self, column: ColumnLike, value: object) -> Self:
        """The column equals the value."""
        return self._where(lambda: compare(column, Operator.EQ, value))

    def neq(self, column: ColumnLike, value: object) -> Self:
        """The column differs from the value; a null column does not match."""
        return self._where(lambda: compare(column, Operator.NEQ, value))

    def gt(self, column: ColumnLike, value: object) -> Self:
        """The column is greater than the value."""
        return self._where(lambda: compare(column, Operator.GT, value))

    def gte(self, column: ColumnLike, value: object) -> Self:
        """The column is greater than the value, or equal."""
        return self._where(lambda: compare(column, Operator.GTE, value))

    def lt(self, column: ColumnLike, value: object) -> Self:
        """The column is less than the value."""
        return self._where(lambda: compare(column, Operator.LT, value))

    def lte(self, column: ColumnLike, value: object) -> Self:
        """The column is less than the value, or equal."""
        return self._where(lambda: compare(column, Operator.LTE, value))

    def in_(self, column: ColumnLike, values: Iterable[object]) -> Self:
        """The column equals one of the values; an empty list finds nothing, and is not sent."""
        return self._where(lambda: member(column, values))

    def is_(self, column: ColumnLike, value: bool | Literal["unknown"] | None) -> Self:  # noqa: FBT001 - a value, not a switch
        """The column is null (None), true, false or unknown."""
        return self._where(lambda: identity(column, value))

    def is_null(self, column: ColumnLike) -> Self:
        """The column has no value."""
        return self._where(lambda: identity(column, None))

    def is_not_null(self, column: ColumnLike) -> Self:
        """The column has a value."""
        return self._where(lambda: identity(column, None, negated=True))

    def matching(self, values: Mapping[str, object]) -> Self:
        """Every column equals its value, or one of its values where that is a list."""
        return self._where(*(_match(column, value) for column, value in values.items()))


def _match(column: ColumnLike, value: object) -> Make:
    if isinstance(value, (list, tuple, set, frozenset)):
        values = cast("Iterable[object]", value)
        return lambda: member(column, values)
    return lambda: compare(column, Operator.EQ, value)
