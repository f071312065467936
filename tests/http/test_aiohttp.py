"""The transport that is only there with its package: chosen by name, and honest about what it cannot do."""

from __future__ import annotations

import subprocess
import sys

import pytest
from aiohttp import http_parser
from hypothesis import given
from hypothesis import strategies as st

from viber.errors import ConfigurationError
from viber.http import ConnectionPool, HttpConfig
from viber.http import _aiohttp_parser as parser

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_it_is_imported_only_when_it_is_asked_for() -> None:
    """Neither importing viber nor a default pool imports aiohttp, though it is installed."""
    program = (
        "import sys, viber\n"
        "from viber.http import ConnectionPool, HttpConfig\n"
        "ConnectionPool(HttpConfig())\n"
        "assert 'aiohttp' not in sys.modules\n"
        "ConnectionPool(HttpConfig(transport='aiohttp'))\n"
        "assert 'aiohttp' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without aiohttp the configuration is refused, and the error names the extra."""
    for module in [name for name in sys.modules if name.startswith("viber.http._aiohttp")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.delattr("viber.http._aiohttp", raising=False)
    monkeypatch.delattr("viber.http._aiohttp_parser", raising=False)
    monkeypatch.setitem(sys.modules, "aiohttp.http_parser", None)
    with pytest.raises(ConfigurationError, match="not installed") as caught:
        ConnectionPool(HttpConfig(transport="aiohttp"))
    assert "viber-integration[aiohttp]" in caught.value.suggestion


def test_an_unknown_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A parser that does not do what it did is refused before the first request."""

    def other(*args: object, **kwargs: object) -> None:
        raise TypeError("unexpected keyword argument")

    other.__module__ = "aiohttp._http_parser"
    monkeypatch.setattr(parser, "HttpResponseParser", other)
    with pytest.raises(ConfigurationError, match="version of aiohttp"):
        ConnectionPool(HttpConfig(transport="aiohttp"))


def test_a_parser_that_is_not_in_c_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """An aiohttp without its extensions parses otherwise, and slowly: it is not taken in silence."""
    monkeypatch.setattr(parser, "HttpResponseParser", http_parser.HttpResponseParserPy)
    with pytest.raises(ConfigurationError, match="no parser in C"):
        ConnectionPool(HttpConfig(transport="aiohttp"))


def test_socks_is_refused() -> None:
    """It speaks to no SOCKS proxy, and says what does."""
    with pytest.raises(ConfigurationError, match="SOCKS") as caught:
        ConnectionPool(HttpConfig(transport="aiohttp", proxy="socks5://user:secret@127.0.0.1:1080"))
    assert "httpcore" in caught.value.suggestion
    assert "secret" not in f"{caught.value!r}"


@given(chunks=st.lists(st.binary(min_size=1, max_size=50), max_size=8), size=st.integers(1, 30))
def test_chunks_at_any_cut(chunks: list[bytes], size: int) -> None:
    """However the bytes are cut, the chunks are the same, and the end is seen when it is there."""
    data = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    body = parser.HeadParser().parse(HEAD).body(b"GET")
    taken = b""
    for at in range(0, len(data), size):
        assert not body.is_done
        taken += body.take(data[at : at + size])
    assert (taken, body.is_done, body.is_clean) == (b"".join(chunks), True, True)


@given(length=st.integers(1, 100), data=st.binary(min_size=1, max_size=150))
def test_a_measured_body_takes_what_is_its_own(length: int, data: bytes) -> None:
    """No byte behind the declared length is taken, and one that is there is noticed."""
    body = parser.HeadParser().parse(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length).body(b"GET")
    assert body.take(data) == data[:length]
    assert (body.is_done, body.is_clean) == (len(data) >= length, len(data) <= length)
