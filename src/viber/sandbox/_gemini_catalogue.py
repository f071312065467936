"""The models that the sandbox knows, and paging through them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from viber.sandbox._gemini_shelf import page_of
from viber.sandbox._gemini_wire import GeminiRefusedError, Json

_GENERATION: Final = [
    "generateContent",
    "countTokens",
    "createCachedContent",
    "batchGenerateContent",
    "streamGenerateContent",
]
_EMBEDDING: Final = ["embedContent", "batchEmbedContents", "countTokens"]
_GENERATORS: Final = (
    "gemini-4-argon",
    "gemini-4-carbon",
    "gemini-4-hydrogen",
    "gemini-3.8-flash",
    "gemini-3.7-flash",
    "gemini-3.6-flash",
    "gemini-3.5-flash",
    "gemini-3.5-flash-lite",
    "gemini-3.1-flash-lite",
    "gemini-3.1-pro-preview",
    "gemini-3-flash-preview",
    "gemini-2.5-pro",
    "gemini-2.5-flash",
    "gemini-2.5-flash-lite",
    "gemini-pro-latest",
    "gemini-flash-latest",
    "gemini-flash-lite-latest",
)
_EMBEDDERS: Final = ("gemini-embedding-001", "gemini-embedding-2")


def find_model(name: str, *, method: str | None = None) -> Json:
    """Return a model by its id, with or without ``models/`` in front.

    Raises:
        GeminiRefusedError: 404, there is no such model or it does not have this method.
    """
    model = _MODELS.get(name.removeprefix("models/"))
    if model is None or (method is not None and method not in model["supportedGenerationMethods"]):
        use = f" or does not support {method}" if method else ""
        raise GeminiRefusedError(
            404, f"models/{name} is not found{use}. List the models to see what there is."
        )
    return model


def list_models(query: Mapping[str, str]) -> Json:
    """Return one page of models by ``pageSize`` and ``pageToken``."""
    return page_of("models", list(_MODELS.values()), query)


def _describe(name: str) -> Json:
    model: Json = {
        "name": f"models/{name}",
        "version": "sandbox",
        "displayName": name.replace("-", " ").title(),
    }
    if name in _EMBEDDERS:
        limits = {"inputTokenLimit": 8192, "outputTokenLimit": 1}
        return {**model, **limits, "supportedGenerationMethods": _EMBEDDING}
    return {
        **model,
        "description": "A model of the sandbox: the same answer to the same request.",
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": _GENERATION,
        "temperature": 1,
        "maxTemperature": 2,
        "topP": 0.95,
        "topK": 64,
        "thinking": True,
    }


_MODELS: Final = {name: _describe(name) for name in (*_GENERATORS, *_EMBEDDERS)}
