"""Answers as aiohttp's parser in C sees them, fed by hand; this module alone imports aiohttp.

The parsers get whole heads, or chunks, and no byte behind them: whether something follows an answer that
should not be there is seen here, and decides about the connection.
"""

import re
from dataclasses import dataclass
from typing import Any

import httpcore
from aiohttp.http_parser import HttpResponseParser
from aiohttp.streams import StreamReader

from viber.http._fields import LARGEST_HEAD, HeadTooLarge, incoming_fields

_UNBOUNDED = 2**30
"""Larger than any piece that is fed: nothing is ever held back."""

_MORE_THAN_A_HEAD = 4 * LARGEST_HEAD
"""What is too large is told by `incoming_fields`, for every transport alike."""

_HAS_NO_FIRST_FIELD = re.compile(rb"[^\n]*\n[ \t]")
_FOLD = re.compile(rb"\r?\n[ \t]+")
_LENGTH = re.compile(rb"\ncontent-length:([^\r\n]*)\r?(?=\n)", re.IGNORECASE)
_TRANSFER_CODING = re.compile(rb"\ntransfer-encoding:", re.IGNORECASE)
_LEAST_STATUS = 100
_CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
_LAST_CHUNK = b"\r\n\r\n"
_ENDS = b"\n" + _LAST_CHUNK
"""An empty line more: the parser swallows it."""
_OLDEST_THAT_KEEPS = (1, 1)
_BODILESS = frozenset((204, 304))


class Body:
    """How far the body of an answer has come; the empty one, unless a subclass knows better."""

    is_done = True
    is_clean = True
    """Nothing came behind its end, and its end is not that of the connection."""
    failure: Exception | None = None

    def take(self, data: bytes) -> bytes:
        """The plain bytes in what arrived."""
        raise NotImplementedError

    def end(self) -> None:
        """The connection has ended.

        Raises:
            httpcore.RemoteProtocolError: the body has not.
        """
        raise httpcore.RemoteProtocolError("the connection ended before the body")


class MeasuredBody(Body):
    """Its length is known."""

    def __init__(self, length: int) -> None:
        self._left = length
        self.is_done = not length

    def take(self, data: bytes) -> bytes:
        """No more than belongs to it."""
        piece = data[: self._left]
        self.is_clean = len(piece) == len(data)
        self._left -= len(piece)
        self.is_done = not self._left
        return piece


class ChunkedBody(Body):
    """It says itself where it ends."""

    is_done = False

    def __init__(self) -> None:
        self._parser = _parser(has_body=True)
        [(_, payload)], _, _ = self._parser.feed_data(_CHUNKED_HEAD)
        self._payload: StreamReader = payload
        self._last = b""
        self._frame = 0

    def take(self, data: bytes) -> bytes:
        """The chunks without their sizes."""
        self._last = (self._last + data)[-len(_ENDS) :]
        strays: Any = ()
        try:
            strays, _, _ = self._parser.feed_data(data)
        except Exception as exc:  # noqa: BLE001 - the parser has several, and a wrapper per version
            self.failure = malformed(exc)
        if self._payload.is_eof():
            self.is_done = True
            is_end = self._last.endswith(_LAST_CHUNK) and self._last != _ENDS
            self.is_clean = is_end and not strays and self.failure is None
            self.failure = None
        piece = self._payload.read_nowait()
        self._bound(0 if piece or self.is_done else self._frame + len(data))
        return piece

    def _bound(self, frame: int) -> None:
        # Extensions and trailers hold nothing that is wanted, and must not grow without end.
        self._frame = frame
        if frame > LARGEST_HEAD:
            self.failure = malformed(HeadTooLarge())


class OpenBody(Body):
    """It ends with the connection."""

    is_done = False
    is_clean = False

    def take(self, data: bytes) -> bytes:
        """Everything."""
        return data

    def end(self) -> None:
        """As it should."""
        self.is_done = True


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
        self._parser = _parser(has_body=False)

    def parse(self, data: bytes) -> Head:
        """The head of one answer, its empty line included.

        Raises:
            httpcore.RemoteProtocolError: it is malformed.
        """
        if not data.startswith(b"HTTP/") or _HAS_NO_FIRST_FIELD.match(data) or b"\0" in data:
            raise malformed(ValueError("no status line with fields"))
        if b"\n " in data or b"\n\t" in data:
            data = _FOLD.sub(b" ", data)
        try:
            return self._parse(data)
        except HeadTooLarge:
            raise
        except Exception:  # noqa: BLE001 - the parser has several, and a wrapper per version
            self._parser = _parser(has_body=False)  # an error is the last thing that one knows
            data = _with_one_length(data)
        try:
            return self._parse(data)
        except Exception as exc:
            raise malformed(exc) from exc

    def _parse(self, data: bytes) -> Head:
        [(message, _)], _, _ = self._parser.feed_data(data)
        if message.code < _LEAST_STATUS:
            raise ValueError("no such status")
        fields = incoming_fields(message.raw_headers)
        is_chunked = False
        if coding := fields.get("transfer-encoding", "").lower():
            if coding != "chunked":
                raise ValueError("an unknown transfer coding")
            fields["transfer-encoding"] = coding
            is_chunked = True
        is_kept = message.version >= _OLDEST_THAT_KEEPS and not _says_close(fields.get("connection"))
        return Head(message.code, fields, is_kept, is_chunked)


def _parser(*, has_body: bool) -> Any:
    return HttpResponseParser(
        _IDLE_PROTOCOL,
        _NO_LOOP,
        _UNBOUNDED,
        max_line_size=_MORE_THAN_A_HEAD,
        max_field_size=_MORE_THAN_A_HEAD,
        max_headers=_MORE_THAN_A_HEAD,
        read_until_eof=True,
        response_with_body=has_body,
        auto_decompress=False,
    )


def _says_close(options: str | None) -> bool:
    return options is not None and "close" in {one.strip() for one in options.lower().split(",")}


def _with_one_length(data: bytes) -> bytes:
    """Equal lengths are one, and chunks need none (RFC 9112, section 6.3): the parser is stricter."""
    lengths = {one.strip() for line in _LENGTH.findall(data) for one in line.split(b",")}
    is_one = len(lengths) == 1 and not _TRANSFER_CODING.search(data)
    kept = iter([b"\ncontent-length: %b\r" % length for length in lengths if is_one])
    is_contradictory = len(lengths) > 1
    return data if is_contradictory else _LENGTH.sub(lambda _: next(kept, b""), data)


def malformed(cause: Exception) -> httpcore.RemoteProtocolError:
    """The answer breaks the rules of HTTP, as its cause tells."""
    error = httpcore.RemoteProtocolError("a malformed answer")
    error.__cause__ = cause
    return error


def is_understood() -> bool:
    """The parser that is installed is the one in C, and does what this module relies on.

    aiohttp documents neither; its own client relies on the same.
    """
    if HttpResponseParser.__module__ != "aiohttp._http_parser":
        return False
    try:
        parser = HeadParser()
        is_kept = parser.parse(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n").is_kept
        body = parser.parse(_CHUNKED_HEAD).body(b"GET")
        return is_kept and body.take(b"2\r\nok\r\n0\r\n\r\n") == b"ok" and body.is_done and body.is_clean
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
