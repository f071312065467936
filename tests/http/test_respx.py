"""Tests that are written for httpx keep working: respx stands in for httpcore."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import respx

from viber.errors import BaseError, Delivery
from viber.http import Request

pytestmark = pytest.mark.parametrize("make", ["httpcore", "httpx"], indirect=True)


async def test_an_answer_is_mocked(transport: Any) -> None:
    """A mocked route answers, and sees the request as it would go out."""
    with respx.mock(base_url="https://api.example.com") as router:
        route = router.post("/items", params={"a": "1"}).respond(201, json={"id": 7})
        response = await transport.send(
            Request("POST", "https://api.example.com/items?a=1", (("apikey", "k"),), b"body")
        )
    assert (response.status, response.body) == (201, b'{"id":7}')
    sent = route.calls.last.request
    assert (sent.headers["apikey"], sent.content) == ("k", b"body")


@pytest.mark.parametrize(
    ("effect", "code", "delivery"),
    [
        (httpx.ConnectError, "transport.connect", Delivery.NOT_SENT),
        (httpx.ConnectTimeout, "timeout.connect", Delivery.NOT_SENT),
        (httpx.ReadTimeout, "timeout.read", Delivery.UNKNOWN),
        (httpx.ReadError, "transport.reset", Delivery.UNKNOWN),
        (ConnectionResetError, "transport.reset", Delivery.UNKNOWN),
    ],
)
async def test_a_failure_is_mocked(
    transport: Any, effect: type[Exception], code: str, delivery: Delivery
) -> None:
    """A mocked failure becomes the same typed error as a real one."""
    with respx.mock() as router:
        router.get("https://api.example.com/").mock(side_effect=effect)
        with pytest.raises(BaseError) as caught:
            await transport.send(Request("GET", "https://api.example.com/"))
    assert (caught.value.code, caught.value.delivery) == (code, delivery)


async def test_a_stream_is_mocked(transport: Any) -> None:
    """A mocked body can be streamed."""
    with respx.mock() as router:
        router.get("http://api.example.com/").respond(content=b"data: 1\n\n")
        stream = await transport.open(Request("GET", "http://api.example.com/"))
        assert [await stream.read(), await stream.read()] == [b"data: 1\n\n", b""]
        await stream.aclose()


async def test_a_connection_that_was_kept_is_not_used(raw: Any, transport: Any) -> None:
    """A mock is asked although a real connection to the same server stands ready."""
    server = await raw.serve(raw.always(raw.answer(b"real")))
    bodies: list[bytes] = [(await transport.send(Request("GET", server.url()))).body]
    with respx.mock() as router:
        router.get(server.url()).respond(content=b"mocked")
        bodies.append((await transport.send(Request("GET", server.url()))).body)
    bodies.append((await transport.send(Request("GET", server.url()))).body)
    assert bodies == [b"real", b"mocked", b"real"]
