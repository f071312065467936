from typing import Any

import pytest

from viber.errors import InvalidRequestError
from viber.services.gemini import GenerationConfig, ImageConfig, SafetySetting, ThinkingConfig
from viber.services.gemini.content._wire import generate_body


def test_every_setting_has_its_name() -> None:
    """In Python's spelling here, in Google's on the wire."""
    config = GenerationConfig(
        presence_penalty=0.5,
        frequency_penalty=-0.5,
        response_modalities=("TEXT", "IMAGE"),
        response_logprobs=True,
        logprobs=3,
        thinking_config=ThinkingConfig(budget=-1, include_thoughts=True),
        speech_config={"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}}},
        image_config=ImageConfig(aspect_ratio="16:9"),
        media_resolution="MEDIA_RESOLUTION_LOW",
    )
    assert config.to_wire() == {
        "presencePenalty": 0.5,
        "frequencyPenalty": -0.5,
        "responseModalities": ("TEXT", "IMAGE"),
        "responseLogprobs": True,
        "logprobs": 3,
        "thinkingConfig": {"thinkingBudget": -1, "includeThoughts": True},
        "speechConfig": {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}}},
        "imageConfig": {"aspectRatio": "16:9"},
        "mediaResolution": "MEDIA_RESOLUTION_LOW",
    }


def test_what_is_unknown_is_sent_as_it_is() -> None:
    """A setting, a level or a threshold that Google invents tomorrow."""
    given: dict[str, Any] = {"audioTimestamp": True, "thinkingConfig": {"level": "ULTRA", "mood": 1}}
    assert GenerationConfig.model_validate(given).to_wire() == {
        "audioTimestamp": True,
        "thinkingConfig": {"thinkingLevel": "ULTRA", "mood": 1},
    }
    assert SafetySetting(category="NEW", threshold="NEWER").to_wire() == {
        "category": "NEW",
        "threshold": "NEWER",
    }


@pytest.mark.parametrize(
    "thinking", [ThinkingConfig(level="LOW"), {"level": "LOW"}, {"thinkingLevel": "LOW"}]
)
def test_thinking_is_an_option(thinking: Any) -> None:
    """In any of its forms."""
    body = generate_body("hi", {"thinking": thinking})
    assert body["generationConfig"] == {"thinkingConfig": {"thinkingLevel": "LOW"}}


@pytest.mark.parametrize(
    "options",
    [
        {"thinking": {"budget": -2}},
        {"thinking": {"budget": "much"}},
        {"presence_penalty": float("nan")},
        {"safety_settings": [{"category": "X"}]},
        {"generation_config": {"logprobs": -1}},
        {"generation_config": {"imageConfig": {"aspectRatio": 1}}},
    ],
    ids=repr,
)
def test_what_is_out_of_range_is_refused(options: Any) -> None:
    """Nothing is sent, and no exception of pydantic escapes."""
    with pytest.raises(InvalidRequestError):
        generate_body("hi", options)
