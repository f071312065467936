"""Contents that Google keeps."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from viber.errors import InvalidRequestError, TransportError
from viber.services.gemini import CachedContent, GeminiNotFoundError
from viber.testing import Fail, Reply

Build = Callable[..., Any]
MADE = Reply(json={"name": "cachedContents/a", "usageMetadata": {"totalTokenCount": 9}})


def body(rig: Any) -> Any:
    return json.loads(rig.sent.body)


async def test_a_cache_is_made_of_what_a_generation_begins_with(build: Build) -> None:
    """Contents, instruction and tools, for a model, and for how long."""
    rig = build(MADE)
    tools = [{"googleSearch": {}}]
    made = await rig.gemini.caches.create(
        "The manual", system="Be brief", tools=tools, ttl=90.5, display_name="m"
    )
    assert (made.name, made.tokens) == ("cachedContents/a", 9)
    assert body(rig) == {
        "model": "models/gemini-flash-latest",
        "contents": [{"parts": [{"text": "The manual"}], "role": "user"}],
        "systemInstruction": {"parts": [{"text": "Be brief"}]},
        "tools": tools,
        "ttl": "90.5s",
        "displayName": "m",
    }


async def test_an_end_may_be_a_moment(build: Build) -> None:
    """In any time zone."""
    rig = build(MADE)
    end = datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    await rig.gemini.caches.create("x", expire_time=end)
    assert body(rig)["expireTime"] == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "options",
    [
        {"ttl": 0},
        {"ttl": float("inf")},
        {"ttl": 5, "expire_time": datetime(2026, 1, 1, tzinfo=UTC)},
        {"expire_time": datetime(2026, 1, 1)},  # noqa: DTZ001 - that is the case
        {"temperature": 0.5},
        {"model": ["gemini-2.5-pro", "gemini-2.5-flash"]},
    ],
)
async def test_what_cannot_be_kept_is_refused(build: Build, options: Any) -> None:
    """A lifetime that is none, one without a time zone, an option of the generation itself."""
    with pytest.raises(InvalidRequestError):
        await build().gemini.caches.create("x", **options)


async def test_making_one_is_not_repeated_when_it_may_have_been_made(build: Build) -> None:
    """A second one would be billed too."""
    rig = build(Fail(lambda: TransportError("reset")))
    with pytest.raises(TransportError, match="the server may have acted"):
        await rig.gemini.caches.create("x")
    assert len(rig.transport.requests) == 1


async def test_an_update_says_how_long(build: Build) -> None:
    """Nothing else."""
    rig = build(MADE)
    await rig.gemini.caches.update("a", ttl=60)
    assert (rig.sent.method, body(rig)) == ("PATCH", {"ttl": "60s"})
    with pytest.raises(InvalidRequestError, match="how long"):
        await rig.gemini.caches.update("a")


def test_an_answer_without_numbers_has_no_tokens() -> None:
    """Nothing is made up."""
    assert CachedContent.from_wire({"name": "cachedContents/a"}).tokens == 0


async def test_against_the_sandbox(live: Any) -> None:
    """Made, used, prolonged, listed, deleted."""
    caches = live.gemini.caches
    made = await caches.create("one two three", ttl=60)
    longer = await caches.update(made, ttl=600)
    assert longer.expire_time - made.expire_time > timedelta(minutes=8)
    answer = await live.gemini.generate_content("count to 2", cached_content=made.name)
    assert answer.usage.cached_tokens > 0
    assert [each.name async for each in caches.list()] == [made.name]
    assert (await caches.get(made)).tokens == 3
    await caches.delete(made)
    with pytest.raises(GeminiNotFoundError):
        await caches.get(made)
