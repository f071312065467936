from typing import Any

from viber.services.gemini import Token
from viber.services.gemini.content._token import text_of
from viber.services.gemini.streaming._transcript import Transcript

SIGNED = {"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "c2ln"}


def transcript(*chunks: dict[str, Any]) -> Transcript:
    whole = Transcript()
    for chunk in chunks:
        whole.add(chunk, text_of(chunk))
    return whole


def parts(*parts: Any, **candidate: Any) -> dict[str, Any]:
    return {"candidates": [{"content": {"parts": list(parts), "role": "model"}, **candidate}]}


def test_parts_stay_as_they_came() -> None:
    """None is merged with another, so that every signature survives, one on an empty text among them."""
    pieces = [{"text": "a"}, {"text": "", "thoughtSignature": "x"}, SIGNED, {"text": "t", "thought": True}]
    whole = transcript(*map(parts, pieces), parts({"text": "b"}, finishReason="STOP"))
    assert [part.to_wire() for part in whole.parts] == [*pieces, {"text": "b"}]
    assert (whole.text, whole.finish_reason) == ("ab", "STOP")


def test_usage_is_the_last_number_told() -> None:
    """Running totals are not added up, and a number that is absent or null erases nothing."""
    whole = transcript(
        {"usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 1, "thoughtsTokenCount": 8}},
        {"usageMetadata": {"candidatesTokenCount": 4, "thoughtsTokenCount": None}},
        {"usageMetadata": None},
        {},
    )
    usage = whole.usage
    assert (usage.prompt_tokens, usage.candidates_tokens, usage.thoughts_tokens) == (5, 4, 8)
    assert usage.total_tokens == 17


def test_the_response_is_the_whole_answer() -> None:
    """Every candidate with its parts, and what was said last of everything else."""
    whole = transcript(
        {**parts({"text": "a"}, index=0), "modelVersion": "m", "responseId": "r"},
        {"candidates": [{"content": {"parts": [{"text": "x"}]}, "index": 1, "finishReason": "STOP"}]},
        {"candidates": [{"index": 0, "finishReason": "MAX_TOKENS", "weather": {"q": 1}}]},
    )
    answer = whole.response()
    assert [candidate.text for candidate in answer.candidates] == ["a", "x"]
    assert [candidate.finish_reason for candidate in answer.candidates] == ["MAX_TOKENS", "STOP"]
    assert (answer.model_version, answer.response_id) == ("m", "r")
    assert answer.candidates[0].content.role == "model"
    assert answer.candidates[0].model_extra == {"weather": {"q": 1}}


def test_null_erases_nothing() -> None:
    """Neither the finish reason, nor the role, nor what stands beside the candidates."""
    last = {"content": None, "finishReason": None, "safetyRatings": None}
    whole = transcript(
        {**parts({"text": "a"}, finishReason="STOP"), "modelVersion": "m"},
        {"candidates": [last], "modelVersion": None, "responseId": None},
    )
    [candidate] = whole.response().candidates
    assert (candidate.text, candidate.finish_reason, candidate.content.role) == ("a", "STOP", "model")
    assert (whole.finish_reason, whole.version) == ("STOP", "m")


def test_a_page_is_turned_once() -> None:
    """The answers of a continuation are one answer, and the usage of each is counted."""
    counted = {"usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 1}}
    whole = transcript(parts({"text": "a"}, finishReason="CONTINUATION", continuationToken="t") | counted)
    assert (whole.turn_page(), whole.finish_reason) == ("t", None)
    whole.add(parts({"text": "b"}, finishReason="STOP") | counted, "b")
    assert (whole.turn_page(), whole.finish_reason) == ("", "STOP")
    assert (whole.text, whole.finish_reason, whole.usage.total_tokens) == ("ab", "STOP", 8)
    assert whole.response().text == "ab"


def test_a_transcript_can_be_read_at_any_time() -> None:
    """Before anything came it is empty."""
    whole = Transcript()
    assert (whole.text, whole.parts, whole.finish_reason, whole.usage.total_tokens) == ("", (), None, 0)
    assert whole.response().candidates == ()


def test_a_token_tells_its_event() -> None:
    """Text at once, everything else when it is asked for."""
    chunk = parts({"text": "hm", "thought": True}, {"text": "a"}, finishReason="STOP")
    token = Token("a", chunk | {"usageMetadata": {"promptTokenCount": 2}})
    assert (str(token), token.thoughts, token.finish_reason, len(token.parts)) == ("a", "hm", "STOP", 2)
    assert token.usage is not None
    assert token.usage.prompt_tokens == 2
    silent = Token("", {"candidates": None})
    assert (silent.usage, silent.finish_reason, silent.parts) == (None, None, ())


def test_text_is_of_the_first_candidate() -> None:
    """Whatever the order; one that does not say its number is the first."""
    second, first = (
        {"index": 1, "content": {"parts": [{"text": "x"}]}},
        {"content": {"parts": [{"text": "a"}]}},
    )
    assert text_of({"candidates": [second, first]}) == "a"
    assert text_of({"candidates": [second]}) == ""
    assert text_of({"candidates": [{"content": None}]}) == ""
