import json
from collections.abc import Callable
from typing import Any

import pytest

from viber.http import Request
from viber.services.gemini import AccessToken, GeminiAuthenticationError
from viber.services.gemini.access._access import Access
from viber.services.gemini.access._signing import SignedTransport
from viber.testing import Chunks, FakeClock, Reply, ScriptedTransport

Build = Callable[..., Any]
OK = Reply(json={"candidates": [{"content": {"parts": [{"text": "a"}]}, "finishReason": "STOP"}]})
EVENT = b'data: {"candidates": [{"content": {"parts": [{"text": "a"}]}, "finishReason": "STOP"}]}\n\n'
REFUSED = Reply(401, json={"error": {"code": 401, "message": "expired", "status": "UNAUTHENTICATED"}})


def tokens(*values: str) -> Callable[[], Any]:
    """A source of these."""
    script = list(values)

    async def source() -> AccessToken:
        return AccessToken(script.pop(0), expires_in=3600.0)

    return source


def bearers(rig: Any) -> list[str | None]:
    return [dict(request.headers).get("authorization") for request in rig.transport.requests]


async def test_a_token_goes_in_place_of_a_key(build: Build) -> None:
    """In the header of every request."""
    rig = build(OK, Chunks([EVENT]), Reply(json={"totalTokens": 1}), token=tokens("one"))
    await rig.gemini.generate_text("hi")
    async with rig.gemini.stream("hi") as pieces:
        assert [piece.text async for piece in pieces] == ["a"]
    await rig.gemini.count_tokens("hi")
    assert bearers(rig) == ["Bearer one"] * 3
    assert not any("x-goog-api-key" in dict(request.headers) for request in rig.transport.requests)


async def test_views_share_the_token(build: Build) -> None:
    """It is fetched once."""
    rig = build(OK, OK, token=tokens("one"))
    for view in (rig.gemini, rig.gemini.with_options(label="x").with_models("m")):
        await view.generate_text("hi")
    assert bearers(rig) == ["Bearer one"] * 2


async def test_a_refused_token_is_replaced(build: Build) -> None:
    """Within the attempt: nothing was done, so nothing is done twice."""
    rig = build(REFUSED, OK, token=tokens("old", "new"), repeat_generation=False)
    assert await rig.gemini.generate_text("hi") == "a"
    assert bearers(rig) == ["Bearer old", "Bearer new"]


async def test_a_stream_gets_a_new_token_too(build: Build) -> None:
    """The connection of the refusal is dropped."""
    rig = build(REFUSED, Chunks([EVENT]), token=tokens("old", "new"))
    async with rig.gemini.stream("hi") as pieces:
        assert [piece.text async for piece in pieces] == ["a"]
    assert bearers(rig) == ["Bearer old", "Bearer new"]
    assert rig.transport.open_streams == 0


async def test_a_token_that_is_refused_again_is_an_error(build: Build) -> None:
    """One replacement is enough."""
    rig = build(REFUSED, REFUSED, token=tokens("old", "new"))
    with pytest.raises(GeminiAuthenticationError):
        await rig.gemini.generate_text("hi")
    assert len(rig.transport.requests) == 2


async def test_a_token_goes_home_only() -> None:
    """A request to another place goes as it is, though its address may begin alike."""
    inner = ScriptedTransport(otherwise=Reply())
    transport = SignedTransport(inner, Access(tokens("one"), FakeClock()), "https://home")
    for url in ("https://home.evil/x", "https://elsewhere/home", "https://home/x"):
        await transport.send(Request("GET", url))
        (await transport.open(Request("GET", url))).abort()
    signed = [dict(request.headers).get("authorization") for request in inner.requests]
    assert signed == [None] * 4 + ["Bearer one"] * 2


async def test_a_token_replaces_a_header_of_its_name() -> None:
    """Two of them would be malformed."""
    inner = ScriptedTransport(otherwise=Reply())
    transport = SignedTransport(inner, Access(tokens("one"), FakeClock()), "https://home")
    await transport.send(Request("GET", "https://home/x", (("Authorization", "Basic x"), ("a", "b"))))
    assert inner.requests[0].headers == (("a", "b"), ("authorization", "Bearer one"))


async def test_closing_it_closes_the_transport() -> None:
    """It has none of its own."""
    inner = ScriptedTransport()
    await SignedTransport(inner, Access(tokens(), FakeClock()), "https://home").aclose()
    assert inner.is_closed


async def test_the_body_is_sent_again_as_it_was(build: Build) -> None:
    """Only the token differs."""
    rig = build(REFUSED, OK, token=tokens("old", "new"))
    await rig.gemini.generate_text("hi")
    first, second = (json.loads(request.body) for request in rig.transport.requests)
    assert first == second
