"""Which rules a breaker accepts."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import pytest

from viber.errors import ConfigurationError
from viber.machines import CircuitBreakerConfig

SLOW = {"slow_call_duration": 1.0, "slow_call_rate": 0.5}
NUMBERS = (
    "failure_threshold",
    "reset_timeout",
    "half_open_max_calls",
    "monitor_window",
    "success_threshold",
    "failure_rate",
    "slow_call_duration",
    "slow_call_rate",
    "minimum_calls",
    "reset_backoff",
    "max_reset_timeout",
    "probe_lease",
)
"""Every field that is a number above zero."""


def refusal(**fields: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        CircuitBreakerConfig(**fields)
    return str(caught.value)


def test_the_defaults() -> None:
    """Five failures in a minute open it for a minute; three probes close it; no rate is asked for."""
    config = CircuitBreakerConfig()
    assert (config.failure_threshold, config.monitor_window, config.reset_timeout) == (5, 60.0, 60.0)
    assert (config.half_open_max_calls, config.probes_to_close, config.probe_lease) == (3, 3, 60.0)
    assert (config.reset_backoff, config.max_reset_timeout, config.reset_jitter) == (1.0, 600.0, 0.1)
    assert (config.has_rates, config.minimum_calls, config.count_rate_limits) == (False, 20, False)


def test_success_threshold_defaults_to_the_probe_limit() -> None:
    """None means as many good probes as may be out at a time."""
    assert CircuitBreakerConfig(half_open_max_calls=4).probes_to_close == 4
    assert CircuitBreakerConfig(half_open_max_calls=4, success_threshold=1).probes_to_close == 1


@pytest.mark.parametrize(("name", "value"), [*product(NUMBERS, [0, -1, math.nan, math.inf, "many"])])
def test_what_is_no_number_above_zero_is_refused(name: str, value: object) -> None:
    """Zero, less, infinity and what is no number are a configuration error that names the field."""
    problem = refusal(**{**SLOW, name: value})
    assert f"{name}: " in problem


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("failure_rate", 1.000001),
        ("failure_rate", 50),
        ("slow_call_rate", 1.000001),
        ("reset_backoff", 0.999),
        ("reset_jitter", -0.1),
        ("reset_jitter", 1.1),
        ("monitor_window", 0.000999),
        ("failure_threshold", 2.5),
        ("minimum_calls", 0.5),
        ("monitor_windw", 10),
    ],
)
def test_what_is_out_of_range_is_refused(name: str, value: float) -> None:
    """A rate lies within 0 and 1, a window has a millisecond, a number of calls is whole, a name exists."""
    assert f"{name}: " in refusal(**{**SLOW, name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [("failure_rate", 1.0), ("failure_rate", 0.001), ("reset_jitter", 0.0), ("monitor_window", 0.001)],
)
def test_the_edges_are_within(name: str, value: float) -> None:
    """Every call, one in a thousand, no chance at all and one millisecond are fine."""
    assert getattr(CircuitBreakerConfig(**{name: value}), name) == value


@pytest.mark.parametrize("name", SLOW)
def test_slow_calls_need_both_a_duration_and_a_rate(name: str) -> None:
    """One without the other could never mean anything; both names are in the error."""
    problem = refusal(**{name: SLOW[name]})
    assert "slow_call_duration" in problem
    assert "slow_call_rate" in problem


def test_a_breaker_that_could_never_open_is_refused() -> None:
    """No threshold is fine beside a rate, and only there."""
    assert "failure_threshold" in refusal(failure_threshold=None)
    assert CircuitBreakerConfig(failure_threshold=None, failure_rate=0.5).has_rates
    assert CircuitBreakerConfig(failure_threshold=None, **SLOW).has_rates


def test_an_open_time_above_its_bound_is_refused() -> None:
    """Whoever wants a circuit open for an hour says so twice."""
    assert "max_reset_timeout" in refusal(reset_timeout=3600)
    assert CircuitBreakerConfig(reset_timeout=3600, max_reset_timeout=3600).reset_timeout == 3600


@pytest.mark.parametrize(
    ("elapsed", "slow"),
    [(None, False), (-1.0, False), (0.0, False), (0.999, False), (1.0, True), (9.0, True)],
)
def test_a_call_is_slow_from_the_duration_on(
    elapsed: float | None,
    slow: bool,  # noqa: FBT001
) -> None:
    """A call that took exactly `slow_call_duration` is slow; one of unknown length is not."""
    assert CircuitBreakerConfig(slow_call_duration=1.0, slow_call_rate=0.5).is_slow(elapsed) is slow
    assert not CircuitBreakerConfig().is_slow(elapsed)
