"""The last quarter of an hour of a service."""

from hypothesis import given
from hypothesis import strategies as st

from viber.dashboard._history import COLUMNS, SECONDS, Rates, Sample, Track
from viber.observability import ServiceMetrics

counts = st.integers(0, 10**9)
samples = st.builds(Sample, st.floats(0, 1e6), counts, counts, counts)


def track_of(*samples: Sample) -> Track:
    track = Track()
    for sample in samples:
        track.add(sample)
    return track


def test_calls_are_told_apart_by_how_they_ended() -> None:
    """The refusal of a server is a failure, our own limit a rejection."""
    errors = {
        "rate_limit.exceeded": 1,
        "rate_limit.wait": 2,
        "circuit.open": 4,
        "cancelled": 8,
        "timeout": 16,
    }
    sample = Sample.of(ServiceMetrics("quotes", calls=100, errors=errors), 1.0)
    assert (sample.succeeded, sample.failed, sample.rejected) == (69, 17, 6)


def test_rates_are_per_second_of_what_passed() -> None:
    """However long a look took."""
    track = track_of(Sample(0.0), Sample(4.0, succeeded=8, failed=2, rejected=4))
    assert track.latest() == Rates(2.0, 0.5, 1.0)


def test_one_sample_has_no_rate() -> None:
    """Nor has a moment."""
    assert track_of(Sample(0.0, 5)).latest() == track_of(Sample(0.0, 5), Sample(0.0, 9)).latest() == Rates()


def test_the_share_that_failed_leaves_out_what_was_not_sent() -> None:
    """And is unknown where nothing was."""
    assert Rates(3.0, 1.0, 96.0).failing == 0.25
    assert Rates(0.0, 0.0, 96.0).failing is None


def test_the_last_minute_is_a_minute() -> None:
    """What was before does not count."""
    track = track_of(*(Sample(float(second), 0, min(40, second)) for second in range(101)))
    assert track.minute() == Rates()
    assert track_of(Sample(0.0), Sample(30.0, 0, 30)).minute() == Rates(0.0, 1.0, 0.0)


def test_a_quarter_of_an_hour_is_kept() -> None:
    """A second each."""
    track = track_of(*(Sample(float(second)) for second in range(2000)))
    assert len(track) == SECONDS == 900
    assert track.columns(2000.0)["ago"][0] == 900.0


@given(st.lists(samples, min_size=1, max_size=30))
def test_columns_are_of_one_length(some: list[Sample]) -> None:
    """Whatever counters do: one that begins anew makes no rate below zero."""
    track = track_of(*some)
    columns = track.columns(1e6)
    assert list(columns) == list(COLUMNS)
    assert {len(column) for column in columns.values()} == {len(some)}
    assert all(rate >= 0 for name in ("succeeded", "failed", "rejected") for rate in columns[name][1:])
    assert columns["succeeded"][0] is columns["p50"][0] is None
    assert [columns[name][-1] for name in COLUMNS[1:]] == track.point()
