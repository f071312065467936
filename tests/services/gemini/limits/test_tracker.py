from dataclasses import FrozenInstanceError
from datetime import UTC, date, datetime
from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viber.services.gemini import ModalityTokens, UsageMetadata, UsageTotals, UsageTracker

DAY = 86_400.0
USAGE = UsageMetadata(prompt_tokens=3, candidates_tokens=4)


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def told(tracker: UsageTracker, **facts: Any) -> None:
    given: dict[str, Any] = {"usage": USAGE, "model": "m", "at": 0.0}
    tracker.add(**(given | facts))


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), st.integers(0, 3))))
def test_the_parts_are_the_whole(answers: list[tuple[str, str, int]]) -> None:
    """Over days, models and labels, each answer is counted once."""
    tracker = UsageTracker(zone="UTC")
    for model, label, day in answers:
        told(tracker, model=model, label=label, at=day * DAY)
    assert tracker.totals().answers == len(answers)
    assert sum(row.totals.answers for row in tracker.rows()) == len(answers)
    for model in "ab":
        mine = [answer for answer in answers if answer[0] == model]
        assert tracker.totals(model=model).usage.total_tokens == 7 * len(mine)


def test_a_day_is_that_of_the_zone() -> None:
    """Quotas and bills go by midnight in California unless another zone is named."""
    tracker = UsageTracker()
    told(tracker, at=at("2026-11-26T07:59"))
    told(tracker, at=at("2026-11-26T08:00"))
    assert [row.day for row in tracker.rows()] == [date(2026, 11, 25), date(2026, 11, 26)]


def test_old_days_are_forgotten() -> None:
    """The last `keep_days` are kept, whichever came first."""
    tracker = UsageTracker(zone="UTC", keep_days=2)
    for day in (1, 0, 2, 3):
        told(tracker, at=day * DAY)
    assert [row.day.day for row in tracker.rows()] == [3, 4]


def test_a_clock_that_stepped_back_counts_under_a_day_that_is_kept() -> None:
    """Nothing is lost by it."""
    tracker = UsageTracker(zone="UTC", keep_days=1)
    told(tracker, at=5 * DAY)
    told(tracker, at=0.0)
    assert [(row.day.day, row.totals.answers) for row in tracker.rows()] == [(6, 2)]


def test_labels_and_models_are_bounded() -> None:
    """Those beyond the bound are counted together, and marked."""
    tracker = UsageTracker(max_labels=2)
    for number in range(5):
        told(tracker, label=f"job {number}", model=f"m{number}")
    told(tracker, label="job 0", model="m0")
    assert [(row.model, row.label, row.totals.answers) for row in tracker.rows()] == [
        ("(other)", "(other)", 3),
        ("m0", "job 0", 2),
        ("m1", "job 1", 1),
    ]


def test_a_month_and_a_hundred_labels_are_kept() -> None:
    """Unless other bounds are given; one label is the least."""
    tracker, narrow = UsageTracker(zone="UTC"), UsageTracker(max_labels=1)
    for number in range(200):
        told(tracker, label=str(number), at=0.0)
        told(narrow, label=str(number))
    assert len(tracker.rows()) == 101
    assert [row.label for row in narrow.rows()] == ["(other)", "0"]
    for day in range(40):
        told(tracker, at=day * DAY)
    assert len({row.day for row in tracker.rows()}) == 31


def test_memory_is_bounded() -> None:
    """By days times labels times models, whatever passes."""
    tracker = UsageTracker(zone="UTC", keep_days=3, max_labels=2)
    for number in range(500):
        told(tracker, label=str(number), model=str(number % 7), at=number * DAY / 3)
    assert len(tracker.rows()) <= 3 * 3 * 3


def test_an_unknown_cost_makes_the_whole_unknown() -> None:
    """What is known is told apart from it."""
    tracker = UsageTracker()
    told(tracker, cost=Decimal("0.5"), label="a")
    assert tracker.totals().cost == Decimal("0.5")
    told(tracker, label="b")
    assert (tracker.totals().cost, tracker.totals().known_cost, tracker.totals().unpriced) == (
        None,
        Decimal("0.5"),
        1,
    )
    assert tracker.totals(label="a").cost == Decimal("0.5")


def test_money_adds_up_exactly() -> None:
    """Whatever the caller's decimal context rounds to."""
    tracker = UsageTracker()
    with localcontext(prec=2):
        for cost in ("1.0000001", "2.0000002"):
            told(tracker, cost=Decimal(cost))
        assert str(tracker.totals().cost) == "3.0000003"


def test_modalities_add_up() -> None:
    """Each by itself, and an answer without a split adds none."""
    image = UsageMetadata(prompt_tokens=258, prompt_details=(ModalityTokens(modality="IMAGE", tokens=258),))
    tracker = UsageTracker()
    for usage in (image, USAGE, image):
        told(tracker, usage=usage)
    assert tracker.totals().usage.prompt_details == (ModalityTokens(modality="IMAGE", tokens=516),)


def test_totals_are_a_picture() -> None:
    """Frozen: what is added later does not change them."""
    tracker = UsageTracker()
    before = tracker.totals()
    told(tracker)
    assert before == UsageTotals()
    with pytest.raises(FrozenInstanceError):
        before.answers = 1  # type: ignore[misc]


def test_a_tracker_can_be_emptied() -> None:
    """As if nothing had been counted."""
    tracker = UsageTracker()
    told(tracker)
    tracker.clear()
    assert (tracker.rows(), tracker.totals()) == ((), UsageTotals())
    told(tracker)
    assert tracker.totals().answers == 1


@pytest.mark.parametrize("wrong", [{"keep_days": 0}, {"max_labels": 0}, {"zone": "Mars/Olympus"}])
def test_bounds_are_checked(wrong: dict[str, Any]) -> None:
    """Misuse is told at once."""
    with pytest.raises(ValueError, match=r"at least 1|no time zone"):
        UsageTracker(**wrong)
