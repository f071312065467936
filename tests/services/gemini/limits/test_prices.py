import json
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viber.errors import ConfigurationError
from viber.services.gemini import ModalityTokens, Price, PriceTable, UsageMetadata

USAGE = UsageMetadata(
    prompt_tokens=1000, cached_tokens=400, candidates_tokens=50, thoughts_tokens=70, tool_use_tokens=30
)


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def price(**fields: Any) -> Price:
    return Price(**({"model": "m", "input": "1", "output": "10", "cached": "0.1"} | fields))


def table(*prices: Price, **fields: Any) -> PriceTable:
    return PriceTable(**({"source": "test", "updated": "2026-11-01", "prices": prices} | fields))


def split(**counts: int) -> tuple[ModalityTokens, ...]:
    return tuple(ModalityTokens(modality=name, tokens=count) for name, count in counts.items())


def test_each_token_costs_once() -> None:
    """The cached part of the prompt for less, tool use as input, thoughts as output."""
    assert price().of(USAGE) * 10**6 == 600 + 30 + 40 + 10 * (50 + 70)


counts = st.integers(0, 10**9)
rates = st.decimals(0, 999, places=9)


@given(counts, counts, counts, rates, rates)
def test_money_is_exact(prompt: int, answer: int, thoughts: int, rate: Decimal, output: Decimal) -> None:
    """No float, and no rounding, whatever precision the caller's decimal context has."""
    usage = UsageMetadata(prompt_tokens=prompt, candidates_tokens=answer, thoughts_tokens=thoughts)
    with localcontext(prec=3):
        cost = table(price(input=rate, output=output)).cost(usage, "m")
    assert cost is not None
    assert Fraction(cost) * 10**6 == prompt * Fraction(rate) + (answer + thoughts) * Fraction(output)


def test_a_modality_may_have_a_rate_of_its_own() -> None:
    """Audio that came from the cache costs the cached rate of audio, what is of no modality the usual one."""
    usage = UsageMetadata(
        prompt_tokens=100,
        cached_tokens=30,
        candidates_tokens=20,
        prompt_details=split(AUDIO=60, TEXT=40),
        cache_details=split(AUDIO=25),
        candidates_details=split(IMAGE=15),
    )
    dear = price(input_by={"AUDIO": "3"}, cached_by={"AUDIO": "0.3"}, output_by={"IMAGE": "50"})
    assert dear.of(usage) * 10**6 == (35 * 3 + 35) + (Decimal("7.5") + Decimal("0.5")) + (15 * 50 + 5 * 10)


def test_a_modality_that_is_not_there_costs_nothing() -> None:
    """Nor does one of which more is said to be cached than there is."""
    dear = price(input_by={"AUDIO": "3"}, cached_by={"AUDIO": "0"}, cached="0")
    assert dear.of(UsageMetadata(prompt_tokens=10)) * 10**6 == 10
    odd = UsageMetadata(prompt_tokens=10, cached_tokens=4, cache_details=split(AUDIO=4))
    assert dear.of(odd) * 10**6 == 6


def test_details_beyond_the_count_cost_nothing() -> None:
    """A split that does not fit its count never makes an answer cost more than the count."""
    usage = UsageMetadata(prompt_tokens=10, prompt_details=split(AUDIO=50))
    assert price(input_by={"AUDIO": "1"}).of(usage) * 10**6 == 10


def test_a_long_prompt_costs_the_high_rate_as_a_whole() -> None:
    """The threshold looks at the prompt, the cached part of it included, and not at the answer."""
    long = table(price(), price(above=200, input="2", output="20"))
    short = UsageMetadata(prompt_tokens=200, cached_tokens=150, candidates_tokens=1000)
    assert long.cost(short, "m") == Decimal("10065e-6")
    assert long.cost(short + UsageMetadata(prompt_tokens=1), "m") == Decimal("20117e-6")


def test_a_price_begins_on_its_day() -> None:
    """At midnight in the table's zone; before the first day there is none."""
    dated = table(price(since="2026-01-01"), price(since="2026-12-01", input="2"))
    costs = [
        dated.cost(UsageMetadata(prompt_tokens=10**6), "m", at=at(moment))
        for moment in ("2026-01-01T07:59", "2026-01-01T08:00", "2026-12-01T07:59", "2026-12-01T08:00")
    ]
    assert costs == [None, 1, 1, 2]


def test_a_newer_base_price_leaves_the_price_of_long_prompts() -> None:
    """Each threshold has its own history."""
    dated = table(price(since="2026-01-01", above=9, input="7"), price(since="2026-12-01", input="2"))
    assert dated.cost(UsageMetadata(prompt_tokens=10), "m", at=at("2026-12-02T00:00")) == Decimal("70e-6")


def test_an_unknown_model_costs_an_unknown_sum() -> None:
    """Never nothing; so does an unknown tier."""
    known = table(price(), tiers={"flex": "0.5"})
    assert known.cost(USAGE, "n") is None
    assert known.cost(USAGE, "m", tier="gold") is None


def test_a_tier_has_a_factor() -> None:
    """The standard one is 1."""
    known = table(price(), tiers={"flex": "0.5", "priority": "1.75"})
    full = known.cost(USAGE, "models/m")
    assert full is not None
    assert [known.cost(USAGE, "m", tier=tier) for tier in ("standard", "flex", "priority")] == [
        full,
        full / 2,
        full * 7 / 4,
    ]


def test_the_first_pattern_that_fits_decides() -> None:
    """So that what is special stands before what is general."""
    both = table(price(model="m-lite", input="1"), price(model="m*", input="5"))
    usage = UsageMetadata(prompt_tokens=10**6)
    assert both.cost(usage, "m-lite") == 1
    assert both.cost(usage, "m-pro") == 5


def test_a_table_is_read_from_a_file(tmp_path: Path) -> None:
    """Numbers without quotes are exact too."""
    path = tmp_path / "prices.json"
    row = {"model": "m", "input": 0.1, "output": 0.3, "cached": 0.0}
    path.write_text(json.dumps({"source": "us", "updated": "2026-11-01", "prices": [row]}))
    read = PriceTable.load(path)
    assert read.cost(UsageMetadata(prompt_tokens=3 * 10**6), "m") == Decimal("0.3")


@pytest.mark.parametrize("text", ["[1]", "{", '{"source": "x"}', "NaN"])
def test_what_is_no_table_is_refused(text: str) -> None:
    """As a configuration is, whatever is wrong."""
    with pytest.raises(ConfigurationError):
        PriceTable.read(text)


@pytest.mark.parametrize("wrong", [{"input": "-1"}, {"above": -1}, {"model": ""}, {"rate": 1}])
def test_a_price_is_checked(wrong: dict[str, Any]) -> None:
    """A negative rate, an empty name, a field that does not exist."""
    with pytest.raises(ConfigurationError):
        price(**wrong)


def test_the_example_says_where_it_comes_from() -> None:
    """It has a date and a source, and knows the thresholds and the days of its models."""
    example = PriceTable.example_2026_11()
    assert "not from Google" in example.source
    usage = UsageMetadata(prompt_tokens=200_001)
    assert example.cost(usage, "gemini-2.5-pro", at=at("2026-11-26T00:00")) == Decimal("0.5000025")
    after = example.cost(usage, "gemini-3.8-flash", at=at("2027-01-02T00:00"))
    assert after == Decimal("0.3000015")


def test_tables_of_equal_rows_are_equal() -> None:
    """And hash alike, so that they may stand in a configuration."""
    assert table(price()) == table(price())
    assert hash(table(price())) == hash(table(price()))
