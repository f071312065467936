"""So much may be spent, and nothing is sent beyond it."""

from dataclasses import dataclass
from decimal import Decimal, localcontext
from math import inf
from typing import Final

from viber.clock import SYSTEM_CLOCK, Clock
from viber.services.gemini._errors import BudgetError
from viber.services.gemini.limits._calendar import PACIFIC, Period, end_of, zone_of
from viber.services.gemini.limits._prices import EXACT

_NOTHING: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class BudgetStatus:
    """A budget at one moment: `reserved` is held by calls under way, `frees_in` seconds it begins anew."""

    limit: Decimal
    spent: Decimal
    reserved: Decimal
    frees_in: float | None

    @property
    def remaining(self) -> Decimal:
        """What a new call may cost."""
        with localcontext(EXACT):
            return max(_NOTHING, self.limit - self.spent - self.reserved)


@dataclass(slots=True, eq=False)
class Hold:
    """What one call has reserved; settled once."""

    amount: Decimal
    is_open: bool = True


class Budget:
    """A hard limit for `cost` (in the currency of the price table) or for `tokens`, per day, month or in all.

    A call reserves what it may take at most before it is sent, and settles what the server told; one that
    does not fit is refused with a `BudgetError`, and nothing is sent. The promise: what was spent and what is
    reserved never exceed the limit when a call is let through. So the limit is exceeded only by what answers
    take beyond their reservation: by nothing, if each call says `max_output_tokens` (which bounds thoughts
    too) and its prompt is not longer than estimated. A call that says none reserves `answer_tokens`. What a
    failed attempt took without telling is not counted. A model without a price is refused where money counts.

    Days and months begin at midnight of `zone`. One budget may stand in front of several services or views of
    one event loop. It begins empty with each process.

    Raises:
        ValueError: not exactly one of cost and tokens, a number not above 0, an unknown period or zone.

    Example:
        >>> Budget(cost="5.00").status().remaining
        Decimal('5.00')
    """

    def __init__(
        self,
        *,
        cost: Decimal | str | int | None = None,
        tokens: int | None = None,
        per: Period | None = "day",
        answer_tokens: int = 8192,
        zone: str = PACIFIC,
        name: str = "",
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        if (cost is None) == (tokens is None):
            raise ValueError("set cost or tokens, one of them: several limits are several Budgets")
        if per not in ("day", "month", None):
            raise ValueError(f"per is 'day', 'month' or None, not {per!r}")
        self.name = name
        self.limit: Decimal = _positive(cost if cost is not None else tokens or 0)
        self.counts_cost: bool = cost is not None
        self.per: Period | None = per
        self.answer_tokens: int = int(_positive(answer_tokens))
        self._zone = zone_of(zone)
        self._wall = clock.wall
        self._spent = self._held = _NOTHING
        self._ends = -inf

    def reserve(self, *, tokens: int, cost: Decimal | None) -> Hold:
        """Room for a call that takes so much at most.

        Raises:
            BudgetError: there is none, or money counts and the price is unknown.
        """
        amount = cost if self.counts_cost else Decimal(tokens)
        if amount is None:
            raise BudgetError(
                f"{self}: the price of this model is unknown, nothing was sent",
                code="gemini.budget.unknown_price",
                suggestion="add the model to the price table",
            )
        self._turn()
        with localcontext(EXACT):
            if self._spent + self._held + amount > self.limit:
                raise self._refused(amount)
            self._held += amount
        return Hold(amount)

    def settle(self, hold: Hold, *, tokens: int | None, cost: Decimal | None) -> None:
        """What the call took, None if it was not told: then it took all that it reserved.

        A second time changes nothing.
        """
        if not hold.is_open:
            return
        self._turn()
        hold.is_open = False
        taken = cost if self.counts_cost else tokens
        with localcontext(EXACT):
            self._held -= hold.amount
            self._spent += hold.amount if taken is None else taken

    def release(self, hold: Hold) -> None:
        """The call took nothing."""
        self.settle(hold, tokens=0, cost=_NOTHING)

    def status(self) -> BudgetStatus:
        """The budget as it stands."""
        self._turn()
        return BudgetStatus(self.limit, self._spent, self._held, self._frees_in())

    def _turn(self) -> None:
        """A new day or month begins with nothing spent; what is under way is counted where it ends."""
        wall = self._wall()
        if self.per is None or wall < self._ends:
            return
        self._spent = _NOTHING
        self._ends = end_of(self.per, wall, self._zone)

    def _frees_in(self) -> float | None:
        return None if self.per is None else max(0.0, self._ends - self._wall())

    def _refused(self, amount: Decimal) -> BudgetError:
        alone = amount > self.limit
        wait = None if alone else self._frees_in()
        when = "" if wait is None else f", until {wait:.0f} s from now"
        reason = (
            "this call alone may take"
            if alone
            else f"{self.status().remaining} is left{when}; this call may take"
        )
        return BudgetError(
            f"{self}: {reason} {amount}, nothing was sent",
            retry_after=wait,
            suggestion="set max_output_tokens: a call reserves the longest answer that it allows",
        )

    def __str__(self) -> str:
        unit = "" if self.counts_cost else " tokens"
        span = "" if self.per is None else f" per {self.per}"
        return f"the budget{self.name and f' {self.name!r}'} of {self.limit}{unit}{span}"

    def __repr__(self) -> str:
        return f"<Budget {self.name!r} {self.limit} spent={self._spent} reserved={self._held}>"


def _positive(number: Decimal | str | int) -> Decimal:
    if isinstance(number, bool | float):
        raise ValueError(f"takes a Decimal, a text or a whole number, not {number!r}")  # noqa: TRY004
    try:
        amount = Decimal(number)
    except ArithmeticError:
        raise ValueError(f"not a number: {number!r}") from None
    if not amount.is_finite() or amount <= 0:
        raise ValueError(f"takes a number above 0, not {number!r}")
    return amount
