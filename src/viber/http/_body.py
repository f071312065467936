"""The body of an answer: decompressed piece by piece, never larger than allowed."""

import zlib
from collections.abc import Callable, Mapping

from viber.errors import Delivery, TransportError

_GZIP = 16 + zlib.MAX_WBITS
_ZLIB = zlib.MAX_WBITS
_RAW = -zlib.MAX_WBITS
_WINDOWS = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": _ZLIB}
_HEADER = 2
_BODILESS = frozenset((204, 304))


class Body:
    """Counts, bounds and decompresses what is fed; `limit` in bytes after decompression, None = no limit.

    Raises:
        TransportError: `transport.encoding` for an encoding that was not asked for, `transport.too_large`
            for a declared length above the limit.
    """

    __slots__ = ("_decode", "_finish", "_limit", "_size", "_where")

    def __init__(self, fields: Mapping[str, str], *, limit: int | None, where: object) -> None:
        self._limit = limit
        self._where = where
        self._size = 0
        self._decode: Callable[[bytes, int], bytes] | None = None
        self._finish: Callable[[], bool] | None = None
        if encoding := fields.get("content-encoding"):
            self._choose(encoding.strip().lower())

    def expect(self, *, method: str, status: int, length: str | None) -> None:
        """Refuse by the declared length, before anything is read."""
        is_too_large = self._limit is not None and length and length.isdecimal() and int(length) > self._limit
        if is_too_large and method != "HEAD" and status not in _BODILESS:
            raise self._too_large()

    def feed(self, piece: bytes) -> bytes:
        """The next piece of the plain body; may be empty."""
        if self._decode is not None:
            try:
                # One byte more than allowed is enough to know, and a bomb never unfolds any further.
                piece = self._decode(piece, 0 if self._limit is None else self._limit - self._size + 1)
            except zlib.error as exc:
                raise self._corrupt() from exc
        self._size += len(piece)
        if self._limit is not None and self._size > self._limit:
            raise self._too_large()
        return piece

    def finish(self) -> None:
        """The body has ended: a compressed one must have ended with it."""
        if self._finish is not None and not self._finish():
            raise self._corrupt()

    def _choose(self, encoding: str) -> None:
        if encoding in {"", "identity"}:
            return
        if encoding not in _WINDOWS:
            raise TransportError(
                f"{self._where} answered in a content encoding that was not asked for",
                code="transport.encoding",
                retryable=False,
                delivery=Delivery.ANSWERED,
                debug_message=encoding[:100],
            )
        inflater = _Inflater(_WINDOWS[encoding])
        self._decode, self._finish = inflater.decode, inflater.is_complete

    def _too_large(self) -> TransportError:
        return TransportError(
            f"the answer of {self._where} is larger than {self._limit} bytes",
            code="transport.too_large",
            retryable=False,
            delivery=Delivery.ANSWERED,
            suggestion="ask for less at a time, or raise max_response_bytes",
        )

    def _corrupt(self) -> TransportError:
        return TransportError(f"the compressed answer of {self._where} is damaged", code="transport.encoding")


class _Inflater:
    """gzip (of several members too), zlib, and the raw deflate that some servers send in its name."""

    __slots__ = ("_engine", "_head", "_window")

    def __init__(self, window: int) -> None:
        self._window = window
        self._engine = zlib.decompressobj(window)
        self._head: bytes | None = b""

    def is_complete(self) -> bool:
        """An empty body is complete too: the answer to a HEAD names an encoding and has none."""
        return self._engine.eof or self._head == b""

    def decode(self, piece: bytes, room: int) -> bytes:
        """At most `room` bytes (0: all); whoever gets `room` bytes has had too much and stops."""
        if self._head is not None:
            self._head += piece
            if len(self._head) < _HEADER:
                return b""
            piece, self._head = self._head, None
            self._recognise(piece)
        plain = b""
        while piece and (not room or len(plain) < room):
            if self._engine.eof:
                # Members may follow each other, with zeros between them.
                if not (piece := piece.lstrip(b"\0")):
                    break
                self._engine = zlib.decompressobj(self._window)
            plain += self._engine.decompress(piece, room and room - len(plain))
            piece = self._engine.unused_data
        return plain

    def _recognise(self, head: bytes) -> None:
        # RFC 1950: the method is 8, and the two bytes are a multiple of 31; no raw block begins like that.
        is_zlib = head[0] & 15 == 8 and int.from_bytes(head[:_HEADER]) % 31 == 0  # noqa: PLR2004
        if self._window == _ZLIB and not is_zlib:
            self._window = _RAW
            self._engine = zlib.decompressobj(_RAW)
