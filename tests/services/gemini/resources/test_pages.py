"""Listings of any length."""

from collections.abc import Callable
from typing import Any

import pytest

from viber.errors import InvalidRequestError, ServerError
from viber.testing import Reply

Build = Callable[..., Any]


def page(*names: str, then: str = "") -> Reply:
    return Reply(json={"files": [{"name": name} for name in names], "nextPageToken": then})


async def test_pages_are_fetched_as_they_are_needed(build: Build) -> None:
    """Each by the token of the one before, which is percent-encoded."""
    rig = build(page("a", "b", then="+/="), page(then="x"), page("c"))
    walk = aiter(rig.gemini.files.list(page_size=2))
    assert (await anext(walk)).name == "a"
    assert len(rig.transport.requests) == 1
    assert [file.name async for file in walk] == ["b", "c"]
    queries = [request.url.partition("/v1beta/")[2] for request in rig.transport.requests]
    assert queries == [
        "files?pageSize=2",
        "files?pageSize=2&pageToken=%2B%2F%3D",
        "files?pageSize=2&pageToken=x",
    ]


async def test_each_iteration_starts_anew(build: Build) -> None:
    """The listing is a value, not a reader that is used up."""
    rig = build(page("a"), page("a"))
    files = rig.gemini.files.list()
    assert [file.name async for file in files] == [file.name async for file in files] == ["a"]


async def test_an_empty_listing(build: Build) -> None:
    """Google leaves the field out."""
    assert [file async for file in build(Reply(json={})).gemini.files.list()] == []


async def test_a_failed_page_is_retried_and_then_told(build: Build) -> None:
    """What came before it was delivered; nothing is skipped."""
    rig = build(page("a", then="x"), Reply(503), page("b", then="y"), Reply(400))
    seen: list[str] = []

    async def walk() -> None:
        async for file in rig.gemini.files.list():
            seen.append(file.name)  # noqa: PERF401 - what came before the error is kept

    with pytest.raises(InvalidRequestError):
        await walk()
    assert seen == ["a", "b"]


async def test_a_listing_that_goes_in_circles_ends(build: Build) -> None:
    """A token that was given out before leads back."""
    rig = build(page(then="x"), page(then="y"), page(then="x"))
    with pytest.raises(ServerError, match="round in circles"):
        _ = [file async for file in rig.gemini.files.list()]


async def test_a_page_of_nothing_is_refused(build: Build) -> None:
    """Before anything is sent."""
    with pytest.raises(InvalidRequestError, match="page_size"):
        build().gemini.files.list(page_size=0)


def test_what_is_asked_shows_whose_it_is(build: Build) -> None:
    """Nothing secret, and no internals."""
    gemini = build().gemini
    shown = [repr(each) for each in (gemini.files, gemini.caches, gemini.batches, gemini.models)]
    assert shown == ["<Files of gemini>", "<Caches of gemini>", "<Batches of gemini>", "<Models of gemini>"]
    assert repr(gemini.files.list()) == "<Pages of files>"
