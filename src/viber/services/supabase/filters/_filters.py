"""Filters as values: each knows its column and its operand, and writes itself for the place it stands in."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NoReturn, Self

from viber.services.supabase._errors import refusal
from viber.services.supabase.filters._quoting import element, percent
from viber.services.supabase.filters._values import Notation


class Filter(ABC, Notation):
    """A condition on rows; a value, made by the methods of a column, by `and_()`, `or_()` or `not_()`.

    Example:
        >>> from viber.services.supabase import col
        >>> col("age").gte(18) == col("age").gte("18"), col("id").in_([]).matches_nothing
        (True, True)
    """

    __slots__ = ()

    @property
    def verdict(self) -> bool | None:
        """What it says whatever a table holds.

        False: it is true of no row; True: it is false of no row; None: that depends on the rows.
        """
        return None

    @property
    def matches_nothing(self) -> bool:
        """No row can fulfil it, whatever the table holds."""
        return self.verdict is False

    @property
    def matches_everything(self) -> bool:
        """It leaves no row out, so that a write has no better filter with it than without."""
        return self.verdict is True

    def __bool__(self) -> NoReturn:
        # Python's own `a and b` would drop one of them without a word.
        raise refusal(
            "a filter is neither true nor false by itself", suggestion="use and_(), or_() and not_()"
        )

    @abstractmethod
    def pair(self, of: str = "") -> str:
        """The filter as `key=value` of a query string, percent-encoded.

        `of` goes in front of the key: the name of an embedded resource and a dot, for example `orders.`.
        """

    @abstractmethod
    def inside(self) -> str:
        """The filter as it stands in a logic group, not percent-encoded: `age.gte.18`."""

    @abstractmethod
    def opposite(self) -> "Filter":
        """True where this is false; where this is null (unknown), it is null too."""


@dataclass(frozen=True, slots=True)
class Comparison(Filter):
    """`column operator text`."""

    place: str
    operator: str
    text: str
    negated: bool = False

    def pair(self, of: str = "") -> str:
        """For example `age=gte.18`: behind a plain operator nothing is quoted."""
        return f"{of}{percent(self.place)}={_not(self.negated)}{self.operator}.{percent(self.text)}"

    def inside(self) -> str:
        """For example `age.gte.18`: the text is quoted where it needs it."""
        return f"{self.place}.{_not(self.negated)}{self.operator}.{element(self.text)}"

    def opposite(self) -> Self:
        """For example `age=not.gte.18`."""
        return type(self)(self.place, self.operator, self.text, not self.negated)


@dataclass(frozen=True, slots=True)
class Membership(Filter):
    """`column in (texts)`; the empty list is no row at all."""

    place: str
    texts: tuple[str, ...]
    negated: bool = False

    @staticmethod
    def of(place: str, texts: tuple[str, ...]) -> "Comparison | Membership":
        """The column equal to one of the texts.

        PostgREST reads `in.("")` as the empty list, so a list of nothing but the empty text is a comparison.
        """
        return Comparison(place, "eq", "") if texts == ("",) else Membership(place, texts)

    @property
    def verdict(self) -> bool | None:
        """Nothing is in the empty list."""
        return None if self.texts else self.negated

    def pair(self, of: str = "") -> str:
        """For example `id=in.(1,2)`: elements are quoted where they need it."""
        return f"{of}{percent(self.place)}={percent(self._condition())}"

    def inside(self) -> str:
        """For example `id.in.(1,2)`."""
        return f"{self.place}.{self._condition()}"

    def opposite(self) -> Self:
        """For example `id=not.in.(1,2)`."""
        return type(self)(self.place, self.texts, not self.negated)

    def _condition(self) -> str:
        return f"{_not(self.negated)}in.({','.join(map(element, self.texts))})"


State = Literal["null", "true", "false", "unknown"]


@dataclass(frozen=True, slots=True)
class Identity(Filter):
    """`column is state`, or is not."""

    place: str
    state: State
    negated: bool = False

    def pair(self, of: str = "") -> str:
        """For example `deleted_at=not.is.null`, the form that every version of PostgREST reads."""
        return f"{of}{percent(self.place)}={_not(self.negated)}is.{self.state}"

    def inside(self) -> str:
        """For example `deleted_at.not.is.null`."""
        return f"{self.place}.{_not(self.negated)}is.{self.state}"

    def opposite(self) -> Self:
        """For example `deleted_at=not.is.null` of `deleted_at=is.null`."""
        return type(self)(self.place, self.state, not self.negated)


Make = Callable[[], Filter]
"""Makes a filter, or refuses: a step of a query asks for it when it has taken over from the last one."""


def _not(negated: bool) -> str:  # noqa: FBT001 - the one thing it is about
    return "not." if negated else ""
