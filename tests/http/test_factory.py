"""Which transport a base URL gets."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import httpx
import pytest

from viber.errors import ConfigurationError, InvalidRequestError, TransportError
from viber.http import ConnectionPool, HttpConfig, HttpxTransport, Request, Response, create_transport

BASE = "https://api.example.com/rest/v1"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_a_pool_by_default() -> None:
    """Nothing special: the pool."""
    assert isinstance(create_transport(HttpConfig(), BASE), ConnectionPool)


@pytest.mark.parametrize("trust", [True, False], ids=["trusted", "not trusted"])
async def test_the_environment_is_trusted_if_said(
    raw: Any, monkeypatch: pytest.MonkeyPatch, *, trust: bool
) -> None:
    """The proxy of the environment is used, unless `trust_env` is off."""
    proxy = await raw.serve(raw.always(raw.answer(b"by proxy")))
    monkeypatch.setenv("HTTP_PROXY", proxy.url())
    url = "http://no-such-host.invalid/"
    transport = create_transport(HttpConfig(trust_env=trust), url)
    with nullcontext() if trust else pytest.raises(TransportError, match="could not be resolved"):
        assert (await transport.send(Request("GET", url))).body == b"by proxy"
    assert len(proxy.requests) == trust
    await transport.aclose()


@pytest.mark.parametrize("base_url", ["api.example.com", "ftp://api.example.com", ""])
def test_a_base_url_that_is_none(base_url: str) -> None:
    """A malformed base URL is refused before anything is made."""
    with pytest.raises(InvalidRequestError):
        create_transport(HttpConfig(), base_url)


def test_a_broken_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A malformed proxy variable is a configuration error, not a failed request later."""
    monkeypatch.setenv("HTTPS_PROXY", "gopher://secret@x")
    with pytest.raises(ConfigurationError) as caught:
        create_transport(HttpConfig(), BASE)
    assert "secret" not in str(caught.value)


def test_httpx_is_wrapped() -> None:
    """An httpx transport is carried by an `HttpxTransport`."""
    mock = httpx.MockTransport(lambda request: httpx.Response(200))
    assert isinstance(create_transport(HttpConfig(), BASE, http=mock), HttpxTransport)


async def test_what_is_injected_is_never_closed() -> None:
    """Closing leaves an injected transport or client open."""

    class Own:
        is_closed = False

        async def send(self, request: Request) -> Response:
            return Response(200, {}, b"own")

        async def open(self, request: Request) -> Any:
            return self

        async def aclose(self) -> None:
            self.is_closed = True

    own = Own()
    async with httpx.AsyncClient(
        transport=httpx.MockTransport(lambda request: httpx.Response(200))
    ) as client:
        for http in (own, client):
            transport = create_transport(HttpConfig(), BASE, http=http)
            assert (await transport.send(Request("GET", BASE))).status == 200
            await transport.aclose()
        assert await create_transport(HttpConfig(), BASE, http=own).open(Request("GET", BASE)) is own
        assert not own.is_closed
        assert not client.is_closed
        assert repr(create_transport(HttpConfig(), BASE, http=own)).startswith("<Borrowed(")
