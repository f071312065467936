"""Groups of filters, to any depth."""

from dataclasses import dataclass
from typing import Literal, Self

from viber.services.supabase._errors import refusal
from viber.services.supabase.filters._filters import Filter
from viber.services.supabase.filters._quoting import percent
from viber.services.supabase.filters._raw import Raw

Condition = Filter | Raw
"""A filter, or text in PostgREST's words by `raw()`."""


@dataclass(frozen=True, slots=True)
class Group(Filter):
    """Filters of which all have to hold, or one of them."""

    kind: Literal["and", "or"]
    filters: tuple[Filter, ...]
    negated: bool = False

    @property
    def verdict(self) -> bool | None:
        """One filter may settle it, or all of them together."""
        settling = self.kind == "or"
        verdicts = {each.verdict for each in self.filters}
        if settling in verdicts:
            return settling is not self.negated
        return None if None in verdicts else settling is self.negated

    def pair(self, of: str = "") -> str:
        """For example `or=(age.lt.18,age.gt.65)`."""
        return f"{of}{'not.' if self.negated else ''}{self.kind}={percent(self._members())}"

    def inside(self) -> str:
        """For example `or(age.lt.18,age.gt.65)`."""
        return f"{'not.' if self.negated else ''}{self.kind}{self._members()}"

    def opposite(self) -> Self:
        """For example `not.or=(age.lt.18,age.gt.65)`."""
        return type(self)(self.kind, self.filters, not self.negated)

    def _members(self) -> str:
        return f"({','.join(each.inside() for each in self.filters)})"


@dataclass(frozen=True, slots=True)
class Written(Filter):
    """Filters in PostgREST's words, which stand in a group."""

    text: str

    def pair(self, of: str = "") -> str:
        """As the filters of a group."""
        return self._group().pair(of)

    def inside(self) -> str:
        """The text itself."""
        return self.text

    def opposite(self) -> Filter:
        """Not all of them."""
        return self._group().opposite()

    def _group(self) -> Group:
        return Group("and", (self,))


def or_(*filters: Condition) -> Filter:
    """One of the filters holds, or more than one.

    Raises:
        InvalidRequestError: there is no filter, or something else than a filter.

    Example:
        >>> from viber.services.supabase import and_, col, or_
        >>> or_(col("age").lt(18), and_(col("age").gt(65), col("vip").is_(True))).pair()
        'or=(age.lt.18,and(age.gt.65,vip.is.true))'
    """
    return _group("or", filters)


def and_(*filters: Condition) -> Filter:
    """All of the filters hold.

    Raises:
        InvalidRequestError: there is no filter, or something else than a filter.

    Example:
        >>> from viber.services.supabase import and_, col
        >>> and_(col("age").gte(18), col("age").lt(65)).pair()
        'and=(age.gte.18,age.lt.65)'
    """
    return _group("and", filters)


def not_(filter: Condition) -> Filter:  # noqa: A002 - it is one
    """The filter does not hold; two negations cancel out.

    As in SQL, a comparison with a null column is neither true nor false, and so is its negation.

    Raises:
        InvalidRequestError: it is no filter.

    Example:
        >>> from viber.services.supabase import col, not_, or_
        >>> not_(col("status").in_(["open", "paid"])).pair()
        'status=not.in.(open,paid)'
        >>> not_(or_(col("a").eq(1), col("b").eq(2))).pair()
        'not.or=(a.eq.1,b.eq.2)'
    """
    return known(filter).opposite()


def known(condition: object) -> Filter:
    """The filter itself.

    Raises:
        InvalidRequestError: it is none.
    """
    if isinstance(condition, Filter):
        return condition
    if isinstance(condition, Raw):
        return Written(condition.text)
    raise refusal(
        f"a {type(condition).__name__} is no filter",
        suggestion="make one by col('age').gte(18), or give text in PostgREST's words to raw()",
    )


def _group(kind: Literal["and", "or"], filters: tuple[Condition, ...]) -> Group:
    if not filters:
        raise refusal(f"{kind}_() needs a filter")
    return Group(kind, tuple(map(known, filters)))
