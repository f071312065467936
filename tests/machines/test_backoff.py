from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viber.machines import Jitter, exponential, jittered

JITTERS: list[Jitter] = ["full", "equal", "none"]


def test_delays_grow_by_the_multiplier() -> None:
    """The delay of a step is `initial * multiplier ** step`."""
    delays = [exponential(step, initial=0.5, multiplier=3.0, maximum=100.0) for step in range(4)]
    assert delays == [0.5, 1.5, 4.5, 13.5]


def test_no_initial_delay_is_no_delay() -> None:
    """Nothing, multiplied, stays nothing, at any step."""
    assert [exponential(step, initial=0.0, multiplier=2.0, maximum=9.0) for step in (0, 10**6)] == [0, 0]


def test_a_multiplier_of_one_is_constant() -> None:
    """With nothing to grow by, every step waits the same."""
    assert exponential(10**6, initial=2.0, multiplier=1.0, maximum=9.0) == 2.0


@given(
    step=st.integers(0, 10**9),
    initial=st.floats(0, 1e6),
    multiplier=st.floats(1, 1e6),
    maximum=st.floats(1e-6, 1e6),
)
def test_every_delay_lies_between_nothing_and_the_maximum(
    step: int, initial: float, multiplier: float, maximum: float
) -> None:
    """No step, however late, waits longer than the maximum; none overflows."""
    assert 0 <= exponential(step, initial=initial, multiplier=multiplier, maximum=maximum) <= maximum


@given(step=st.integers(0, 2000), multiplier=st.floats(1, 10))
def test_delays_never_shrink(step: int, multiplier: float) -> None:
    """A later step never waits less than an earlier one."""
    delays = [exponential(n, initial=0.1, multiplier=multiplier, maximum=30.0) for n in (step, step + 1)]
    assert delays == sorted(delays)


@pytest.mark.parametrize(
    ("jitter", "least", "most"), [("full", 0.0, 8.0), ("equal", 4.0, 8.0), ("none", 8.0, 8.0)]
)
def test_jitter_spreads_over_its_interval(jitter: Jitter, least: float, most: float) -> None:
    """Full jitter spans the whole delay, equal jitter its upper half, none nothing."""
    assert (jittered(8.0, jitter, lambda: 0.0), jittered(8.0, jitter, lambda: 1.0)) == (least, most)


@given(delay=st.floats(0, 1e6), jitter=st.sampled_from(JITTERS), chance=st.floats(0, 1, exclude_max=True))
def test_jitter_never_lengthens_a_delay(delay: float, jitter: Jitter, chance: float) -> None:
    """Chance takes away, and never more than there is."""
    assert 0 <= jittered(delay, jitter, lambda: chance) <= delay
