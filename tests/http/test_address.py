"""URLs are taken apart, not repaired."""

from __future__ import annotations

import pytest

from viber.errors import InvalidRequestError
from viber.http._address import parse_origin, split_url


@pytest.mark.parametrize(
    ("url", "target", "authority", "where"),
    [
        ("https://api.example.com", "/", "api.example.com", "api.example.com:443"),
        ("http://api.example.com:80/x", "/x", "api.example.com", "api.example.com:80"),
        ("http://api.example.com:443/x", "/x", "api.example.com:443", "api.example.com:443"),
        ("HTTPS://API.Example.com/X", "/X", "api.example.com", "api.example.com:443"),
        ("http://h?a=b", "/?a=b", "h", "h:80"),
        ("http://h/a%20b?c={1,2}&d=(e.f,g)|h~'*!$", "/a%20b?c={1,2}&d=(e.f,g)|h~'*!$", "h", "h:80"),
        ("http://[::1]:8080/", "/", "[::1]:8080", "::1:8080"),
    ],
)
def test_parts(url: str, target: str, authority: str, where: str) -> None:
    """Origin and target are what stands in the URL; the target is not changed in any way."""
    origin, found = split_url(url)
    address = parse_origin(origin)
    assert (found, address.authority, str(address)) == (target, authority, where)


@pytest.mark.parametrize(
    "url",
    ["http://", "http:///x", "http://h/\n", "http://h/é", 'http://h/"', "http://h\\x", "http://h/\\x", "x"],
)
def test_malformed(url: str) -> None:
    """What is no absolute, encoded http URL is refused."""
    with pytest.raises(InvalidRequestError):
        parse_origin(split_url(url)[0])
