"""Durations in buckets: exact where it says so, within 2 % elsewhere."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viber.machines import Histogram, RecentHistogram

durations = st.floats(min_value=1e-6, max_value=3600.0)
shares = st.floats(min_value=0.0, max_value=1.0)


def filled(*seconds: float) -> Histogram:
    histogram = Histogram()
    for each in seconds:
        histogram.record(each)
    return histogram


@given(st.lists(durations, min_size=1), shares)
def test_a_percentile_is_within_two_percent(seconds: list[float], share: float) -> None:
    """Of the duration that stands at its rank, whatever was recorded."""
    exact = sorted(seconds)[max(0, math.ceil(share * len(seconds)) - 1)]
    assert filled(*seconds).percentile(share) == pytest.approx(exact, rel=0.02)


@given(st.lists(durations), st.lists(durations))
def test_adding_up_is_recording_all(first: list[float], second: list[float]) -> None:
    """Two histograms together are the histogram of everything."""
    both, all_of_them = filled(*first), filled(*first, *second)
    both.add(filled(*second))
    assert (both.count, both.least, both.greatest) == (
        all_of_them.count,
        all_of_them.least,
        all_of_them.greatest,
    )
    assert both.sum == pytest.approx(all_of_them.sum)
    assert both.percentiles(0.1, 0.5, 0.9) == all_of_them.percentiles(0.1, 0.5, 0.9)


@given(st.lists(durations, min_size=1), durations)
def test_a_bound_is_off_by_its_own_bucket_at_most(seconds: list[float], bound: float) -> None:
    """Fewer buckets can be made of these: only what is within 4 % of a bound may fall on its other side."""
    (number,) = filled(*seconds).at_most(bound)
    assert sum(s <= bound / 1.04 for s in seconds) <= number <= sum(s <= bound * 1.04 for s in seconds)


def test_count_sum_least_and_greatest_are_exact() -> None:
    """They are kept beside the buckets."""
    histogram = filled(0.25, 0.5, 2.0)
    assert (histogram.count, histogram.sum, histogram.least, histogram.greatest) == (3, 2.75, 0.25, 2.0)
    assert (histogram.percentile(0.0), histogram.percentile(1.0)) == (0.25, 2.0)


def test_the_shortest_and_the_longest_are_counted_too() -> None:
    """No time at all is in the first bucket, days are in the last one and told as overflow."""
    histogram = filled(0.0, 1e-9, 90_000.0)
    assert (histogram.count, histogram.overflow, histogram.greatest) == (3, 1, 90_000.0)
    assert histogram.at_most(1.0, math.inf) == [2, 3]


@pytest.mark.parametrize("seconds", [-0.001, math.nan, math.inf])
def test_what_is_no_duration_is_refused(seconds: float) -> None:
    """And changes nothing."""
    histogram = Histogram()
    with pytest.raises(ValueError, match="finite number from 0"):
        histogram.record(seconds)
    assert histogram.count == 0


@pytest.mark.parametrize("asked", [(-0.1,), (1.1,), (0.9, 0.5), (math.nan,)])
def test_shares_go_up_from_0_to_1(asked: tuple[float, ...]) -> None:
    """Anything else is a mistake to be told."""
    with pytest.raises(ValueError, match="shares go up"):
        Histogram().percentiles(*asked)


def test_nothing_has_no_percentiles() -> None:
    """They are told as 0."""
    assert Histogram().percentiles(0.5, 0.99) == [0.0, 0.0]


def test_a_copy_stands_alone() -> None:
    """What is recorded later is not in it."""
    histogram = filled(0.5)
    twin = histogram.copy()
    histogram.record(1.0)
    assert (twin.count, twin.greatest) == (1, 0.5)


@given(st.lists(st.tuples(st.floats(0.0, 30.0), durations), max_size=50), st.floats(0.0, 100.0))
def test_recent_is_what_the_window_holds(steps: list[tuple[float, float]], rest: float) -> None:
    """By slots of ten seconds: the current one and the five before it."""
    latency, now, ended = RecentHistogram(), 0.0, list[float]()
    for gap, seconds in steps:
        now += gap
        latency.record(now, seconds)
        ended.append(now)
    now += rest
    assert latency.total().count == len(steps)
    assert latency.recent(now).count == sum(int(end / 10.0) > int(now / 10.0) - 6 for end in ended)
