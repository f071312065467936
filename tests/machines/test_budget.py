"""How many retries a budget lets pass."""

from __future__ import annotations

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viber.machines import RetryBudget


def withdrawn(budget: RetryBudget, now: float, *, tries: int = 100) -> int:
    return sum(budget.withdraw(now) for _ in range(tries))


def test_the_minimum_is_free() -> None:
    """A service that is called seldom may always be asked again."""
    budget = RetryBudget(ratio=0.1, minimum=3)
    assert withdrawn(budget, 0.0) == 3


@pytest.mark.parametrize(("calls", "retries"), [(0, 2), (20, 2), (30, 3), (39, 3), (1000, 100)])
def test_a_share_of_the_calls_may_be_retries(calls: int, retries: int) -> None:
    """A tenth of the calls, or the minimum where that is more; fractions do not count."""
    budget = RetryBudget(ratio=0.1, minimum=2)
    budget.calls += calls
    assert withdrawn(budget, 1.0, tries=2000) == retries


def test_no_share_and_no_minimum_is_no_retry() -> None:
    """0 means none, however many calls there are."""
    budget = RetryBudget(ratio=0.0, minimum=0)
    budget.calls += 10_000
    assert withdrawn(budget, 0.0) == 0


def test_a_full_share_lets_every_call_be_repeated_once() -> None:
    """1 is as many retries as calls."""
    budget = RetryBudget(ratio=1.0, minimum=0)
    budget.calls += 50
    assert withdrawn(budget, 0.0) == 50


def test_a_refusal_costs_nothing() -> None:
    """Only what was let pass is counted."""
    budget = RetryBudget(ratio=0.1, minimum=1, window=10.0)
    withdrawn(budget, 0.0)
    assert budget.used(0.0) == (0, 1)


@pytest.mark.parametrize(("later", "more"), [(8.9, 0), (10.0, 2)])
def test_retries_are_forgotten_when_their_window_is_over(later: float, more: int) -> None:
    """What is spent comes back after the window, up to a tenth of it early."""
    budget = RetryBudget(ratio=0.1, minimum=2, window=10.0)
    assert (withdrawn(budget, 0.0), withdrawn(budget, later)) == (2, more)


def test_calls_are_forgotten_when_their_window_is_over() -> None:
    """A busy time long ago allows nothing now."""
    budget = RetryBudget(ratio=0.1, minimum=1, window=10.0)
    budget.calls += 1000
    assert budget.withdraw(0.0)
    assert withdrawn(budget, 20.0, tries=1000) == 1


def test_calls_since_the_last_retry_are_taken_as_evenly_spread() -> None:
    """A thousand in a hundred seconds are a hundred in the last ten."""
    budget = RetryBudget(ratio=0.1, minimum=1, window=10.0)
    budget.calls += 1000
    assert withdrawn(budget, 100.0) == 10


def test_the_spread_begins_where_the_budget_does() -> None:
    """A monotonic clock may start anywhere: what was before is no time without calls."""
    budget = RetryBudget(ratio=0.1, minimum=1, window=10.0, now=1e9)
    budget.calls += 1000
    assert withdrawn(budget, 1e9 + 1) == 100


def test_looking_changes_nothing() -> None:
    """Calls and retries of the last window can be asked for at any time."""
    budget = RetryBudget(ratio=0.5, minimum=1)
    budget.calls += 10
    assert [budget.used(now) for now in (0.0, 50.0, 0.0)] == [(10, 0)] * 3
    assert withdrawn(budget, 0.0) == 5
    assert budget.used(0.0) == (10, 5)


@given(
    st.lists(st.tuples(st.floats(0, 10), st.integers(0, 60), st.integers(1, 20)), max_size=40),
    st.sampled_from([0.0, 0.1, 0.25, 1.0]),
    st.integers(0, 4),
)
def test_no_more_and_no_fewer_than_the_share(
    steps: list[tuple[float, int, int]], ratio: float, minimum: int
) -> None:
    """Asked often enough: never more than the share of ten seconds, a refusal only when nine are full."""
    budget, now = RetryBudget(ratio=ratio, minimum=minimum, window=10.0), 0.0
    calls: list[tuple[float, int]] = []
    retries: list[float] = []
    for gap, more, wanted in steps:
        now += gap
        budget.calls += more
        calls.append((now, more))
        for _ in range(wanted):
            passes = budget.withdraw(now)
            span = 10.0 if passes else 9.0
            share = max(minimum, ratio * sum(number for at, number in calls if at > now - span))
            spent = sum(at > now - (19.0 - span) for at in retries)
            assert (spent + 1 <= share + 1e-9) if passes else (spent + 1 > share - 1e-9)
            retries += [now] if passes else []


@pytest.mark.parametrize(
    "number",
    [
        {"ratio": -0.1},
        {"ratio": 1.1},
        {"ratio": nan},
        {"minimum": -1},
        {"minimum": inf},
        {"window": 0},
        {"window": nan},
    ],
    ids=repr,
)
def test_nonsense_is_refused(number: dict[str, float]) -> None:
    """A share that is none, and a time that is none; the field is named."""
    with pytest.raises(ValueError, match=next(iter(number))):
        RetryBudget(**{"ratio": 0.2, "minimum": 10, **number})


def test_it_says_what_it_allows() -> None:
    """In an error or a description one sees the size of it."""
    text = repr(RetryBudget(ratio=0.2, minimum=10, window=10.0))
    assert text == "<RetryBudget 20% of the calls, at least 10 in 10 s>"
