import json
from collections.abc import Callable
from typing import Any

import pytest

from viber import ServiceFactory, Settings
from viber.errors import ConfigurationError, InvalidRequestError
from viber.services.gemini import GeminiConfig, Vertex
from viber.testing import Reply

Build = Callable[..., Any]
KEY = "AIza-made-up-for-tests"
OK = Reply(json={"candidates": [{"content": {"parts": [{"text": "a"}]}, "finishReason": "STOP"}]})
MODELS = "projects/shop/locations/eu/publishers/google/models"


async def token() -> str:
    return "made-up-for-tests"


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("global", "https://aiplatform.googleapis.com"),
        ("eu", "https://aiplatform.eu.rep.googleapis.com"),
        ("us", "https://aiplatform.us.rep.googleapis.com"),
        ("europe-west4", "https://europe-west4-aiplatform.googleapis.com"),
    ],
)
def test_each_location_has_its_server(location: str, url: str) -> None:
    """Unless another one is given."""
    vertex = Vertex(project="shop", location=location)
    assert GeminiConfig(vertex=vertex, token=token).base_url == url
    assert GeminiConfig(vertex=vertex, token=token, base_url="http://proxy").base_url == "http://proxy"


def test_limits_are_those_of_project_and_location() -> None:
    """Services of both share them."""
    config = GeminiConfig(vertex=Vertex(project="shop"), token=token)
    assert (config.project, config.api_version) == ("projects/shop/locations/global", "v1beta1")


async def test_models_are_asked_below_their_publisher(build: Build) -> None:
    """Whole, streamed and counted; a count holds what is sent as it is."""
    rig = build(
        OK,
        Reply(json={"totalTokens": 7}),
        vertex=Vertex(project="shop", location="eu"),
        token=token,
        model="m",
    )
    await rig.gemini.generate_text("hi")
    assert await rig.gemini.count_tokens("hi", system="be brief") == 7
    asked, counted = rig.transport.requests
    home = f"https://aiplatform.eu.rep.googleapis.com/v1beta1/{MODELS}/m"
    assert (asked.url, counted.url) == (f"{home}:generateContent", f"{home}:countTokens")
    assert json.loads(counted.body).keys() == {"contents", "systemInstruction"}


async def test_a_health_check_counts_a_word(build: Build) -> None:
    """Vertex AI lists no models there, and counting costs nothing."""
    rig = build(Reply(json={"totalTokens": 1}), vertex=Vertex(project="shop", location="eu"), token=token)
    assert (await rig.gemini.health_check()).healthy
    assert rig.sent.url.endswith(":countTokens")


@pytest.mark.parametrize("wrong", [{"project": ""}, {"project": "a/b"}, {"project": "p", "location": "x y"}])
def test_names_are_checked(wrong: dict[str, str]) -> None:
    """They become a part of the address."""
    with pytest.raises(ConfigurationError):
        Vertex(**wrong)


def test_a_key_or_a_source_of_tokens_is_needed() -> None:
    """One of them."""
    with pytest.raises(ConfigurationError, match="api_key"):
        GeminiConfig(vertex=Vertex(project="shop"))
    assert GeminiConfig(token=token).api_key.get_secret_value() == ""


async def test_what_only_the_gemini_api_has_is_refused(build: Build) -> None:
    """Embeddings, files, caches, batches and models are other ones there: nothing is sent."""
    gemini = build(vertex=Vertex(project="shop", location="eu"), token=token).gemini
    calls = [
        gemini.embed("x"),
        gemini.files.upload(b"x", mime_type="text/plain"),
        gemini.caches.get("a"),
        gemini.batches.create(["x"]),
        anext(aiter(gemini.models.list())),
    ]
    for call in calls:
        with pytest.raises(InvalidRequestError, match="Vertex AI has no"):
            await call


async def test_it_works_over_a_connection(live: Any) -> None:
    """Whole, streamed and counted, with a token that is replaced when the server refuses it."""
    given = ["refused", KEY]

    async def token() -> str:
        return given.pop(0)

    vertex = Vertex(project="shop", location="eu")
    config = GeminiConfig(vertex=vertex, token=token, base_url=live.url, model="gemini-3.8-flash")
    async with ServiceFactory(Settings()) as services:
        gemini = services.create_gemini_client(config)
        assert await gemini.generate_text("count to 3")
        async with gemini.stream("count to 3") as tokens:
            assert [piece.text async for piece in tokens]
        assert await gemini.count_tokens("count to 3", system="be brief") > 3
        assert (await gemini.health_check()).healthy
