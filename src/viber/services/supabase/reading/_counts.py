"""How many rows there are, as the server counted them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self

from viber.services.supabase._errors import refusal

CountMode = Literal["exact", "planned", "estimated"]
"""Counted row by row; guessed from the statistics of the table; exact for few rows and guessed for many."""
_MODES = frozenset({"exact", "planned", "estimated"})


@dataclass(frozen=True, slots=True)
class ContentRange:
    """What a Content-Range tells: how many rows came, and how many there are in all."""

    rows: int | None = None
    total: int | None = None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Self:
        """The header of an answer; what it does not tell is None.

        Example:
            >>> ContentRange.of({"content-range": "0-24/3573"})
            ContentRange(rows=25, total=3573)
            >>> ContentRange.of({"content-range": "*/0"}), ContentRange.of({"content-range": "0-24/*"})
            (ContentRange(rows=0, total=0), ContentRange(rows=25, total=None))
        """
        span, slash, total = headers.get("content-range", "").partition("/")
        return cls(_rows(span), _number(total)) if slash else cls()


def count_wish(mode: CountMode) -> str:
    """The preference that asks for a count.

    Raises:
        InvalidRequestError: there is no such way to count.
    """
    if mode not in _MODES:
        raise refusal(f"rows are counted 'exact', 'planned' or 'estimated', not {mode!r}")
    return f"count={mode}"


def _rows(span: str) -> int | None:
    if span == "*":
        return 0
    first, last = (_number(end) for end in (span.split("-", 1) if "-" in span else ("", "")))
    return None if first is None or last is None else max(last - first + 1, 0)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() else None
