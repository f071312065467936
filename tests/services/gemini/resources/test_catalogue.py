"""Which models there are."""

from typing import Any

import pytest

from viber.errors import AuthenticationError, InvalidRequestError
from viber.services.gemini import GeminiNotFoundError, ModelInfo


async def test_models_are_listed_and_found(live: Any) -> None:
    """Page by page, and by name with or without its collection."""
    names = [model.name async for model in live.gemini.models.list(page_size=5)]
    assert len(names) == len(set(names)) > 10
    for name in (names[0], names[0].removeprefix("models/")):
        model = await live.gemini.models.get(name)
        assert model.name == names[0]
        assert model.can("generateContent")
        assert model.input_token_limit > 0


async def test_a_model_that_is_not_there(live: Any) -> None:
    """Is not found; a name that cannot be one is not even asked for."""
    with pytest.raises(GeminiNotFoundError):
        await live.gemini.models.get("gemini-9")
    with pytest.raises(InvalidRequestError, match="not a model name"):
        await live.gemini.models.get("")


async def test_a_wrong_key_is_an_authentication_error(live: Any) -> None:
    """HTTP 400 with API_KEY_INVALID, for every kind of call."""
    gemini = live.gemini.with_options(headers={"x-goog-api-key": "wrong"})
    calls = [
        gemini.models.get("gemini-2.5-pro"),
        gemini.files.get("a"),
        gemini.files.upload(b"x", mime_type="text/plain"),
        gemini.caches.create("x"),
        gemini.batches.create(["x"]),
        anext(aiter(gemini.files.list())),
    ]
    for call in calls:
        with pytest.raises(AuthenticationError) as caught:
            await call
        assert caught.value.status == 400
        assert not caught.value.retryable


def test_an_unknown_field_is_kept() -> None:
    """Google adds some."""
    assert ModelInfo.from_wire({"name": "models/a", "novel": 1}).to_wire()["novel"] == 1
