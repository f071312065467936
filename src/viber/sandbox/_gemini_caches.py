"""Contents that the Gemini server keeps for later prompts. Pure."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from viber.sandbox._gemini_catalogue import find_model
from viber.sandbox._gemini_fields import pick, pick_objects, pick_text, refuse_unknown
from viber.sandbox._gemini_model import count_prompt
from viber.sandbox._gemini_request import read_generation
from viber.sandbox._gemini_shelf import Shelf
from viber.sandbox._gemini_times import moment, read_duration, read_moment
from viber.sandbox._gemini_wire import GeminiRefusedError, Json, invalid_argument

LIFETIME: Final = 3600.0
_LIFE: Final = ("ttl", "expireTime")
_FIELDS: Final = ("model", "contents", "systemInstruction", "tools", "toolConfig", "displayName", *_LIFE)


@dataclass(slots=True)
class StoredCache:
    """A cached content."""

    name: str
    model: str
    display_name: str
    tokens: int
    created: float
    updated: float
    expires: float

    def describe(self) -> Json:
        """Return its JSON, which leaves the contents out."""
        return {
            "name": self.name,
            "model": self.model,
            "displayName": self.display_name,
            "createTime": moment(self.created),
            "updateTime": moment(self.updated),
            "expireTime": moment(self.expires),
            "usageMetadata": {"totalTokenCount": self.tokens},
        }


class CacheCabinet:
    """All cached contents; ``wall`` tells seconds since the epoch."""

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall
        self.caches: Shelf[StoredCache] = Shelf("cachedContents")

    def create(self, body: Json) -> Json:
        """Keep contents for an hour, or as long as the request says."""
        refuse_unknown(body, _FIELDS, "cachedContent")
        model = (pick_text(body, "model") or "").removeprefix("models/")
        find_model(model, method="createCachedContent")
        cache_id, now = secrets.token_hex(6), self._wall()
        cache = StoredCache(
            name=f"cachedContents/{cache_id}",
            model=f"models/{model}",
            display_name=pick_text(body, "displayName") or "",
            tokens=_count(model, body),
            created=now,
            updated=now,
            expires=self._end(body, now + LIFETIME),
        )
        return self.caches.put(cache_id, cache).describe()

    def update(self, cache_id: str, body: Json) -> Json:
        """Change how long contents are kept; nothing else can be changed."""
        refuse_unknown(body, _LIFE, "cachedContent")
        cache = self.caches.find(cache_id)
        cache.expires = self._end(body, cache.expires)
        cache.updated = self._wall()
        return cache.describe()

    def tokens_for(self, model: str, body: Json) -> int:
        """Count what a prompt finds in its cache, which has to be there, in time, and for the same model."""
        name = pick_text(body, "cachedContent")
        if not name:
            return 0
        cache_id = name.removeprefix("cachedContents/")
        cache = self.caches.find(cache_id) if cache_id in self.caches else None
        if cache is None or cache.expires <= self._wall():
            raise GeminiRefusedError(403, f"{name} does not exist any more, or is not yours.")
        if cache.model != f"models/{model}":
            raise invalid_argument("cachedContent", f"it was made for {cache.model}")
        return cache.tokens

    def _end(self, body: Json, otherwise: float) -> float:
        if (ttl := pick_text(body, "ttl")) is not None:
            return self._wall() + read_duration(ttl, "ttl")
        if (moment := pick_text(body, "expireTime")) is not None:
            return read_moment(moment, "expireTime")
        return otherwise


def _count(model: str, body: Json) -> int:
    if not pick_objects(body, "contents") and pick(body, "systemInstruction") is None:
        raise invalid_argument("contents", "there is nothing to cache")
    kept = {
        name: value
        for name in ("contents", "systemInstruction", "tools", "toolConfig")
        if (value := pick(body, name))
    }
    kept.setdefault("contents", [{"parts": [{"text": ""}]}])
    return count_prompt(read_generation(model, kept)).total()
