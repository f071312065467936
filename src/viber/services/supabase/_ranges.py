"""Ranges of PostgreSQL as values."""

from dataclasses import dataclass
from typing import Generic, Literal, Self, TypeVar

from viber.services.supabase._errors import refusal
from viber.services.supabase._quoting import element
from viber.services.supabase._values import text_of

Bound = TypeVar("Bound")
Bounds = Literal["[)", "[]", "(]", "()"]


@dataclass(frozen=True)  # with slots, Range[int](1, 3) would fail on Python 3.11
class Range(Generic[Bound]):
    """All values between two bounds; a bound of None is open.

    `bounds` says for each end whether it belongs to the range: a square bracket does, a round one does not.

    Raises:
        InvalidRequestError: a bound is no value, or the brackets are none.

    Example:
        >>> str(Range(1, 3)), str(Range(None, 3, "(]")), str(Range.empty())
        ('[1,3)', '(,3]', 'empty')
    """

    lower: Bound | None = None
    upper: Bound | None = None
    bounds: Bounds = "[)"
    is_empty: bool = False

    def __post_init__(self) -> None:
        if self.bounds not in ("[)", "[]", "(]", "()"):
            raise refusal(
                f"{self.bounds!r} are no bounds of a range", suggestion="use '[)', '[]', '(]' or '()'"
            )
        str(self)

    @classmethod
    def empty(cls) -> Self:
        """The range that holds nothing."""
        return cls(is_empty=True)

    def __str__(self) -> str:
        if self.is_empty:
            return "empty"
        opening, closing = self.bounds
        return f"{opening}{_text(self.lower)},{_text(self.upper)}{closing}"


def _text(bound: object) -> str:
    return "" if bound is None else element(text_of(bound))
