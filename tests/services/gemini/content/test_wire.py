import json
from dataclasses import dataclass
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from viber.errors import Delivery, InvalidRequestError
from viber.services.gemini import Content, GeminiConfig, GenerationConfig, Part
from viber.services.gemini.content._wire import Endpoint, continued, encoded, generate_body, model_path


@dataclass(frozen=True)
class Upload:
    """Stands for a file."""

    uri: str | None
    mime_type: str | None


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("hi", [{"role": "user", "parts": [{"text": "hi"}]}]),
        (Content(parts=(Part(text="hi"),)), [{"role": "user", "parts": ({"text": "hi"},)}]),
        (
            ["a", {"role": "model", "parts": [{"text": "b", "thoughtSignature": "s"}]}],
            [
                {"role": "user", "parts": [{"text": "a"}]},
                {"role": "model", "parts": [{"text": "b", "thoughtSignature": "s"}]},
            ],
        ),
        (Part(text="hi"), [{"role": "user", "parts": [{"text": "hi"}]}]),
        ({"text": "hi"}, [{"role": "user", "parts": [{"text": "hi"}]}]),
        (
            [
                "look",
                Part.of_file("f"),
                Upload("u", "image/png"),
                {"role": "model", "parts": [{"text": "b"}]},
                "c",
            ],
            [
                {
                    "role": "user",
                    "parts": [
                        {"text": "look"},
                        {"fileData": {"fileUri": "f"}},
                        {"fileData": {"fileUri": "u", "mimeType": "image/png"}},
                    ],
                },
                {"role": "model", "parts": [{"text": "b"}]},
                {"role": "user", "parts": [{"text": "c"}]},
            ],
        ),
        (Upload("u", None), [{"role": "user", "parts": [{"fileData": {"fileUri": "u"}}]}]),
        ({"parts": [{"text": "", "x": 1}]}, [{"role": "user", "parts": [{"text": "", "x": 1}]}]),
    ],
)
def test_a_prompt_is_text_content_or_turns(prompt: Any, expected: list[Any]) -> None:
    """Whatever form it has, it becomes Google's contents; what follows each other is said at once."""
    assert generate_body(prompt, {})["contents"] == expected


@pytest.mark.parametrize(
    "prompt", ["", " \n", [], [""], Content(), {"parts": []}, {"parts": [{"text": " "}]}, {}]
)
def test_an_empty_prompt_is_refused(prompt: Any) -> None:
    """Nothing is sent for a prompt that says nothing."""
    with pytest.raises(InvalidRequestError, match="empty") as caught:
        generate_body(prompt, {})
    assert caught.value.delivery is Delivery.NOT_SENT


def test_the_model_may_have_said_nothing_but_a_blank() -> None:
    """It is not for the caller to mend: what the model said goes back as it came."""
    said = {"role": "model", "parts": [{"text": "\n"}]}
    assert generate_body(["Hi", said, "Go on"], {})["contents"][1] == said


def test_a_file_without_an_address_is_refused() -> None:
    """It is not ready, and the hint says what to wait for."""
    with pytest.raises(InvalidRequestError, match="address") as caught:
        generate_body(Upload(None, "image/png"), {})
    assert "ACTIVE" in caught.value.suggestion


def test_what_is_too_large_is_refused_with_a_hint() -> None:
    """Before it is sent: a file has no such bound."""
    endpoint = Endpoint.of(GeminiConfig(api_key=SecretStr("k"), max_request_bytes=1000))
    body = generate_body(["look", Part.of_bytes(b"x" * 900, "image/png")], {})
    with pytest.raises(InvalidRequestError, match="more than") as caught:
        endpoint.post(None, "generateContent", body)
    assert "file" in caught.value.suggestion
    assert caught.value.delivery is Delivery.NOT_SENT


def test_an_unknown_role_is_refused() -> None:
    """A role is the user's or the model's; where instructions belong is said."""
    with pytest.raises(InvalidRequestError, match="'system'") as caught:
        generate_body({"role": "system", "parts": [{"text": "x"}]}, {})
    assert "system=" in caught.value.suggestion


def test_a_turn_of_another_api_is_refused() -> None:
    """A role without parts is no part, which Google would refuse in its own words."""
    with pytest.raises(InvalidRequestError) as caught:
        generate_body([{"role": "user", "content": "hi"}], {})
    assert "parts" in caught.value.suggestion


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ([5], "'int'"),
        (5, "'int'"),
        (None, "'NoneType'"),
        (["a", None], "'NoneType'"),
        (b"x", "Part.of_bytes"),
    ],
    ids=repr,
)
def test_what_is_no_prompt_is_a_type_error(prompt: Any, message: str) -> None:
    """A caller without a type checker is told too."""
    with pytest.raises(TypeError, match=message):
        generate_body(prompt, {})


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("thinking", "high"),
        ("generation_config", "x"),
        ("safety_settings", {"HARM_CATEGORY_HARASSMENT": "BLOCK_NONE"}),
    ],
)
def test_what_is_no_setting_is_a_type_error_that_names_it(option: Any, value: Any) -> None:
    """A caller without a type checker is told too."""
    with pytest.raises(TypeError, match=option):
        generate_body("hi", cast("Any", {option: value}))


