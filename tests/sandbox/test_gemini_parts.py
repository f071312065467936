import base64
import json
from typing import Any

import pytest

from viber.sandbox._gemini_answer import Event, stream_events, whole_answer
from viber.sandbox._gemini_model import reply_to
from viber.sandbox._gemini_request import Generation, read_generation
from viber.sandbox._gemini_wire import Json


def asked(text: str, **fields: Any) -> Generation:
    contents = [{"role": "user", "parts": [{"text": text}]}]
    return read_generation("gemini-3.8-flash", {"contents": contents, **fields})


def answer(text: str, **fields: Any) -> Json:
    return whole_answer(reply_to(asked(text, **fields))).payload


def stream(text: str, **fields: Any) -> list[Event]:
    return list(stream_events(reply_to(asked(text, **fields))))


def text_of(payload: Json) -> str:
    return "".join(part.get("text", "") for part in payload["candidates"][0]["content"]["parts"])


def config(**fields: Any) -> dict[str, Any]:
    return {"generationConfig": fields}


@pytest.mark.parametrize(
    ("text", "fields"),
    [("[[image]] count to 2", {}), ("count to 2", config(responseModalities=["TEXT", "IMAGE"]))],
)
def test_an_image_comes_after_the_text(text: str, fields: dict[str, Any]) -> None:
    """With tokens of its own, told apart."""
    payload = answer(text, **fields)
    said, image = payload["candidates"][0]["content"]["parts"]
    assert said == {"text": "1 2"}
    assert base64.b64decode(image["inlineData"]["data"]).startswith(b"\x89PNG")
    assert payload["usageMetadata"]["candidatesTokensDetails"] == [
        {"modality": "TEXT", "tokenCount": 2},
        {"modality": "IMAGE", "tokenCount": 1290},
    ]
    assert payload["usageMetadata"]["candidatesTokenCount"] == 1292


def test_code_is_run_before_the_text() -> None:
    """[[code]] shows the code and what came of it."""
    code, result, said = answer("[[code]] count to 2")["candidates"][0]["content"]["parts"]
    assert code["executableCode"]["language"] == "PYTHON"
    assert result["codeExecutionResult"]["outcome"] == "OUTCOME_OK"
    assert said == {"text": "1 2"}


def test_evidence_stands_in_the_last_event() -> None:
    """A citation for [[cite]], and what the search found when there is that tool."""
    tools: dict[str, Any] = {"tools": [{"googleSearch": {}}]}
    (candidate,) = answer("[[cite]] rivers", **tools)["candidates"]
    assert candidate["citationMetadata"]["citationSources"][0]["uri"]
    assert candidate["groundingMetadata"]["webSearchQueries"] == ["rivers"]
    events = stream("[[cite]] rivers", **tools)
    assert ["citationMetadata" in event.payload["candidates"][0] for event in events] == [
        *[False] * (len(events) - 1),
        True,
    ]


def test_wrong_json_fits_no_schema() -> None:
    """[[wrong]] gives an object that nobody asked for."""
    schema = {"type": "STRING"}
    payload = answer("[[wrong]]", **config(responseMimeType="application/json", responseSchema=schema))
    assert json.loads(text_of(payload)) == {"wrong": True}
