"""Proxies: found in the environment, parsed without showing a password, and used."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme

from viber.errors import ConfigurationError, Delivery, TransportError
from viber.http import ConnectionPool, HttpConfig, Request
from viber.http._address import parse_origin
from viber.http._proxy import Proxy, find_proxy


async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def tunnel(visit: Any) -> None:
    """A proxy that lets everything through to where it is asked to."""
    head = await visit.reader.readuntil(b"\r\n\r\n")
    await visit.server.note(head)
    host, port = head.split()[1].decode().split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    await visit.say(b"HTTP/1.1 200 Connection established\r\n\r\n")
    await asyncio.gather(relay(visit.reader, writer), relay(reader, visit.writer), return_exceptions=True)


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


async def test_plain_http_is_forwarded(raw: Any, engine: Any) -> None:
    """A plain request goes to the proxy in absolute form, with the credentials of its URL."""
    proxy = await raw.serve(raw.always(raw.answer(b"by proxy")))
    url = f"http://user:p%40ss@127.0.0.1:{proxy.port}"
    pool = ConnectionPool(HttpConfig(proxy=url, trust_env=False, transport=engine))
    for _ in range(2):
        response = await pool.send(Request("GET", "http://api.example.com/x?y=1"))
        assert response.body == b"by proxy"
    head = proxy.requests[0].decode()
    assert head.startswith("GET http://api.example.com/x?y=1 HTTP/1.1\r\n")
    assert "proxy-authorization: basic dxnlcjpwqhnz" in head.lower()
    assert proxy.visits == 1
    await pool.aclose()


async def test_https_goes_through_a_tunnel(
    raw: Any, authority: trustme.CA, tmp_path: Path, engine: Any
) -> None:
    """An https request is tunnelled, and the tunnel kept and used again."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = await raw.serve(raw.always(raw.answer()), tls=context)
    proxy = await raw.serve(tunnel)
    config = HttpConfig(proxy=proxy.url(), ca_file=tmp_path / "ca.pem", trust_env=False, transport=engine)
    pool = ConnectionPool(config)
    for _ in range(2):
        assert (await pool.send(Request("GET", server.url("/secret"), (("apikey", "k"),)))).body == b"ok"
    assert (proxy.visits, server.visits) == (1, 1)
    assert b"secret" not in proxy.requests[0]
    await pool.aclose()
    await proxy.empty()


async def socks(visit: Any) -> None:
    """A SOCKS5 proxy with user and password, which answers for every host itself."""
    read = visit.reader.readexactly
    _, count = await read(2)
    assert 2 in await read(count)
    await visit.say(b"\x05\x02")
    _, length = await read(2)
    user = await read(length)
    password = await read((await read(1))[0])
    await visit.say(b"\x01\x00")
    assert await read(4) == b"\x05\x01\x00\x03"
    host = await read((await read(1))[0])
    await read(2)
    await visit.say(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
    while True:
        await visit.request()
        body = b" ".join((user, password, host))
        await visit.say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))


async def test_socks(raw: Any) -> None:
    """A SOCKS proxy carries the requests, resolves the host, and its connection is kept."""
    proxy = await raw.serve(socks)
    url = f"socks5h://user:p%40ss@127.0.0.1:{proxy.port}"
    pool = ConnectionPool(HttpConfig(proxy=url, trust_env=False))
    for _ in range(2):
        assert (
            await pool.send(Request("GET", "http://api.example.com/"))
        ).body == b"user p@ss api.example.com"
    assert proxy.visits == 1
    await pool.aclose()


def socks_says(*words: bytes) -> Any:
    """A SOCKS5 proxy that answers what it is told with these words, one after the other, and hangs up."""

    async def handler(visit: Any) -> None:
        for word in words:
            assert await visit.reader.read(1024)
            await visit.say(word)

    return handler


_WELCOME, _CONNECTED = b"\x05\x00", b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"
_HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"
_FORBIDDEN = b"\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00"


@pytest.mark.parametrize(
    ("words", "code", "delivery"),
    [
        ([b""], "transport.proxy", Delivery.NOT_SENT),
        ([b"\x05\xff"], "transport.proxy", Delivery.NOT_SENT),
        ([_WELCOME, b""], "transport.proxy", Delivery.NOT_SENT),
        ([_WELCOME, _FORBIDDEN], "transport.proxy", Delivery.NOT_SENT),
        ([_WELCOME, _CONNECTED, b""], "transport.reset", Delivery.UNKNOWN),
        ([_WELCOME, _CONNECTED, _HALF], "transport.read", Delivery.UNKNOWN),
    ],
    ids=["greeting", "refused", "request", "forbidden", "answer", "body"],
)
async def test_a_socks_proxy_that_hangs_up(
    raw: Any, words: list[bytes], code: str, delivery: Delivery
) -> None:
    """What fails before the proxy has connected was never sent, and nothing is left open."""
    proxy = await raw.serve(socks_says(*words))
    pool = ConnectionPool(HttpConfig(proxy=f"socks5h://127.0.0.1:{proxy.port}", trust_env=False))
    with pytest.raises(TransportError) as caught:
        await pool.send(Request("POST", "http://api.example.com/", body=b"x"))
    assert (caught.value.code, caught.value.delivery) == (code, delivery)
    assert "busy=0" in repr(pool)
    await pool.aclose()
    await proxy.empty()


async def test_a_refused_tunnel_was_not_sent(raw: Any, engine: Any) -> None:
    """A proxy that says no has not seen the request."""
    proxy = await raw.serve(raw.always(raw.answer(status="407 Proxy Authentication Required")))
    pool = ConnectionPool(HttpConfig(proxy=proxy.url(), trust_env=False, transport=engine))
    with pytest.raises(TransportError) as caught:
        await pool.send(Request("GET", "https://api.example.com/"))
    assert (caught.value.code, caught.value.delivery) == ("transport.proxy", Delivery.NOT_SENT)
    await pool.aclose()


