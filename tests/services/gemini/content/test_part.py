from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viber.errors import ServerError
from viber.services.gemini import (
    FunctionCall,
    GenerateContentResponse,
    Media,
    Part,
)


def answer(*parts: Any, **candidate: Any) -> GenerateContentResponse:
    content = {"content": {"parts": list(parts), "role": "model"}}
    return GenerateContentResponse.from_wire({"candidates": [{**content, **candidate}]})


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        ({"text": "a"}, "text"),
        ({"text": "a", "thought": True, "thoughtSignature": "s"}, "text"),
        ({"thoughtSignature": "s", "functionCall": {"name": "f"}}, "functionCall"),
        ({"videoMetadata": {"fps": 1}, "fileData": {"fileUri": "f"}}, "fileData"),
        ({"executableCode": {"language": "PYTHON", "code": "1"}}, "executableCode"),
        ({"codeExecutionResult": {"outcome": "OUTCOME_NEW"}}, "codeExecutionResult"),
        ({"hologram": {"x": [1]}, "partMetadata": {}}, "hologram"),
        ({"thoughtSignature": "s"}, ""),
    ],
)
def test_a_part_has_a_kind_and_stays_as_it_came(part: Any, kind: str) -> None:
    """What stands beside any part is no kind; an unknown kind is one."""
    read = Part.from_wire(part)
    assert (read.kind, read.to_wire()) == (kind, part)


def test_the_fields_of_a_part_have_types() -> None:
    """What is absent or null is empty."""
    call = Part.from_wire({"functionCall": {"name": "f", "args": None}}).function_call
    assert call == FunctionCall(name="f")
    assert call.args == {}
    result = Part.from_wire({"codeExecutionResult": {"outcome": "OUTCOME_OK"}}).code_execution_result
    assert result is not None
    assert (result.outcome, result.output) == ("OUTCOME_OK", None)


@given(st.binary(max_size=200))
def test_bytes_survive(data: bytes) -> None:
    """Sent as base64, and read from either alphabet of it."""
    part = Part.of_bytes(data, "image/png")
    assert part.media == Media(data, "image/png")
    url_safe = part.to_wire()["inlineData"]["data"].replace("+", "-").replace("/", "_").rstrip("=")
    assert Part.from_wire({"inlineData": {"data": url_safe, "mimeType": "a/b"}}).media == Media(data, "a/b")


@pytest.mark.parametrize("data", ["*", "a", "ü", "ab=c"])
def test_data_that_is_no_base64_is_the_servers_fault(data: str) -> None:
    """When it is asked for, not when the answer is read."""
    part = Part.from_wire({"inlineData": {"data": data, "mimeType": "image/png"}})
    with pytest.raises(ServerError, match="base64"):
        _ = part.media


def test_parts_are_made_by_name() -> None:
    """Of text, of a file, of what a function returned."""
    assert Part.of_text("a").to_wire() == {"text": "a"}
    assert Part.of_file("f").to_wire() == {"fileData": {"fileUri": "f"}}
    assert Part.of_file("f", "a/b").to_wire() == {"fileData": {"fileUri": "f", "mimeType": "a/b"}}
    response = Part.of_function_response(FunctionCall(id="c", name="f"), {"output": 1})
    assert response.to_wire() == {
        "functionResponse": {"name": "f", "response": {"output": 1}, "id": "c"},
    }


def test_images_are_bytes_and_a_type() -> None:
    """Those of the answer: neither sounds nor what was drawn while thinking."""
    image = Part.of_bytes(b"\x89PNG", "image/png").to_wire()
    sound = Part.of_bytes(b"RIFF", "audio/wav").to_wire()
    whole = answer({"text": "Here:"}, {**image, "thought": True}, sound, image)
    assert whole.images == (Media(b"\x89PNG", "image/png"),)
    assert b"PNG" not in repr(whole.images).encode()


def test_evidence_has_types_and_keeps_what_is_new() -> None:
    """Safety, citations and grounding; values and fields that nobody knows among it."""
    whole = answer(
        {"text": "a"},
        safetyRatings=[{"category": "HARM_CATEGORY_NEW", "probability": "HIGH", "severity": "X"}],
        citationMetadata={"citationSources": [{"endIndex": 4, "uri": "u", "licence": "y"}]},
        groundingMetadata={
            "webSearchQueries": ["q"],
            "groundingChunks": [{"web": {"uri": "u", "title": "t"}}, {"maps": {}}],
            "groundingSupports": [{"segment": {"endIndex": 4}, "groundingChunkIndices": [0]}],
        },
    ).candidates[0]
    (rating,) = whole.safety_ratings
    assert (rating.category, rating.blocked, rating.model_extra) == (
        "HARM_CATEGORY_NEW",
        False,
        {"severity": "X"},
    )
    assert whole.citation_metadata is not None
    (source,) = whole.citation_metadata.sources
    assert (source.start_index, source.end_index, source.uri) == (0, 4, "u")
    grounding = whole.grounding_metadata
    assert grounding is not None
    assert grounding.grounding_chunks[0].web is not None
    assert grounding.grounding_chunks[0].web.title == "t"
    assert grounding.grounding_chunks[1].web is None
    assert grounding.grounding_supports[0].grounding_chunk_indices == (0,)


names = st.sampled_from(
    [
        "candidates",
        "content",
        "parts",
        "text",
        "inlineData",
        "data",
        "mimeType",
        "functionCall",
        "name",
        "args",
        "finishReason",
        "index",
        "role",
        "usageMetadata",
        "promptTokenCount",
        "groundingMetadata",
        "groundingChunks",
        "web",
        "citationMetadata",
        "citationSources",
        "startIndex",
        "safetyRatings",
        "promptFeedback",
        "thought",
    ]
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=20,
)
likely = st.fixed_dictionaries(
    {"candidates": st.lists(st.fixed_dictionaries({"content": st.dictionaries(names, anything)}), max_size=2)}
)


@given(st.dictionaries(names, anything) | likely)
def test_any_answer_is_read_or_is_the_servers_fault(wire: dict[str, Any]) -> None:
    """No other exception escapes, neither when it is read nor when it is looked at; nothing is lost."""
    try:
        whole = GenerateContentResponse.from_wire(wire)
        shown = (whole.text, whole.thoughts, whole.turns, whole.function_calls, whole.images)
    except ServerError:
        return
    assert len(shown) == 5
    assert whole.to_wire().keys() <= wire.keys()


def test_an_answer_knows_what_is_to_be_called() -> None:
    """And is itself the turn that follows the prompt."""
    whole = answer({"functionCall": {"name": "f", "args": {"x": 1}}}, {"text": "a"})
    assert whole.function_calls == (FunctionCall(name="f", args={"x": 1}),)
    assert whole.turns == (whole.candidates[0].content,)
    assert GenerateContentResponse().turns == ()
