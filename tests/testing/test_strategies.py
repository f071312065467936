"""Made-up values are valid, and reach the corners."""

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from viber.machines import CircuitBreakerConfig, RetryConfig, Verdict
from viber.testing import breaker_configs, chunkings, retry_configs, verdicts


@given(st.data(), st.binary(max_size=40))
def test_chunkings_lose_nothing(data: st.DataObject, payload: bytes) -> None:
    """Pieces put together are the whole, and none is empty."""
    pieces = data.draw(chunkings(payload))
    assert b"".join(pieces) == payload
    assert all(pieces)


def test_chunkings_reach_single_bytes_and_the_whole() -> None:
    """Both extremes are among the cuts."""
    assert find(chunkings(b"data"), lambda pieces: len(pieces) == 4) == [b"d", b"a", b"t", b"a"]
    assert find(chunkings(b"data"), lambda pieces: len(pieces) == 1) == [b"data"]


@given(breaker_configs(), retry_configs(), verdicts())
def test_values_are_what_they_claim_to_be(
    breaker: CircuitBreakerConfig, retry: RetryConfig, verdict: Verdict
) -> None:
    """Every configuration that is made up passes its own validation."""
    assert CircuitBreakerConfig.model_validate(breaker.model_dump()) == breaker
    assert RetryConfig.model_validate(retry.model_dump()) == retry
    assert verdict in Verdict


@pytest.mark.parametrize("name", CircuitBreakerConfig.model_fields)
def test_every_rule_of_a_breaker_is_made_up(name: str) -> None:
    """No field keeps its default in all configurations."""
    default = CircuitBreakerConfig.model_fields[name].default
    found = find(
        breaker_configs(),
        lambda config: getattr(config, name) != default,
        settings=settings(max_examples=200, phases=[Phase.generate], database=None, derandomize=True),
    )
    assert getattr(found, name) != default


def test_a_breaker_without_a_threshold_is_made_up() -> None:
    """Some configurations leave it to one rate or both."""
    both = find(breaker_configs(), lambda config: None not in (config.failure_rate, config.slow_call_rate))
    none = find(breaker_configs(), lambda config: config.failure_threshold is None)
    assert both.has_rates
    assert none.has_rates
