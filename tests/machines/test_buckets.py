"""Sums over the recent past, against a list of everything."""

from __future__ import annotations

import sys
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viber.machines._buckets import COLUMNS, SLICES, Buckets

MILLISECOND = 0.001
"""What rounding may cost at the edges: far more than it does."""

spans = st.sampled_from([0.01, 1.0, 3.0, 10.0, 60.0, 3600.0]) | st.floats(0.01, 1e5)
starts = st.sampled_from([0.0, 1e6, -1e3]) | st.floats(-1e4, 1e7)
amounts = st.tuples(st.integers(1, 3), st.integers(0, 3), st.integers(0, 3))
steps = st.sampled_from([0.0, 0.05, 0.1, 0.5, 0.9, 0.95, 1.0, 1.5, 30.0]) | st.floats(0.0, 3.0)
"""How much later the next thing happens, in spans."""

Life = list[tuple[float, tuple[int, int, int]]]


def lived(span: float, start: float, life: Life) -> tuple[Buckets, Life]:
    """Buckets after such a life, and the naive list of it, with times."""
    recent = Buckets(span)
    times = accumulate((step * span for step, _ in life), initial=start)
    past = list(zip(list(times)[1:], (amount for _, amount in life), strict=True))
    for now, amount in past:
        recent.add(now, *amount)
    return recent, past


def sums_since(past: Life, since: float) -> list[int]:
    """Everything that happened later than that."""
    return [sum(amount[column] for at, amount in past if at > since) for column in range(COLUMNS)]


lives = st.lists(st.tuples(steps, amounts), max_size=30)


@given(spans, starts, lives, steps)
def test_nothing_older_than_the_span_is_counted(span: float, start: float, life: Life, later: float) -> None:
    """What happened a span ago or earlier is in no sum."""
    recent, past = lived(span, start, life)
    now = (past[-1][0] if past else start) + later * span
    most = sums_since(past, now - span - MILLISECOND * span)
    assert all(sum_ <= limit for sum_, limit in zip(recent.totals(now), most, strict=True))


@given(spans, starts, lives, steps)
def test_nothing_younger_than_nine_tenths_is_forgotten(
    span: float, start: float, life: Life, later: float
) -> None:
    """What happened within nine tenths of the span is in every sum."""
    recent, past = lived(span, start, life)
    now = (past[-1][0] if past else start) + later * span
    least = sums_since(past, now - 0.9 * span + MILLISECOND * span)
    assert all(sum_ >= limit for sum_, limit in zip(recent.totals(now), least, strict=True))


@given(spans, starts, lives)
def test_the_standing_sums_are_the_totals_when_something_was_last_counted(
    span: float, start: float, life: Life
) -> None:
    """Whoever has just counted need not ask for the totals."""
    recent, past = lived(span, start, life)
    assert recent.sums == recent.totals(past[-1][0] if past else start)


@given(spans, starts, lives, st.lists(steps, max_size=5))
def test_reading_changes_nothing(span: float, start: float, life: Life, glances: list[float]) -> None:
    """Totals at whatever moments, near or far, leave all sums as they were."""
    recent, past = lived(span, start, life)
    now = past[-1][0] if past else start
    before = recent.totals(now), recent.totals(now + span / 2)
    for glance in glances:
        recent.totals(now + glance * span)
    assert (recent.totals(now), recent.totals(now + span / 2)) == before


@given(spans, st.floats(0, 1e6), amounts, steps)
def test_a_clock_that_steps_back_does_no_harm(
    span: float, start: float, amount: tuple[int, int, int], back: float
) -> None:
    """What is counted at an earlier time counts as of the latest, is in the sums, and leaves them in time."""
    recent = Buckets(span)
    recent.add(start, *amount)
    recent.add(start - back * span, *amount)
    twice = [2 * part for part in amount]
    assert recent.totals(start - back * span) == recent.totals(start) == recent.sums == twice
    assert recent.totals(start + span * (1 + MILLISECOND)) == [0] * COLUMNS


@given(spans, starts, lives)
def test_clearing_forgets_everything_and_counting_goes_on(span: float, start: float, life: Life) -> None:
    """After `clear` only what follows is counted."""
    recent, past = lived(span, start, life)
    now = past[-1][0] if past else start
    recent.clear()
    assert recent.totals(now) == [0] * COLUMNS
    recent.add(now, 1)
    assert recent.totals(now) == [1, 0, 0]


@pytest.mark.parametrize("start", [-50.0, 0.0, 12345.0])
def test_each_slice_leaves_as_a_whole(start: float) -> None:
    """One call in each tenth: with each tenth that passes one is forgotten."""
    recent = Buckets(10.0)
    for second in range(10):
        recent.add(start + second + 0.5, 1)
    assert [recent.totals(start + 9.5 + passed)[0] for passed in range(12)] == [*range(10, -1, -1), 0]


def test_a_slice_begins_at_its_edge() -> None:
    """A call at the very edge of two slices belongs to the younger one, and pushes the oldest out."""
    recent = Buckets(10.0)
    for second in (1.5, 10.5, 11.0):
        recent.add(second, 1)
    assert recent.sums == recent.totals(11.0) == [2, 0, 0]
    assert [recent.totals(second)[0] for second in (20.0, 20.999, 21.0)] == [1, 1, 0]


@pytest.mark.parametrize("gap", [10.0, 10.5, 19.0, 1e6])
def test_after_a_gap_everything_is_forgotten(gap: float) -> None:
    """One call in each tenth, then silence: the next call is alone."""
    recent = Buckets(10.0)
    for second in range(10):
        recent.add(float(second), 1)
    recent.add(9.0 + gap, 1)
    assert recent.sums == [1, 0, 0]


def test_memory_does_not_depend_on_the_traffic() -> None:
    """After a hundred thousand calls and a gap of a year there are ten slices of three small numbers."""
    recent = Buckets(10.0)
    for count in range(100_000):
        recent.add(count / 1000, 1, count % 2)
    recent.add(3e7, 1)
    assert [len(part) for part in recent._slices] == [COLUMNS] * SLICES
    assert sum(sys.getsizeof(part) for part in (recent._slices, *recent._slices, recent.sums)) < 1500
