import pytest

from viber.errors import TimeoutError
from viber.machines import Verdict, judge
from viber.services.gemini._patience import AFTER_THE_END, Patience


@pytest.mark.parametrize(
    ("idle", "total", "now", "expected"),
    [(None, None, 5.0, None), (3.0, None, 5.0, 3.0), (3.0, 10.0, 9.0, 1.0), (None, 10.0, 9.0, 1.0)],
)
def test_the_nearest_limit_counts(
    idle: float | None, total: float | None, now: float, expected: float | None
) -> None:
    """Silence and the whole are bounded apart, and None is no bound."""
    patience = Patience(idle=idle, total=total, now=0.0)
    assert patience.limit(now, is_complete=False) == expected


def test_a_complete_answer_waits_shortly() -> None:
    """What may follow the end is not waited for as an answer is."""
    assert Patience(idle=60.0, total=None, now=0.0).limit(0.0, is_complete=True) == AFTER_THE_END
    assert Patience(idle=None, total=None, now=0.0).limit(0.0, is_complete=True) == AFTER_THE_END
    assert Patience(idle=1.0, total=None, now=0.0).limit(0.0, is_complete=True) == 1.0


def test_the_whole_time_is_the_callers_matter() -> None:
    """A silent service is not well; a caller without time says nothing about it."""
    patience = Patience(idle=3.0, total=10.0, now=0.0)
    silence = patience.ran_out(5.0)
    with pytest.raises(TimeoutError, match="10 s") as caught:
        patience.limit(10.0, is_complete=False)
    assert "silent for 3 s" in silence.message
    assert (judge(silence).verdict, judge(caught.value).verdict) == (Verdict.FAILURE, Verdict.IGNORED)
