"""Heads of answers as aiohttp's parser in C sees them; this module alone imports aiohttp.

It gets one whole head at a time, and no byte behind it. What it lets pass of itself, and no other transport
does, is refused here.
"""

import re
from dataclasses import dataclass
from typing import Any

import httpcore
from aiohttp.http_parser import HttpResponseParser

from viber.http._fields import LARGEST_HEAD, HeadTooLarge, incoming_fields
from viber.http._framing import Body, ChunkedBody, MeasuredBody, OpenBody, malformed

_UNBOUNDED = 2**30
"""Larger than any piece that is fed: nothing is ever held back."""

_MORE_THAN_A_HEAD = 4 * LARGEST_HEAD
"""What is too large is told by `incoming_fields`, for every transport alike."""

_HAS_NO_FIRST_FIELD = re.compile(rb"[^\n]*\n[ \t]")
_FOLD = re.compile(rb"\r?\n[ \t]+")
_STRAY = re.compile(rb"\0|\r(?!\n)")
_LENGTH = re.compile(rb"\ncontent-length:([^\r\n]*)\r?(?=\n)", re.IGNORECASE)
_IS_LENGTH = re.compile(rb"[0-9]{1,20}").fullmatch
_TRANSFER_CODING = re.compile(rb"\ntransfer-encoding:", re.IGNORECASE)
_LEAST_STATUS = 100
_VERSIONS = ((1, 0), (1, 1))
_KEEPS = (1, 1)
_BODILESS = frozenset((204, 304))


@dataclass(slots=True)
class Head:
    """Status and fields of an answer, and what follows from them."""

    status: int
    fields: dict[str, str]
    is_kept: bool
    """The server will take another request."""
    is_chunked: bool

    def body(self, method: bytes) -> Body:
        """The body that this answer to such a request has (RFC 9112, section 6.3)."""
        if method == b"HEAD" or self.status in _BODILESS:
            return Body()
        if self.is_chunked:
            return ChunkedBody()
        length = self.fields.get("content-length")
        return OpenBody() if length is None else MeasuredBody(_number(length))


class HeadParser:
    """Reads the heads of one connection, one after the other."""

    __slots__ = ("_parser",)

    def __init__(self) -> None:
        self._parser = _parser()

    def parse(self, data: bytes) -> Head:
        """The head of one answer, its empty line included.

        Raises:
            httpcore.RemoteProtocolError: it is malformed.
        """
        if not data.startswith(b"HTTP/") or _HAS_NO_FIRST_FIELD.match(data) or _STRAY.search(data):
            raise malformed(ValueError("no status line with fields"))
        if b"\n " in data or b"\n\t" in data:
            data = _FOLD.sub(b" ", data)
        try:
            return self._parse(data)
        except HeadTooLarge:
            raise
        except Exception:  # noqa: BLE001 - the parser has several, and a wrapper per version
            self._parser = _parser()  # an error is the last thing that one knows
            data = _with_one_length(data)
        try:
            return self._parse(data)
        except Exception as exc:
            raise malformed(exc) from exc

    def _parse(self, data: bytes) -> Head:
        [(message, _)], _, _ = self._parser.feed_data(data)
        if message.code < _LEAST_STATUS or message.version not in _VERSIONS:
            raise ValueError("no such status, or another version")
        fields = incoming_fields(message.raw_headers)
        is_chunked = False
        if (coding := fields.get("transfer-encoding")) is not None:
            fields["transfer-encoding"] = coding.lower()
            is_chunked = coding.lower() == "chunked"
            if not is_chunked:
                raise ValueError("an unknown transfer coding")
        is_kept = message.version == _KEEPS and not _says_close(fields.get("connection"))
        return Head(message.code, fields, is_kept, is_chunked)


def _parser() -> Any:
    return HttpResponseParser(
        _IDLE_PROTOCOL,
        _NO_LOOP,
        _UNBOUNDED,
        max_line_size=_MORE_THAN_A_HEAD,
        max_field_size=_MORE_THAN_A_HEAD,
        max_headers=_MORE_THAN_A_HEAD,
        read_until_eof=True,
        response_with_body=False,
        auto_decompress=False,
    )


def _says_close(options: str | None) -> bool:
    return options is not None and "close" in {one.strip() for one in options.lower().split(",")}


def _with_one_length(data: bytes) -> bytes:
    """Equal lengths are one, and chunks need none (RFC 9112, section 6.3): the parser is stricter."""
    lengths = {one.strip() for line in _LENGTH.findall(data) for one in line.split(b",")}
    is_one = len(lengths) == 1 and not _TRANSFER_CODING.search(data)
    kept = iter([b"\ncontent-length: %b\r" % length for length in lengths if is_one])
    is_nonsense = len(lengths) > 1 or not all(map(_IS_LENGTH, lengths))
    return data if is_nonsense else _LENGTH.sub(lambda _: next(kept, b""), data)


def is_understood() -> bool:
    """The parser that is installed is the one in C, and does what this module relies on.

    aiohttp documents neither; its own client relies on the same.
    """
    if HttpResponseParser.__module__ != "aiohttp._http_parser":
        return False
    try:
        parser = HeadParser()
        heads = [parser.parse(b"HTTP/1.1 %d OK\r\ncontent-length: 2\r\n\r\n" % code) for code in (200, 404)]
        return [head.status for head in heads] == [200, 404] and all(head.is_kept for head in heads)
    except (TypeError, ValueError, httpcore.RemoteProtocolError):
        return False


def _number(length: str) -> int:
    try:
        return int(length)
    except ValueError as exc:
        raise malformed(exc) from exc


class _IdleProtocol:
    """Where the parser would hold back the socket; here nothing is fed before it is wanted."""

    _reading_paused = False

    def pause_reading(self, *args: object, **kwargs: object) -> None: ...

    def resume_reading(self, *args: object, **kwargs: object) -> None: ...


_IDLE_PROTOCOL: Any = _IdleProtocol()
_NO_LOOP: Any = object()
"""Nothing is awaited in the parser."""
