"""Answers as ASGI sends them, each with the header fields that keep a page to itself."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

from viber.dashboard._guard import Scope, headers_of

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Field = tuple[bytes, bytes]

_SAFE: Final[tuple[Field, ...]] = (
    (
        b"content-security-policy",
        b"default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
NO_STORE: Final[Field] = (b"cache-control", b"no-store")
_TYPES: Final = {
    "css": b"text/css; charset=utf-8",
    "html": b"text/html; charset=utf-8",
    "js": b"text/javascript; charset=utf-8",
    "svg": b"image/svg+xml",
    "txt": b"text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the page."""

    content: bytes
    kind: bytes
    etag: bytes


def assets() -> dict[str, Asset]:
    """The files of the page by name: those that are shipped, and no other path is ever looked up."""
    folder = files("viber.dashboard") / "static"
    return {file.name: _asset(file.name, file.read_bytes()) for file in folder.iterdir()}


def _asset(name: str, content: bytes) -> Asset:
    etag = b'"%b"' % sha256(content).hexdigest()[:16].encode()
    return Asset(content, _TYPES[name.rpartition(".")[2]], etag)


async def answer(send: Send, status: int, content: bytes = b"", *, fields: Iterable[Field] = ()) -> None:
    """A whole answer."""
    length = (b"content-length", b"%d" % len(content))
    await begin(send, status, (*fields, length))
    await send({"type": "http.response.body", "body": content})


async def begin(send: Send, status: int, fields: Iterable[Field]) -> None:
    """The head of an answer."""
    await send({"type": "http.response.start", "status": status, "headers": [*_SAFE, *fields]})


async def say(send: Send, status: int, text: str, *, fields: Iterable[Field] = ()) -> None:
    """An answer of one sentence."""
    kind = (b"content-type", _TYPES["txt"])
    await answer(send, status, text.encode(), fields=(kind, NO_STORE, *fields))


async def serve(scope: Scope, send: Send, asset: Asset) -> None:
    """A file, unless the browser has this very one."""
    fields = ((b"etag", asset.etag), (b"cache-control", b"no-cache"))
    if headers_of(scope).get(b"if-none-match") == asset.etag:
        await answer(send, 304, fields=fields)
        return
    content = b"" if scope["method"] == "HEAD" else asset.content
    kind = (b"content-type", asset.kind)
    await answer(send, 200, content, fields=(*fields, kind))


async def body_of(receive: Receive, *, most: int = 4096) -> bytes | None:
    """The body of a request; None if it is longer, or the sender has left."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] == "http.disconnect" or len(body) > most:
            return None
        if not message.get("more_body"):
            return bytes(body)
