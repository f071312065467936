"""What a user brings along: applications, mocks, and clients with a life of their own."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import httpx
import pytest

from viber.errors import BaseError, Delivery
from viber.http import HttpConfig, HttpxTransport, Request


async def test_an_application_is_called_in_memory() -> None:
    """An ASGI application answers without a socket."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        await send(
            {"type": "http.response.start", "status": 201, "headers": [(b"x-path", scope["raw_path"])]}
        )
        await send({"type": "http.response.body", "body": body.upper()})

    transport = HttpxTransport(httpx.ASGITransport(app))
    response = await transport.send(Request("POST", "http://app/a%2Fb", body=b"hello"))
    assert (response.status, response.headers["x-path"], response.body) == (201, "/a%2Fb", b"HELLO")
    await transport.aclose()


async def test_an_applications_own_exception_passes() -> None:
    """What is no failure of the network is not made one."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise KeyError("a defect")

    with pytest.raises(KeyError, match="a defect"):
        await HttpxTransport(httpx.ASGITransport(app)).send(Request("GET", "http://app/"))


FAILURES = [
    (httpx.ConnectError("x"), "transport.connect", Delivery.NOT_SENT),
    (httpx.ConnectTimeout("x"), "timeout.connect", Delivery.NOT_SENT),
    (httpx.PoolTimeout("x"), "timeout.pool", Delivery.NOT_SENT),
    (httpx.ProxyError("x"), "transport.proxy", Delivery.NOT_SENT),
    (httpx.UnsupportedProtocol("x"), "request.malformed", Delivery.NOT_SENT),
    (httpx.LocalProtocolError("x secret"), "request.malformed", Delivery.NOT_SENT),
    (httpx.ReadTimeout("x"), "timeout.read", Delivery.UNKNOWN),
    (httpx.WriteTimeout("x"), "timeout.read", Delivery.UNKNOWN),
    (httpx.ReadError("x"), "transport.reset", Delivery.UNKNOWN),
    (httpx.WriteError("x"), "transport.reset", Delivery.UNKNOWN),
    (httpx.CloseError("x"), "transport.reset", Delivery.UNKNOWN),
    (httpx.RemoteProtocolError("x"), "transport.protocol", Delivery.UNKNOWN),
    (ConnectionResetError("x"), "transport.reset", Delivery.UNKNOWN),
]


@pytest.mark.parametrize(("failure", "code", "delivery"), FAILURES, ids=lambda value: type(value).__name__)
async def test_every_failure_of_httpx_has_its_error(
    failure: Exception, code: str, delivery: Delivery
) -> None:
    """No exception of httpx escapes, and each says whether the request may have arrived."""

    def fail(request: httpx.Request) -> httpx.Response:
        raise failure

    with pytest.raises(BaseError) as caught:
        await HttpxTransport(httpx.MockTransport(fail)).send(Request("GET", "http://host/"))
    assert (caught.value.code, caught.value.delivery) == (code, delivery)
    assert caught.value.__cause__ is failure
    assert "secret" not in f"{caught.value!r} {caught.value.debug_message}"


async def test_a_clients_own_limits_stay_in_force(raw: Any) -> None:
    """A client's time limits are its own, and nothing of it is merged into a request."""
    server = await raw.serve(raw.always(raw.answer()))
    async with httpx.AsyncClient(timeout=httpx.Timeout(5, read=0.02), headers={"x-client": "1"}) as client:
        transport = HttpxTransport(client)
        await transport.send(Request("GET", server.url()))
        assert b"x-client" not in server.requests[0]
        server.handler = raw.silent
        await asyncio.sleep(0)
        server.writers.pop().transport.abort()
        with pytest.raises(BaseError) as caught:
            await transport.send(Request("GET", server.url()))
        assert caught.value.code in {"timeout.read", "transport.reset"}


async def test_a_lost_stream_is_closed_and_told(raw: Any) -> None:
    """A stream that is dropped open warns, and its connection is closed."""
    server = await raw.serve(raw.always(raw.answer(b"x" * 1_000_000)))
    async with httpx.AsyncHTTPTransport() as handler:
        transport = HttpxTransport(handler, HttpConfig())
        streams = [await transport.open(Request("GET", server.url()))]
        with pytest.warns(ResourceWarning, match="neither read to its end nor closed"):
            streams.clear()
        await server.empty()
        await transport.aclose()
        gc.collect()


async def test_a_handler_that_will_not_end_is_waited_for_only_so_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A cancellation waits for the handler to end, within a bound."""
    monkeypatch.setattr("viber.http._httpx_answer.CLEAN_UP", 0.02)
    begun, release = asyncio.Event(), asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        begun.set()
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue
        await send({"type": "http.response.start", "status": 200, "headers": []})

    transport = HttpxTransport(httpx.ASGITransport(app))
    task = asyncio.create_task(transport.send(Request("GET", "http://app/")))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert repr(transport) == "<HttpxTransport(busy=0)>"
    release.set()
    await transport.aclose()
