"""What was used and what it cost: by day, model and label."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from viber.services.gemini.content._usage import UsageMetadata
from viber.services.gemini.limits._calendar import PACIFIC, moment, zone_of
from viber.services.gemini.limits._prices import EXACT

OTHER: Final = "(other)"
"""Stands for the labels, or models, beyond those that are told apart."""


@dataclass(frozen=True, slots=True)
class UsageTotals:
    """The answers of some days, models or labels, added up."""

    answers: int = 0
    """Answers that told their usage, those that broke off among them."""
    usage: UsageMetadata = field(default_factory=UsageMetadata)
    known_cost: Decimal = Decimal(0)
    """What those of a known price cost."""
    unpriced: int = 0
    """Answers whose price is unknown."""

    @property
    def cost(self) -> Decimal | None:
        """What all of them cost; None when that of one is unknown."""
        return None if self.unpriced else self.known_cost

    def __add__(self, other: "UsageTotals") -> "UsageTotals":
        return UsageTotals(
            self.answers + other.answers,
            self.usage + other.usage,
            EXACT.add(self.known_cost, other.known_cost),
            self.unpriced + other.unpriced,
        )


@dataclass(frozen=True, slots=True)
class UsageRow:
    """One day, model and label; a label or model `(other)` stands for those beyond what is told apart."""

    day: date
    model: str
    label: str
    totals: UsageTotals


_Key = tuple[date, str, str]


class UsageTracker:
    """Adds up what each answer took, once: the last numbers its server told, also when it broke off then.

    Days are those of `zone`. The last `keep_days` are kept, and of each day `max_labels` labels and as many
    models; what is beyond is counted under `(other)`.

    Raises:
        ValueError: a bound is not above 0, or there is no such zone.

    Example:
        >>> tracker = UsageTracker(zone="UTC")
        >>> tracker.add(UsageMetadata(prompt_tokens=7), model="gemini-x", label="checkout", at=0.0)
        >>> tracker.totals(label="checkout").usage.prompt_tokens, tracker.totals().cost
        (7, None)
    """

    def __init__(self, *, zone: str = PACIFIC, keep_days: int = 31, max_labels: int = 100) -> None:
        if keep_days < 1 or max_labels < 1:
            raise ValueError("keep_days and max_labels are at least 1")
        self._zone = zone_of(zone)
        self._keep_days = keep_days
        self._max_labels = max_labels
        self._rows: dict[_Key, UsageTotals] = {}
        self._days: deque[date] = deque()
        self._models: dict[date, set[str]] = {}
        self._labels: dict[date, set[str]] = {}

    def add(
        self,
        usage: UsageMetadata,
        *,
        model: str,
        label: str = "",
        cost: Decimal | None = None,
        at: float,
    ) -> None:
        """One more answer, at a moment in seconds since the epoch."""
        day = self._open(moment(at, self._zone).date())
        key = day, self._known(self._models[day], model), self._known(self._labels[day], label)
        answer = UsageTotals(1, usage, cost or Decimal(0), int(cost is None))
        self._rows[key] = self._rows[key] + answer if key in self._rows else answer

    def totals(
        self, *, day: date | None = None, model: str | None = None, label: str | None = None
    ) -> UsageTotals:
        """Everything that is kept, or that of one day, model, label."""
        asked = (day, model, label)
        return _sum(
            totals
            for key, totals in self._rows.items()
            if all(wanted in (None, found) for wanted, found in zip(asked, key, strict=True))
        )

    def rows(self) -> tuple[UsageRow, ...]:
        """Everything that is kept, apart: by day, model, label."""
        return tuple(
            UsageRow(*key, totals) for key, totals in sorted(self._rows.items(), key=lambda row: row[0])
        )

    def clear(self) -> None:
        """Forget all of it."""
        self._rows.clear()
        self._days.clear()
        self._models.clear()
        self._labels.clear()

    def _open(self, day: date) -> date:
        """The day to count under: a wall clock that stepped back counts under a day that is still kept."""
        if day in self._models:
            return day
        if len(self._days) == self._keep_days and day < self._days[0]:
            return self._days[0]
        self._days = deque(sorted((*self._days, day)))
        self._models[day], self._labels[day] = set(), set()
        if len(self._days) > self._keep_days:
            self._drop(self._days.popleft())
        return day

    def _drop(self, day: date) -> None:
        del self._models[day], self._labels[day]
        self._rows = {key: totals for key, totals in self._rows.items() if key[0] != day}

    def _known(self, names: set[str], name: str) -> str:
        if name not in names:
            if len(names) >= self._max_labels:
                return OTHER
            names.add(name)
        return name

    def __repr__(self) -> str:
        return f"<UsageTracker {len(self._rows)} rows over {len(self._days)} days>"


def _sum(totals: Iterable[UsageTotals]) -> UsageTotals:
    return sum(totals, UsageTotals())
