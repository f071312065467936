"""What a span may show of a URL."""

from __future__ import annotations

import pytest

from viber.integrations.opentelemetry._url import server_of, shown_url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://h/v1/m:generateContent?key=AIza-1", "https://h/v1/m:generateContent?key=REDACTED"),
        ("https://h/t?or=(a.eq.1)&limit=3&flag", "https://h/t?or=REDACTED&limit=3&flag"),
        ("https://user:pw@h/t", "https://h/t"),
        ("https://h/upload?upload_id=abc&alt=json", "https://h/upload?upload_id=REDACTED&alt=json"),
        ("https://h/sb_secret_abc/t", "https://h/[redacted]/t"),
        ("https://h", "https://h"),
    ],
)
def test_values_are_left_out(url: str, shown: str) -> None:
    """Except those that programmers write: which columns, in which order, how many."""
    assert shown_url(url) == shown


def test_a_long_url_is_cut() -> None:
    """A span is no place for a thousand columns, and the cut is visible."""
    shown = shown_url("https://h/t?select=" + "a" * 5000)
    assert len(shown) == 1025
    assert shown.endswith("…")


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("http://127.0.0.1:3000/x", ("127.0.0.1", 3000)),
        ("http://h?x=1", ("h", 80)),
        ("https://u:p@[::1]/x", ("::1", 443)),
        ("unix://h/x", ("h", None)),
    ],
)
def test_a_server_is_a_host_and_a_port(url: str, server: tuple[str, int | None]) -> None:
    """The port by the scheme where the URL says none."""
    assert server_of(url) == server
