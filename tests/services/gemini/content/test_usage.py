from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viber.services.gemini import ModalityTokens, Receipt, UsageMetadata
from viber.services.gemini.content._usage import by_modality, told

WIRE = {
    "promptTokenCount": 300,
    "cachedContentTokenCount": 258,
    "candidatesTokenCount": 20,
    "toolUsePromptTokenCount": 4,
    "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 42}, {"modality": "IMAGE", "tokenCount": 258}],
    "cacheTokensDetails": [{"modality": "IMAGE", "tokenCount": 258}],
    "candidatesTokensDetails": [{"modality": "TEXT", "tokenCount": 20}],
    "toolUsePromptTokensDetails": [{"modality": "HOLOGRAM", "tokenCount": "4"}],
}
splits = st.lists(
    st.builds(ModalityTokens, modality=st.sampled_from(["TEXT", "IMAGE", "X"]), tokens=st.integers(0, 9)),
    max_size=4,
).map(tuple)


def test_each_count_is_split_by_modality() -> None:
    """Prompt, cache, answer and tool use, and a modality that nobody has seen yet is kept."""
    usage = UsageMetadata.from_wire(WIRE)
    assert by_modality(usage.prompt_details) == {"TEXT": 42, "IMAGE": 258}
    assert by_modality(usage.cache_details) == {"IMAGE": 258}
    assert by_modality(usage.candidates_details) == {"TEXT": 20}
    assert by_modality(usage.tool_use_details) == {"HOLOGRAM": 4}


@given(splits, splits)
def test_splits_add_up(one: Any, other: Any) -> None:
    """Each modality by itself, whatever stood twice in one."""
    both = UsageMetadata(prompt_details=one) + UsageMetadata(prompt_details=other)
    assert by_modality(both.prompt_details) == by_modality(one) + by_modality(other)


@pytest.mark.parametrize(
    "odd",
    [
        None,
        [],
        "many",
        {"promptTokenCount": "many"},
        {"promptTokenCount": []},
        {"promptTokenCount": -1},
        {"promptTokenCount": 2**63},
    ],
    ids=repr,
)
def test_what_is_no_usage_is_none(odd: object) -> None:
    """It is told from a usage of nothing."""
    assert told(odd) == UsageMetadata()
    assert not told(odd).model_fields_set
    assert told({"promptTokenCount": 0}).model_fields_set


def test_receipts_add_up() -> None:
    """The last model gave the answer; a cost that is unknown makes the sum unknown."""
    one, other = Receipt("a", Decimal("0.1")), Receipt("b", Decimal("0.2"))
    assert one + other == Receipt("b", Decimal("0.3"))
    assert (one + Receipt("b")).cost is (Receipt("a") + other).cost is None


def test_a_sum_may_be_more_than_one_answer_can_tell() -> None:
    """Each number fits into the field of the protocol; together they need not."""
    most = UsageMetadata.from_wire({"promptTokenCount": 2**63 - 1})
    assert (most + most).prompt_tokens == 2**64 - 2
