from datetime import UTC, datetime
from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viber.errors import Delivery, RateLimitError
from viber.services.gemini import Budget, BudgetError
from viber.services.gemini.limits._budget import Hold
from viber.testing import FakeClock

HOUR = 3600.0
TAKEN = 50


def clock_at(text: str) -> FakeClock:
    return FakeClock(wall=datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def money(budget: Budget, cost: str) -> Hold:
    return budget.reserve(tokens=10, cost=Decimal(cost))


def test_what_does_not_fit_is_refused() -> None:
    """Before anything is sent, with the time at which it would fit."""
    budget = Budget(cost="5.00", clock=clock_at("2026-11-26T06:00"), name="web")
    money(budget, "3")
    with pytest.raises(BudgetError, match=r"the budget 'web' of 5.00 per day: 2.00 is left") as caught:
        money(budget, "2.01")
    error = caught.value
    assert (error.delivery, error.retryable, error.retry_after) == (Delivery.NOT_SENT, False, 2 * HOUR)
    assert isinstance(error, RateLimitError)
    assert money(budget, "2").is_open


def test_what_was_not_used_comes_back() -> None:
    """The reservation is a bound, the answer says what it was."""
    budget = Budget(cost="5")
    hold = money(budget, "5")
    budget.settle(hold, tokens=TAKEN, cost=Decimal("0.25"))
    assert (budget.status().spent, budget.status().reserved) == (Decimal("0.25"), Decimal(0))
    assert budget.status().remaining == Decimal("4.75")


def test_a_hold_is_settled_once() -> None:
    """However often its call ends."""
    budget = Budget(tokens=100)
    hold = budget.reserve(tokens=60, cost=None)
    for _ in range(2):
        budget.settle(hold, tokens=TAKEN, cost=None)
    assert (budget.status().spent, budget.status().reserved) == (Decimal(50), Decimal(0))


def test_tokens_need_no_price() -> None:
    """They count as the server counts them."""
    budget = Budget(tokens=100, per=None)
    budget.settle(budget.reserve(tokens=100, cost=None), tokens=TAKEN, cost=None)
    assert budget.status().remaining == 50


def test_money_without_a_price_is_refused() -> None:
    """An unknown price is not nothing; one that is unknown only afterwards is what was reserved."""
    budget = Budget(cost=1)
    with pytest.raises(BudgetError, match="price of this model is unknown") as caught:
        budget.reserve(tokens=1, cost=None)
    assert (caught.value.code, caught.value.retry_after) == ("gemini.budget.unknown_price", None)
    budget.settle(money(budget, "0.5"), tokens=TAKEN, cost=None)
    assert budget.status().spent == Decimal("0.5")


def test_a_call_that_could_never_fit_is_told_so() -> None:
    """There is no time at which to come back."""
    with pytest.raises(BudgetError, match="this call alone may take 11") as caught:
        money(Budget(cost=10), "11")
    assert caught.value.retry_after is None
    assert "max_output_tokens" in caught.value.suggestion


@pytest.mark.parametrize(
    ("per", "now", "hours"),
    [
        ("day", "2026-03-08T08:00", 23),
        ("day", "2026-11-01T07:00", 25),
        ("month", "2026-02-01T08:00", 28 * 24),
        ("month", "2026-12-31T08:00", 24),
    ],
)
async def test_it_begins_anew(per: Any, now: str, hours: int) -> None:
    """At midnight in California, also on days of 23 and 25 hours, and at the end of any month."""
    clock = clock_at(now)
    budget = Budget(tokens=100, per=per, clock=clock)
    budget.settle(budget.reserve(tokens=100, cost=None), tokens=100, cost=None)
    assert budget.status().frees_in == hours * HOUR
    await clock.advance(hours * HOUR - 1)
    assert budget.status().remaining == 0
    await clock.advance(1)
    assert budget.status().remaining == 100


async def test_what_is_under_way_at_midnight_is_counted_where_it_ends() -> None:
    """Its reservation holds room on both days."""
    clock = clock_at("2026-11-26T07:59:59")
    budget = Budget(tokens=100, clock=clock)
    hold = budget.reserve(tokens=80, cost=None)
    await clock.advance(1)
    assert budget.status().remaining == 20
    budget.settle(hold, tokens=TAKEN, cost=None)
    assert budget.status().spent == 50


async def test_a_wall_clock_that_steps_back_opens_nothing() -> None:
    """The day that was begun goes on."""
    clock = clock_at("2026-11-26T09:00")
    budget = Budget(tokens=100, clock=clock)
    budget.settle(budget.reserve(tokens=100, cost=None), tokens=90, cost=None)
    clock.set_wall(clock.wall() - 2 * HOUR)
    assert budget.status().remaining == 10


def test_a_call_that_takes_all_of_it_fits_an_empty_one() -> None:
    """So it is told when to come back."""
    budget = Budget(cost=5, clock=clock_at("2026-11-26T06:00"))
    budget.settle(money(budget, "5"), tokens=TAKEN, cost=Decimal(1))
    with pytest.raises(BudgetError, match="4 is left") as caught:
        money(budget, "5")
    assert caught.value.retry_after == 2 * HOUR


def test_an_answer_of_unknown_length_is_long() -> None:
    """Unless the caller knows better."""
    assert (Budget(tokens=1).answer_tokens, Budget(tokens=1, answer_tokens=50).answer_tokens) == (8192, 50)


def test_one_without_a_period_never_frees() -> None:
    """What is spent stays spent."""
    budget = Budget(cost=1, per=None)
    budget.settle(money(budget, "1"), tokens=TAKEN, cost=Decimal(1))
    with pytest.raises(BudgetError) as caught:
        money(budget, "0.1")
    assert (caught.value.retry_after, budget.status().frees_in) == (None, None)


steps = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 60), st.booleans()), max_size=30)


@given(steps)
def test_the_limit_holds(calls: list[tuple[int, int, bool]]) -> None:
    """Answers that take no more than was reserved never bring what is spent above the limit."""
    budget = Budget(tokens=100, per=None)
    under_way: list[tuple[Hold, int]] = []
    for reserved, taken, ends in calls:
        try:
            under_way.append((budget.reserve(tokens=reserved, cost=None), min(reserved, taken)))
        except BudgetError:
            assert reserved > budget.status().remaining
        if ends and under_way:
            hold, tokens = under_way.pop(0)
            budget.settle(hold, tokens=tokens, cost=None)
        status = budget.status()
        assert status.spent + status.reserved <= status.limit
        assert status.reserved == sum(hold.amount for hold, _ in under_way)


def test_money_is_exact() -> None:
    """Whatever the caller's decimal context rounds to."""
    with localcontext(prec=2):
        budget = Budget(cost="1.0000001")
        money(budget, "1.0000001")
        assert budget.status().remaining == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"cost": 1, "tokens": 1},
        {"cost": 0},
        {"tokens": 0},
        {"cost": 0.1},
        {"cost": "many"},
        {"cost": "NaN"},
        {"tokens": True},
        {"tokens": 5, "per": "week"},
        {"tokens": 5, "zone": "Mars/Olympus"},
        {"tokens": 5, "answer_tokens": 0},
    ],
)
def test_a_budget_is_checked(wrong: dict[str, Any]) -> None:
    """Misuse is told at once; a float is no sum of money."""
    with pytest.raises(ValueError, match=r"."):
        Budget(**wrong)
