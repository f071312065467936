"""Header fields: checked on the way out, folded on the way in."""

import re
from collections.abc import Iterable
from functools import lru_cache

import httpcore

from viber.errors import Delivery, InvalidRequestError
from viber.http._message import Request

ACCEPTED_ENCODINGS = b"gzip, deflate"

LARGEST_HEAD = 64 * 1024
"""Bytes of names and values in one answer."""
MOST_FIELDS = 256

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"(?:[!-~](?:[\t -~]*[!-~])?)?")
_OWN_FRAMING = frozenset((b"content-length", b"transfer-encoding", b"upgrade"))
_EXPECTS_BODY = frozenset(("POST", "PUT", "PATCH"))


class HeadTooLarge(httpcore.RemoteProtocolError):
    """An answer with more header fields than anybody means."""


def outgoing_fields(request: Request, authority: str) -> list[tuple[bytes, bytes]]:
    """The fields of a request as they go out, with what HTTP/1.1 demands added.

    Raises:
        InvalidRequestError: a name or value would break out of its line; no message holds a value.
    """
    fields = [(_encode_name(name), _encode_value(name, value)) for name, value in request.headers]
    given = {name for name, _ in fields}
    if not given.isdisjoint(_OWN_FRAMING):
        raise _refused(
            "Content-Length, Transfer-Encoding and Upgrade are set by the transport: leave them out"
        )
    if b"host" not in given:
        fields.insert(0, (b"host", authority.encode()))
    if b"accept-encoding" not in given:
        fields.append((b"accept-encoding", ACCEPTED_ENCODINGS))
    if request.body is not None or request.method in _EXPECTS_BODY:
        fields.append((b"content-length", b"%d" % len(request.body or b"")))
    return fields


@lru_cache(maxsize=32)
def encode_method(method: str) -> bytes:
    """A method as it goes out.

    Raises:
        InvalidRequestError: it is no token, or CONNECT.
    """
    if not _TOKEN.fullmatch(method) or method == "CONNECT":
        raise _refused("the method of the request cannot be used")
    return method.encode()


def incoming_fields(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Received fields with names in lower case; repeated ones are joined by a comma.

    Raises:
        HeadTooLarge: there are too many, or they are too long.
    """
    fields: dict[str, str] = {}
    count = size = 0
    for raw_name, raw_value in raw:
        name, value = _decode_name(raw_name), raw_value.decode("latin-1").strip(" \t")
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
        count += 1
        size += len(raw_name) + len(raw_value)
    if count > MOST_FIELDS or size > LARGEST_HEAD:
        raise HeadTooLarge
    if "transfer-encoding" in fields:
        fields.pop("content-length", None)  # it says nothing then (RFC 9112, section 6.3)
    return fields


@lru_cache(maxsize=512)
def _decode_name(raw: bytes) -> str:
    return raw.decode("latin-1").lower()


@lru_cache(maxsize=512)
def _encode_name(name: str) -> bytes:
    if not _TOKEN.fullmatch(name):
        raise _refused("the name of a header field cannot be used")
    return name.lower().encode()


def _encode_value(name: str, value: str) -> bytes:
    # Nearly every value is plain: asking that first takes a fraction of the expression's time.
    is_plain = value.isascii() and value.isprintable() and value[:1] != " " != value[-1:]
    if not is_plain and not _VALUE.fullmatch(value):
        raise _refused(
            f"the value of the header field {name} holds a line break, an outer space or non-ASCII"
        )
    return value.encode()


def _refused(message: str) -> InvalidRequestError:
    return InvalidRequestError(
        message,
        code="request.header",
        delivery=Delivery.NOT_SENT,
        suggestion="a key that was read from a file often ends in a line break: strip it",
    )