async def test_a_tunnel_to_an_address_of_version_6(raw: Any, engine: Any) -> None:
    """Such an address stands in brackets, or its last group would be taken for the port."""
    proxy = await raw.serve(raw.always(raw.answer(status="403 Forbidden")))
    pool = ConnectionPool(HttpConfig(proxy=proxy.url(), trust_env=False, transport=engine))
    with pytest.raises(TransportError):
        await pool.send(Request("GET", "https://[2001:db8::1]/"))
    assert proxy.requests[0].startswith(b"CONNECT [2001:db8::1]:443 HTTP/1.1\r\n")
    await pool.aclose()


async def test_a_proxy_that_hangs_up_was_not_sent_the_request(raw: Any, engine: Any) -> None:
    """What a proxy was told to open a tunnel is no byte of the request."""
    proxy = await raw.serve(raw.once(b""))
    pool = ConnectionPool(HttpConfig(proxy=proxy.url(), trust_env=False, transport=engine))
    with pytest.raises(TransportError) as caught:
        await pool.send(Request("POST", "https://api.example.com/", body=b"x"))
    assert caught.value.delivery == Delivery.NOT_SENT
    await pool.aclose()


async def test_https_to_the_proxy_itself(
    raw: Any, authority: trustme.CA, tmp_path: Path, engine: Any
) -> None:
    """A proxy may speak https itself, for what it forwards and for what it tunnels."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = await raw.serve(raw.always(raw.answer(b"by tunnel")), tls=context)
    proxy = await raw.serve(tunnel, tls=context)
    forwarding = await raw.serve(raw.always(raw.answer(b"by proxy")), tls=context)
    for by, url, body in (
        (proxy, server.url(), b"by tunnel"),
        (forwarding, "http://x.invalid/", b"by proxy"),
    ):
        config = HttpConfig(proxy=by.url(), ca_file=tmp_path / "ca.pem", trust_env=False, transport=engine)
        pool = ConnectionPool(config)
        assert (await pool.send(Request("GET", url))).body == body
        await pool.aclose()


async def test_a_cancelled_tunnel_is_closed(raw: Any, engine: Any) -> None:
    """A request that is cancelled while the proxy thinks leaves nothing behind."""
    proxy = await raw.serve(raw.silent)
    pool = ConnectionPool(HttpConfig(proxy=proxy.url(), max_connections=1, trust_env=False, transport=engine))
    task = asyncio.create_task(pool.send(Request("GET", "https://api.example.com/")))
    await proxy.arrived(1)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait((task,))
    await proxy.empty()
    assert repr(pool) == "<ConnectionPool(idle=0, busy=0)>"
    await pool.aclose()


async def test_an_absent_proxy_is_named(unused_tcp_port: int, engine: Any) -> None:
    """If the proxy cannot be reached, the error speaks of the proxy, without its password."""
    pool = ConnectionPool(
        HttpConfig(proxy=f"http://u:secret@127.0.0.1:{unused_tcp_port}", trust_env=False, transport=engine)
    )
    with pytest.raises(TransportError) as caught:
        await pool.send(Request("GET", "http://api.example.com/"))
    assert f"the proxy 127.0.0.1:{unused_tcp_port}" in caught.value.message
    assert "secret" not in f"{caught.value!r} {caught.value.debug_message}"
    await pool.aclose()


@pytest.mark.parametrize("url", ["ftp://proxy", "proxy:8080", "http://", "http://proxy:0x", "http://próxy"])
def test_a_malformed_proxy(url: str) -> None:
    """A proxy URL that cannot be used is a configuration error that does not quote it."""
    with pytest.raises(ConfigurationError, match="cannot be used") as caught:
        ConnectionPool(HttpConfig(proxy=url))
    assert caught.value.__context__ is None


def test_socks_without_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """SOCKS says which package is missing; without it nothing else is tried."""
    monkeypatch.setattr("viber.http._proxy.find_spec", lambda name: None)
    with pytest.raises(ConfigurationError) as caught:
        Proxy.parse("socks5://127.0.0.1:1080")
    assert "httpx[socks]" in caught.value.suggestion


def test_a_proxy_does_not_show_its_password() -> None:
    """Neither a proxy nor a configuration shows the credentials of a proxy URL."""
    url = "http://user:secret@proxy.example:3128"
    assert "secret" not in repr(Proxy.parse(url)) + repr(HttpConfig(proxy=url))


@pytest.mark.parametrize(
    ("variables", "origin", "proxy"),
    [
        ({}, "https://api.example.com", None),
        ({"HTTPS_PROXY": "http://p:1"}, "https://api.example.com", "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1"}, "http://api.example.com", None),
        ({"HTTP_PROXY": "p:1"}, "http://api.example.com", "http://p:1"),
        ({"ALL_PROXY": "http://p:1"}, "https://api.example.com", "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "example.com"}, "https://api.example.com", None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, "https://api.example.com", None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "other.com"}, "https://api.example.com", "http://p:1"),
        ({"HTTP_PROXY": "http://p:1"}, "http://localhost:3000", None),
        ({"HTTP_PROXY": "http://p:1"}, "http://127.0.0.1:3000", None),
        ({"HTTP_PROXY": "http://p:1"}, "http://[::1]:3000", None),
    ],
)
def test_the_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], origin: str, proxy: str | None
) -> None:
    """The usual variables are obeyed, and this machine itself is never asked for through a proxy."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert find_proxy(parse_origin(origin)) == proxy
