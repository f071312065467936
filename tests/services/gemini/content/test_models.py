import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viber.errors import ServerError
from viber.services.gemini import Content, GenerateContentResponse, Part, UsageMetadata

counts = st.integers(0, 10**9)
NAMES = ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "toolUsePromptTokenCount")


@given(st.tuples(counts, counts, counts, counts))
def test_the_total_is_prompt_answer_thoughts_and_tools(numbers: tuple[int, int, int, int]) -> None:
    """Cached tokens are part of the prompt, thoughts are output, and each is counted once."""
    usage = UsageMetadata.from_wire({**dict(zip(NAMES, numbers, strict=True)), "cachedContentTokenCount": 1})
    prompt, answer, thoughts, tools = numbers
    assert (usage.input_tokens, usage.output_tokens) == (prompt + tools, answer + thoughts)
    assert usage.total_tokens == sum(numbers)


def test_the_servers_total_wins() -> None:
    """What is billed is what the server says."""
    assert UsageMetadata.from_wire({"promptTokenCount": 1, "totalTokenCount": 9}).total_tokens == 9


def test_counts_may_be_absent_null_or_text() -> None:
    """An int64 may come as a string, and a null is nothing."""
    usage = UsageMetadata.from_wire({"promptTokenCount": "12", "thoughtsTokenCount": None})
    assert (usage.prompt_tokens, usage.thoughts_tokens, usage.total_tokens) == (12, 0, 12)


def test_usage_adds_up() -> None:
    """The sum of two answers has the sum of each count."""
    one = UsageMetadata(prompt_tokens=3, cached_tokens=1, candidates_tokens=4, reported_total=8)
    both = one + one
    assert (both.prompt_tokens, both.cached_tokens, both.candidates_tokens, both.total_tokens) == (
        6,
        2,
        8,
        16,
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=5,
)
parts = st.dictionaries(st.sampled_from(["newThing", "partMetadata", "x_y"]), json_values, max_size=3)


@given(parts, st.sampled_from([{"text": "hi"}, {"functionCall": {"name": "f", "args": {"aB": 1}}}]))
def test_a_part_replays_verbatim(extra: dict[str, Any], known: dict[str, Any]) -> None:
    """Whatever Google adds to a part comes back as it came, signatures among it."""
    wire = {**extra, **known, "thoughtSignature": "c2ln"}
    assert Part.from_wire(wire).to_wire() == wire


def test_names_may_be_pythons() -> None:
    """Values are made with snake case and sent with camel case."""
    content = Content(role="user", parts=(Part(text="look"), Part(file_data={"fileUri": "f"})))
    assert content.to_wire() == {"role": "user", "parts": ({"text": "look"}, {"fileData": {"fileUri": "f"}})}


def test_unknown_values_break_nothing() -> None:
    """An enum value, a field or a part that nobody has seen yet is kept."""
    wire = {
        "candidates": [{"content": {"parts": [{"hologram": {}}, {"text": "a"}]}, "finishReason": "BORED"}],
        "weather": "fine",
    }
    answer = GenerateContentResponse.from_wire(wire)
    assert (answer.text, answer.finish_reason, answer.model_extra) == ("a", "BORED", {"weather": "fine"})


def test_thoughts_are_no_part_of_the_text() -> None:
    """The text joins what was said, the thoughts what was thought."""
    parts = [{"text": "hm", "thought": True}, {"text": "a"}, {"functionCall": {}}, {"text": "b"}]
    answer = GenerateContentResponse.from_wire({"candidates": [{"content": {"parts": parts}}]})
    assert (answer.text, answer.thoughts, len(answer.parts)) == ("ab", "hm", 4)


def test_an_answer_without_candidates_is_empty() -> None:
    """Asking for what is not there is no error."""
    answer = GenerateContentResponse()
    assert (answer.text, answer.thoughts, answer.parts, answer.finish_reason) == ("", "", (), None)
    assert answer.usage.total_tokens == 0


def test_a_known_field_of_another_type_is_the_servers_fault() -> None:
    """No exception of pydantic escapes, and none shows what came."""
    with pytest.raises(ServerError) as caught:
        GenerateContentResponse.from_wire({"candidates": [{"finishReason": {"private": 1}}]})
    assert caught.value.details == {"fields": ["candidates.0.finishReason"]}
    assert "private" not in repr(caught.value)


@pytest.mark.parametrize("role", [{}, {"role": None}, {"role": "assistant"}], ids=repr)
def test_what_the_model_said_is_its_turn(role: dict[str, Any]) -> None:
    """Servers that name no role, or one of another API, do not make it the user's."""
    answer = GenerateContentResponse.from_wire(
        {"candidates": [{"content": {**role, "parts": [{"text": "a"}]}}]}
    )
    assert [turn.to_wire() for turn in answer.turns] == [{"parts": ({"text": "a"},), "role": "model"}]


@pytest.mark.parametrize("part", [{}, {"text": ""}, {"text": None}], ids=repr)
def test_silence_is_no_turn(part: dict[str, Any]) -> None:
    """Not every server takes it back."""
    wire = {"candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP"}]}
    assert GenerateContentResponse.from_wire(wire).turns == ()


def test_models_pickle() -> None:
    """An answer can be sent to another process."""
    answer = GenerateContentResponse.from_wire({"candidates": [{"content": {"parts": [{"text": "a"}]}}]})
    assert pickle.loads(pickle.dumps(answer)) == answer
