"""Caches: contents that many prompts begin with, kept by Google for a while."""

from datetime import UTC, datetime
from typing import Unpack

from viber.services.gemini._errors import refusal
from viber.services.gemini._options import GenerateOptions, Prompt
from viber.services.gemini.content._json import Json
from viber.services.gemini.content._wire import generate_body, model_path
from viber.services.gemini.resources._api import Api, Named, resource_path, single_model
from viber.services.gemini.resources._cached_content import CachedContent
from viber.services.gemini.resources._pages import Pages, pages
from viber.services.gemini.tools._toolbox import Toolbox

_KEPT = frozenset({"model", "system", "tools", "tool_config"})


class Caches:
    """The cached contents of a project; their storage is billed by the hour until they expire.

    Raises:
        BaseError: as for every call of the service.

    Example::

        cache = await gemini.caches.create([file, "The manual"], ttl=600)
        print(await gemini.generate_text("How do I reset it?", cached_content=cache.name))
        await gemini.caches.delete(cache)
    """

    def __init__(self, api: Api) -> None:
        self._api = api

    async def create(
        self,
        prompt: Prompt,
        *,
        ttl: float | None = None,
        expire_time: datetime | None = None,
        display_name: str | None = None,
        **options: Unpack[GenerateOptions],
    ) -> CachedContent:
        """Keep contents for `ttl` seconds or until `expire_time`; Google's default is an hour.

        Of the options of a generation only `model`, `system`, `tools` and `tool_config` can be kept. It is
        not repeated when it is not known whether it succeeded: a second cache would be billed too.

        Raises:
            InvalidRequestError: the prompt is empty, or an option cannot be kept.
        """
        if others := sorted(options.keys() - _KEPT):
            raise refusal(
                f"a cache cannot keep {', '.join(others)}", suggestion="say it with each generation"
            )
        model = model_path(single_model(options) or self._api.endpoint.model)
        tools = Toolbox.of(options.get("tools") or ()).wire
        body: Json = {
            "model": model,
            **generate_body(prompt, options, tools=tools),
            **_life(ttl, expire_time),
        }
        if display_name:
            body["displayName"] = display_name
        made = await self._api.post("cachedContents", body, operation="caches.create")
        return CachedContent.from_wire(made)

    async def get(self, cache: Named | str) -> CachedContent:
        """What is known of a cache now."""
        found = await self._api.get(_path(cache), operation="caches.get")
        return CachedContent.from_wire(found)

    def list(self, *, page_size: int | None = None) -> Pages[CachedContent]:
        """All caches, page by page as you iterate."""
        return pages(self._api, "cachedContents", CachedContent.from_wire, page_size)

    async def update(
        self, cache: Named | str, *, ttl: float | None = None, expire_time: datetime | None = None
    ) -> CachedContent:
        """Let it live for `ttl` seconds from now, or until `expire_time`; nothing else can be changed.

        Raises:
            InvalidRequestError: neither is given, or both.
        """
        life = _life(ttl, expire_time)
        if not life:
            raise refusal("say how long: ttl= in seconds, or expire_time=")
        return CachedContent.from_wire(await self._api.patch(_path(cache), life, operation="caches.update"))

    async def delete(self, cache: Named | str) -> None:
        """Remove a cache before its time."""
        await self._api.delete(_path(cache), operation="caches.delete")

    def __repr__(self) -> str:
        return f"<Caches of {self._api.channel.name}>"


def _path(cache: Named | str) -> str:
    return resource_path("cachedContents", cache)


def _life(ttl: float | None, expire_time: datetime | None) -> Json:
    if ttl is not None and expire_time is not None:
        raise refusal("ttl and expire_time say the same: give one of them")
    if ttl is not None:
        if not 0 < ttl < float("inf"):
            raise refusal("ttl takes seconds above 0")
        return {"ttl": f"{ttl:.9f}".rstrip("0").rstrip(".") + "s"}
    if expire_time is None:
        return {}
    if expire_time.tzinfo is None:
        raise refusal("expire_time needs a time zone", suggestion="for example datetime.now(UTC)")
    return {"expireTime": expire_time.astimezone(UTC).isoformat().replace("+00:00", "Z")}
