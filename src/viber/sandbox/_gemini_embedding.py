"""Embeddings that depend on the words alone: texts that share words lie near each other. Pure."""

from __future__ import annotations

from functools import lru_cache
from hashlib import shake_256
from math import hypot
from typing import Final

from viber.sandbox._gemini_fields import as_object, pick, pick_number, pick_object, pick_objects, pick_text
from viber.sandbox._gemini_request import check_parts
from viber.sandbox._gemini_tokens import Counts, count_contents, details, split_tokens
from viber.sandbox._gemini_wire import GeminiRefusedError, Json, dump, invalid_argument

DIMENSIONS: Final = 3072
_BATCH: Final = 100


def embed_one(model: str, body: Json) -> Json:
    """Answer embedContent."""
    content = _content(model, body)
    return {"embedding": {"values": _values(content, body)}, "usageMetadata": _usage([content])}


def embed_batch(model: str, body: Json) -> Json:
    """Answer batchEmbedContents: one vector for each entry of ``requests``, however many parts it has."""
    requests = pick_objects(body, "requests")
    if not requests:
        raise invalid_argument("requests", "requests are not specified")
    if len(requests) > _BATCH:
        raise invalid_argument("requests", f"at most {_BATCH} requests can be in one batch")
    contents = [_content(model, one) for one in requests]
    vectors = [{"values": _values(*pair)} for pair in zip(contents, requests, strict=True)]
    return {"embeddings": vectors, "usageMetadata": _usage(contents)}


def unit_vector(text: str, *, dimensions: int = DIMENSIONS) -> list[float]:
    """Return a vector of length one: the sum of fixed vectors, one for each token of the text.

    Example:
        >>> round(sum(value * value for value in unit_vector("two words", dimensions=8)), 5)
        1.0
    """
    words = [token.strip().lower() for token in split_tokens(text)]
    rows = (_direction(word)[:dimensions] for word in words)
    sums = [float(sum(column)) for column in zip(*rows, strict=True)] or [1.0] * dimensions
    length = hypot(*sums) or 1.0
    return [round(value / length, 8) for value in sums]


@lru_cache(maxsize=4096)
def _direction(word: str) -> list[int]:
    # Odd numbers only, so that no single word can be the zero vector.
    return [2 * byte - 255 for byte in shake_256(word.encode()).digest(DIMENSIONS)]


def _content(model: str, body: Json) -> Json:
    named = pick_text(body, "model")
    if named is not None and named.removeprefix("models/") != model:
        raise invalid_argument("model", f"{named} is not the model of the address")
    found = pick(body, "content")
    content: Json = {"parts": [{"text": found}]} if isinstance(found, str) else pick_object(body, "content")
    check_parts(content, "content")
    return content


def _values(content: Json, body: Json) -> list[float]:
    wanted = pick_number(body, "outputDimensionality", least=1)
    options = pick_object(body, "embedContentConfig")
    wanted = wanted or pick_number(options, "outputDimensionality", least=1) or DIMENSIONS
    if wanted > DIMENSIONS:
        raise invalid_argument("outputDimensionality", f"at most {DIMENSIONS}")
    text = " ".join(pick_text(part, "text") or dump(part) for part in pick_objects(content, "parts"))
    if not text.strip():
        raise GeminiRefusedError(400, "The content to embed is empty.")
    return unit_vector(text, dimensions=wanted)


def _usage(contents: list[Json]) -> Json:
    counts: Counts = count_contents(as_object(content, "content") for content in contents)
    return {"promptTokenCount": counts.total(), "promptTokensDetails": details(counts)}
