"""Made-up values are valid, and reach the corners."""

from hypothesis import find, given
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