def test_options_find_their_places() -> None:
    """Each option stands where Google reads it, None is left out, the caller's mapping stays as it is."""
    given_config = {"responseLogprobs": True, "temperature": 1.5}
    body = generate_body(
        "hi",
        {
            "system": "be brief",
            "temperature": 0.5,
            "top_k": None,
            "stop_sequences": ["."],
            "max_output_tokens": 9,
            "generation_config": given_config,
            "safety_settings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF"}],
            "presence_penalty": 0.25,
            "thinking": {"budget": 0},
            "cached_content": "cachedContents/c",
            "labels": {"team": "a"},
            "service_tier": None,
        },
        tools=[{"googleSearch": {}}],
    )
    assert body["systemInstruction"] == {"parts": [{"text": "be brief"}]}
    assert body["tools"] == [{"googleSearch": {}}]
    assert body["generationConfig"] == {
        "responseLogprobs": True,
        "temperature": 0.5,
        "stopSequences": (".",),
        "maxOutputTokens": 9,
        "presencePenalty": 0.25,
        "thinkingConfig": {"thinkingBudget": 0},
    }
    assert body["safetySettings"] == [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF"}]
    assert (body["cachedContent"], body["labels"]) == ("cachedContents/c", {"team": "a"})
    assert "serviceTier" not in body
    assert given_config == {"responseLogprobs": True, "temperature": 1.5}


@pytest.mark.parametrize(
    "options",
    [
        {"temperature": float("nan")},
        {"temperature": float("inf")},
        {"temperature": -1},
        {"temperature": "hot"},
        {"top_p": 1.1},
        {"top_k": 0},
        {"max_output_tokens": 0},
        {"generation_config": {"candidateCount": 0}},
    ],
    ids=repr,
)
def test_an_option_out_of_range_is_refused(options: Any) -> None:
    """It names the option, and nothing is sent."""
    with pytest.raises(InvalidRequestError) as caught:
        generate_body("hi", options)
    assert caught.value.delivery is Delivery.NOT_SENT


def test_a_generation_config_is_checked_where_it_is_made() -> None:
    """No exception of pydantic escapes from the constructor."""
    with pytest.raises(InvalidRequestError, match="top_p"):
        GenerationConfig(top_p=7)


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("gemini-x", "models/gemini-x"),
        ("models/gemini-x", "models/gemini-x"),
        ("tunedModels/mine", "tunedModels/mine"),
        ("a b?key=1#%", "models/a%20b%3Fkey%3D1%23%25"),
    ],
)
def test_a_model_name_is_one_segment(model: str, path: str) -> None:
    """The prefix is optional, and nothing in a name can leave its place in the path."""
    assert model_path(model) == path


@pytest.mark.parametrize("model", ["", " ", "models/", "..", "models/.", "files/x", "../x", "models/a/b"])
def test_what_is_no_model_name_is_refused(model: str) -> None:
    """Nothing is sent to an address that a name made up."""
    with pytest.raises(InvalidRequestError, match="model name"):
        model_path(model)


def test_the_key_is_in_a_header_only() -> None:
    """Neither URL nor body nor repr hold it."""
    endpoint = Endpoint.of(GeminiConfig(api_key="AIza-secret", base_url="http://host/proxy/"))
    request = endpoint.post(None, "generateContent", {"contents": []})
    assert request.url == "http://host/proxy/v1beta/models/gemini-flash-latest:generateContent"
    assert ("x-goog-api-key", "AIza-secret") in request.headers
    assert "AIza-secret" not in f"{request!r} {endpoint!r} {request.url} {request.body!r}"


@pytest.mark.parametrize("value", [float("nan"), object(), "\ud800"], ids=["nan", "object", "surrogate"])
def test_what_json_cannot_say_is_refused(value: Any) -> None:
    """It fails here, not at the server."""
    with pytest.raises(InvalidRequestError, match="JSON"):
        encoded({"x": value})


@given(st.text(min_size=1).filter(str.strip))
def test_any_text_survives(text: str) -> None:
    """A prompt arrives as it was said."""
    body = json.loads(encoded(generate_body(text, {})))
    assert body["contents"][0]["parts"][0]["text"] == text


def test_a_continued_request_carries_the_token() -> None:
    """The first request is sent as it is, each further one with the token of the answer before."""
    endpoint = Endpoint.of(GeminiConfig(api_key="k"))
    body = generate_body("hi", {})
    request = endpoint.post("m", "generateContent", body)
    assert continued(request, body, "") is request
    assert json.loads(continued(request, body, "t").body or b"") == {**body, "continuationToken": "t"}
