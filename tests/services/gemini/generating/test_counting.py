import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from viber.errors import ServerError
from viber.services.gemini import ModalityTokens, TokenCount
from viber.services.gemini.generating._counting import count_body
from viber.testing import Reply

Build = Callable[..., Any]


def weather(city: str) -> str:
    """The weather of a city."""
    return city


async def test_a_count_is_a_number_and_its_parts(build: Build) -> None:
    """By modality, with what a cached content holds already."""
    told = {
        "totalTokens": 270,
        "cachedContentTokenCount": 5,
        "promptTokensDetails": [
            {"modality": "TEXT", "tokenCount": 12},
            {"modality": "IMAGE", "tokenCount": 258},
        ],
    }
    count = await build(Reply(json=told)).gemini.count_tokens("hi")
    assert (count, count.cached_tokens) == (270, 5)
    assert count.details == (
        ModalityTokens(modality="TEXT", tokens=12),
        ModalityTokens(modality="IMAGE", tokens=258),
    )


async def test_all_that_would_be_sent_is_counted(build: Build) -> None:
    """Instruction, tools and settings too; a prompt alone goes alone."""
    rig = build(Reply(json={"totalTokens": 9}))
    await rig.gemini.count_tokens("hi", model="m", system="be brief", tools=[weather], temperature=0.5)
    asked = json.loads(rig.sent.body)["generateContentRequest"]
    assert asked["model"] == "models/m"
    assert asked["tools"][0]["functionDeclarations"][0]["name"] == "weather"
    assert asked.keys() >= {"contents", "systemInstruction", "generationConfig"}
    assert count_body({"contents": []}, "m") == {"contents": []}


async def test_an_answer_without_a_number_is_an_error(build: Build) -> None:
    """A count of nothing is no count."""
    rig = build(Reply(json={}))
    with pytest.raises(ServerError):
        await rig.gemini.with_options(max_attempts=1).count_tokens("hi")


async def test_counting_is_not_usage(build: Build) -> None:
    """It costs nothing, and is written down nowhere."""
    rig = build(Reply(json={"totalTokens": 9}))
    await rig.gemini.count_tokens("hi")
    assert rig.gemini.usage.rows() == ()


async def test_an_estimate_needs_no_server(build: Build) -> None:
    """Nothing is sent, and tools count too."""
    rig = build()
    assert rig.gemini.estimate_tokens("hi") < rig.gemini.estimate_tokens("hi", tools=[weather])
    assert rig.transport.requests == []


def test_a_count_copies_and_pickles() -> None:
    """As a number does, with its parts."""
    count = TokenCount(7)
    count.details = (ModalityTokens(modality="TEXT", tokens=7),)
    for other in (copy.copy(count), pickle.loads(pickle.dumps(count))):
        assert (other, other.details) == (7, count.details)
