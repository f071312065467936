"""What a write asks of the server beside its data: the `Prefer` header, and whether it was heeded."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

Answer = Literal["minimal", "representation", "headers-only"]
OnDuplicate = Literal["merge", "ignore"]
Missing = Literal["default", "null"]


@dataclass(frozen=True, slots=True)
class Preferences:
    """The wishes of one write; without any, the server's own habits apply.

    Example:
        >>> Preferences("representation", max_affected=5).header()
        'return=representation,handling=strict,max-affected=5'
    """

    answer: Answer = "minimal"
    counted: bool = False
    resolution: OnDuplicate | None = None
    fills_in: bool = False
    """A column that a row leaves out gets its default, and not NULL."""
    max_affected: int | None = None
    rolls_back: bool = False
    time_zone: str = ""
    is_strict: bool = False

    def header(self) -> str:
        """The value of `Prefer`."""
        return ",".join(self._wishes())

    def ignored(self, headers: Mapping[str, str]) -> list[str]:
        """The wishes that change what is written, and that the server does not say it followed."""
        applied = {each.strip() for each in headers.get("preference-applied", "").split(",")}
        return [wish for wish in self._vital() if wish not in applied]

    def _wishes(self) -> Iterator[str]:
        yield f"return={self.answer}"
        if self.resolution:
            yield f"resolution={self.resolution}-duplicates"
        if self.fills_in:
            yield "missing=default"
        if self.counted:
            yield "count=exact"
        # A server that does not know a wish ignores it silently, unless it is told to be strict.
        if self.is_strict or self.time_zone or self.max_affected is not None:
            yield "handling=strict"
        yield from self._vital()

    def _vital(self) -> Iterator[str]:
        if self.max_affected is not None:
            yield f"max-affected={self.max_affected}"
        if self.rolls_back:
            yield "tx=rollback"
        if self.time_zone:
            yield f"timezone={self.time_zone}"


NO_WISHES = Preferences()
"""The server's own habits, and no answer."""
