import pytest

from viber.errors import TimeoutError
from viber.machines import Verdict, judge
from viber.resilience import StreamTimeouts


@pytest.mark.parametrize(
    ("idle", "total", "now", "expected"),
    [(None, None, 5.0, None), (3.0, None, 5.0, 3.0), (3.0, 10.0, 9.0, 1.0), (None, 10.0, 9.0, 1.0)],
)
def test_the_nearest_limit_counts(
    idle: float | None, total: float | None, now: float, expected: float | None
) -> None:
    """Silence and the whole are bounded apart, and None is no bound."""
    limits = StreamTimeouts(idle=idle, total=total, now=0.0)
    assert limits.limit(now) == expected


def test_the_caller_may_want_less() -> None:
    """What is only waited for out of politeness has a limit of its own, if it is the nearest."""
    assert StreamTimeouts(idle=60.0, total=None, now=0.0).limit(0.0, at_most=5.0) == 5.0
    assert StreamTimeouts(idle=None, total=None, now=0.0).limit(0.0, at_most=5.0) == 5.0
    assert StreamTimeouts(idle=1.0, total=None, now=0.0).limit(0.0, at_most=5.0) == 1.0


def test_what_was_waited_already_counts() -> None:
    """Of the silence, not of the stream's whole time."""
    limits = StreamTimeouts(idle=10.0, total=100.0, now=0.0)
    assert limits.limit(50.0, quiet=4.0) == 6.0
    assert limits.limit(99.0, quiet=4.0) == 1.0
    with pytest.raises(TimeoutError, match="silent for 10 s"):
        limits.limit(50.0, quiet=10.0)


def test_the_whole_time_is_the_callers_matter() -> None:
    """A silent service is not well; a caller without time says nothing about it."""
    limits = StreamTimeouts(idle=3.0, total=10.0, now=0.0)
    silence = limits.ran_out(5.0)
    with pytest.raises(TimeoutError, match="10 s") as caught:
        limits.limit(10.0)
    assert "silent for 3 s" in silence.message
    assert (judge(silence).verdict, judge(caught.value).verdict) == (Verdict.FAILURE, Verdict.IGNORED)
