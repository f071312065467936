"""Made-up configurations, verdicts and cuts, for hypothesis."""

from itertools import pairwise

from hypothesis import strategies as st

from viber.machines import CircuitBreakerConfig, RetryConfig, Verdict

_DURATIONS = st.integers(1, 600).map(float) | st.floats(0.01, 600.0)


def verdicts() -> st.SearchStrategy[Verdict]:
    """What an outcome may say."""
    return st.sampled_from(Verdict)


def breaker_configs() -> st.SearchStrategy[CircuitBreakerConfig]:
    """Valid circuit breaker configurations, small enough for their limits to be reached."""
    return st.builds(
        CircuitBreakerConfig,
        failure_threshold=st.integers(1, 6),
        reset_timeout=_DURATIONS,
        half_open_max_calls=st.integers(1, 4),
        monitor_window=_DURATIONS,
        success_threshold=st.none() | st.integers(1, 5),
        reset_backoff=st.sampled_from([1.0, 1.5, 2.0]),
        reset_jitter=st.sampled_from([0.0, 0.1, 1.0]),
        probe_lease=_DURATIONS,
    )


def retry_configs() -> st.SearchStrategy[RetryConfig]:
    """Valid retry configurations."""
    return st.builds(
        RetryConfig,
        max_attempts=st.integers(1, 6),
        initial_delay=st.floats(0.0, 60.0),
        multiplier=st.floats(1.0, 10.0),
        max_delay=_DURATIONS,
        jitter=st.sampled_from(["full", "equal", "none"]),
        max_retry_after=st.floats(0.0, 600.0),
    )


def chunkings(data: bytes) -> st.SearchStrategy[list[bytes]]:
    """Every way to cut the data into pieces, none of them empty.

    Example:
        >>> from hypothesis import find
        >>> find(chunkings(b"data"), lambda pieces: len(pieces) == 2)
        [b'd', b'ata']
    """
    cuts = st.sets(st.integers(1, max(1, len(data) - 1)))
    return cuts.map(lambda places: _cut(data, [0, *sorted(places), len(data)]))


def _cut(data: bytes, places: list[int]) -> list[bytes]:
    pieces = (data[start:end] for start, end in pairwise(places))
    return [piece for piece in pieces if piece]
