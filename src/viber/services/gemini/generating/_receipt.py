"""Who answered, and for how much."""

from dataclasses import dataclass
from decimal import Decimal

from viber.services.gemini.limits._prices import EXACT


@dataclass(frozen=True, slots=True)
class Receipt:
    """The model that was asked, and what it cost; None when the price or the usage is unknown.

    Example:
        >>> (Receipt("a", Decimal("0.5")) + Receipt("b", Decimal("0.25"))).cost
        Decimal('0.75')
    """

    model: str = ""
    cost: Decimal | None = None

    def __add__(self, later: "Receipt") -> "Receipt":
        unknown = self.cost is None or later.cost is None
        cost = None if unknown else EXACT.add(self.cost or Decimal(0), later.cost or Decimal(0))
        return Receipt(later.model, cost)
