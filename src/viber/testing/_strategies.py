"""Made-up configurations, verdicts and cuts, for hypothesis."""

from itertools import pairwise

from hypothesis import strategies as st

from viber.machines import CircuitBreakerConfig, RetryConfig, Verdict

_DURATIONS = st.integers(1, 600).map(float) | st.floats(0.01, 600.0)
_RATES = st.sampled_from([0.07, 0.25, 1 / 3, 0.5, 0.9, 1.0]) | st.floats(0.01, 1.0)


def verdicts() -> st.SearchStrategy[Verdict]:
    """What an outcome may say."""
    return st.sampled_from(Verdict)


@st.composite
def breaker_configs(draw: st.DrawFn) -> CircuitBreakerConfig:
    """Valid circuit breaker configurations, small enough for their limits to be reached.

    Example:
        >>> from hypothesis import find
        >>> find(breaker_configs(), lambda config: config.failure_threshold is None).has_rates
        True
    """
    failure_rate = draw(st.none() | _RATES)
    slow_duration, slow_rate = draw(st.just((None, None)) | st.tuples(_DURATIONS, _RATES))
    thresholds: st.SearchStrategy[int | None] = st.integers(1, 6)
    if failure_rate or slow_rate:
        thresholds = st.none() | thresholds
    reset_timeout = draw(_DURATIONS)
    return CircuitBreakerConfig(
        failure_threshold=draw(thresholds),
        reset_timeout=reset_timeout,
        half_open_max_calls=draw(st.integers(1, 4)),
        monitor_window=draw(_DURATIONS),
        success_threshold=draw(st.none() | st.integers(1, 5)),
        failure_rate=failure_rate,
        slow_call_duration=slow_duration,
        slow_call_rate=slow_rate,
        minimum_calls=draw(st.integers(1, 8)),
        reset_backoff=draw(st.sampled_from([1.0, 1.5, 2.0])),
        max_reset_timeout=reset_timeout * draw(st.sampled_from([1, 2, 10])),
        reset_jitter=draw(st.sampled_from([0.0, 0.1, 1.0])),
        probe_lease=draw(_DURATIONS),
        count_rate_limits=draw(st.booleans()),
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
