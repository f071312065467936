"""What a span may show of a URL: where it goes, and none of the values that users put into it."""

from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from viber.observability import redact_text

_SHOWN: Final = frozenset({"alt", "columns", "limit", "offset", "on_conflict", "order", "pageSize", "select"})
"""What these say is written by programmers."""
_HIDDEN: Final = "REDACTED"
_LONGEST: Final = 1024
_PORTS: Final = {"http": 80, "https": 443}


@lru_cache(maxsize=64)
def _server_of(scheme: str, netloc: str) -> tuple[str, int | None]:
    parts = urlsplit(f"{scheme}://{netloc}")
    return parts.hostname or "", parts.port or _PORTS.get(scheme)


def server_of(url: str) -> tuple[str, int | None]:
    """Host and port.

    Example:
        >>> server_of("https://abc.supabase.co/rest/v1/users?id=eq.7")
        ('abc.supabase.co', 443)
    """
    scheme, _, rest = url.partition("://")
    return _server_of(scheme, rest.partition("/")[0].partition("?")[0])


def shown_url(url: str) -> str:
    """The URL without credentials, and without the values of filters, keys and tokens.

    Example:
        >>> shown_url("https://abc.supabase.co/rest/v1/users?select=id&email=eq.ada@example.com")
        'https://abc.supabase.co/rest/v1/users?select=id&email=REDACTED'
    """
    place, mark, query = url.partition("?")
    shown = f"{_shown_place(place)}{mark}{'&'.join(map(_shown_pair, query.split('&')))}"
    return shown if len(shown) <= _LONGEST else shown[:_LONGEST] + "…"


@lru_cache(maxsize=256)
def _shown_place(place: str) -> str:
    scheme, _, rest = place.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{'/'.join(map(redact_text, path.split('/')))}"


def _shown_pair(pair: str) -> str:
    name, mark, _ = pair.partition("=")
    return pair if name in _SHOWN else f"{name}{mark}{_HIDDEN if mark else ''}"
