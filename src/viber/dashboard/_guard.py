"""Who may look, and who may act."""

from collections.abc import Awaitable, Callable, MutableMapping
from ipaddress import ip_address
from typing import Any, Final

Scope = MutableMapping[str, Any]
Guard = Callable[[Scope], Awaitable[bool]]
"""Is given the ASGI scope of a request, with its headers, and says whether it may go on."""

ACTION_HEADER: Final = b"x-viber-action"
"""A page of another origin cannot set it without being allowed to, and nobody is."""
_FORWARDED: Final = frozenset({b"forwarded", b"x-forwarded-for", b"x-real-ip"})


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """The header fields of a request."""
    return dict(scope.get("headers", ()))


async def is_local(scope: Scope) -> bool:
    """Whether a request comes from this machine, by itself and by its own name.

    A proxy beside the application speaks for others, and a page of another site may have its name point
    here: both are not local.

    Example:
        >>> import asyncio
        >>> headers = [(b"host", b"127.0.0.1:8000")]
        >>> asyncio.run(is_local({"client": ("127.0.0.1", 40000), "headers": headers}))
        True
    """
    headers = headers_of(scope)
    client = scope.get("client")
    if client is None or _FORWARDED & headers.keys():
        return False
    return _is_loopback(client[0]) and _is_loopback(_name_of(headers.get(b"host", b"").decode("latin-1")))


def is_deliberate(scope: Scope) -> bool:
    """Whether a request was made by the page itself, and by no other site."""
    headers = headers_of(scope)
    return ACTION_HEADER in headers and headers.get(b"sec-fetch-site", b"same-origin") == b"same-origin"


def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name.lower() in ("localhost", "localhost.")


def _name_of(host: str) -> str:
    """The host without its port."""
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
