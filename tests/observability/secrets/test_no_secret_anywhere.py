"""Secrets of every kind are sent through everything that shows something, and none comes out."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import pytest

from viber.dashboard import Dashboard
from viber.errors import BaseError
from viber.http import Request
from viber.integrations.fastapi import error_response
from viber.integrations.prometheus import exposition
from viber.services.gemini import AccessToken

Leaks = Callable[[str], list[str]]


def shown_of(error: BaseError) -> Iterator[str]:
    """Every way to look at an error."""
    yield from (str(error), repr(error), repr(vars(error)), repr(error.args))
    yield error.to_response().model_dump_json(by_alias=True)
    yield pickle.dumps(error).decode("latin-1")
    yield repr(pickle.loads(pickle.dumps(error)))
    yield "".join(traceback.format_exception(error))


async def test_no_error_shows_one(weary: Any, leaks: Leaks) -> None:
    """Neither in its words, fields and notes, nor in its answer, its pickle, its causes and its traceback."""
    assert len(weary.errors) > 40
    assert not [
        (error, found) for error in weary.errors for text in shown_of(error) if (found := leaks(text))
    ]


@pytest.mark.parametrize("style", ["problem", "response"])
async def test_no_answer_of_an_application_shows_one(weary: Any, leaks: Leaks, style: Any) -> None:
    """What a browser gets, header fields and body."""
    answers = [error_response(error, style=style) for error in weary.errors]
    texts = [f"{bytes(answer.body).decode()} {answer.raw_headers}" for answer in answers]
    assert not [found for text in texts if (found := leaks(text))]


async def test_no_line_of_the_library_holds_one(weary: Any, leaks: Leaks) -> None:
    """At every level, and before any formatter or filter has looked at it."""
    assert {record.levelname for record in weary.records} >= {"DEBUG", "WARNING"}
    texts = [f"{record.getMessage()} {vars(record)}" for record in weary.records]
    assert not [text for text in texts if leaks(text)]


async def test_no_event_shows_one(weary: Any, leaks: Leaks) -> None:
    """Their errors have a repr too."""
    assert len(weary.events.events) > 100
    assert not leaks(repr(weary.events.events))


async def test_no_span_holds_one(weary: Any, leaks: Leaks) -> None:
    """Neither its attributes, nor its events, nor what it says of a failure."""
    spans = weary.exporter.get_finished_spans()
    assert len(spans) > 100
    assert not [found for span in spans if (found := leaks(span.to_json()))]


async def test_no_number_is_counted_under_one(weary: Any, leaks: Leaks) -> None:
    """Labels, snapshots, and what Prometheus reads."""
    metrics = weary.services.metrics()
    assert metrics["supabase"].calls > 20
    assert not leaks(repr(metrics))
    assert not leaks(exposition(weary.services.metrics, health=weary.services.health).decode())
    assert not leaks(repr(weary.services.get_all_circuit_breaker_states()))


async def test_no_page_shows_one(world: Any, leaks: Leaks) -> None:
    """Whoever watches while everything goes wrong sees that it does, and no more."""
    async with Dashboard(world.services, local_only=False) as page:
        await world.break_everything()
        await world.ask_for_health()
        transport = httpx.ASGITransport(page)
        async with httpx.AsyncClient(transport=transport, base_url="http://page") as browser:
            picture = (await browser.get("/api/snapshot")).text
    assert "select users" in picture
    assert not leaks(picture)


async def test_no_check_of_health_shows_one(world: Any, leaks: Leaks) -> None:
    """The server's own words are part of its report."""
    one, other = await world.ask_for_health()
    assert "card [redacted]" in repr(one)
    assert not leaks(f"{one} {other}")


async def test_no_object_shows_one(world: Any, leaks: Leaks, seeds: Mapping[str, str]) -> None:
    """Configurations, services, views, queries, streams and requests, by repr, str and JSON."""
    gemini = world.models[1]
    objects = [*world.configurations, world.services, *world.views, *world.models]
    objects += [gemini.stream("hello"), gemini.chat(), gemini.files, AccessToken(seeds["access token"])]
    objects += [Request("GET", "https://h", (("apikey", seeds["anon key"]),), b"body")]
    for view in world.views:
        users = view.table("users")
        objects += [users, users.select().eq("id", 7), view.rpc("add", {"a": 1}, method="GET")]
    objects += [vars(each) for each in (*world.views, *world.models)]
    assert not [found for each in objects for text in (repr(each), str(each)) if (found := leaks(text))]
    assert not [each for each in world.configurations[1:3] if leaks(each.model_dump_json())]
