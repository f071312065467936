"""Where the body of an answer ends (RFC 9112, sections 6 and 7)."""

import re

import httpcore

from viber.http._fields import LARGEST_HEAD, HeadTooLarge

_SIZE = rb"([0-9A-Fa-f]{1,20})(?:;[^\n]*|[ \t]*)\r\n"
_FIRST_SIZE = re.compile(_SIZE)
_NEXT_SIZE = re.compile(rb"\r\n" + _SIZE)
_USUAL_SIZE = re.compile(rb"\r\n([1-9A-Fa-f][0-9A-Fa-f]{0,7})\r\n")
_FIRST_TRAILER = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[^\0\r\n]*\r?\n")
_NEXT_TRAILER = re.compile(rb"[ \t][^\0\r\n]*\r?\n|" + _FIRST_TRAILER.pattern)
_ENDS = (b"\r\n", b"\n")


class Body:
    """How far the body of an answer has come; the empty one, unless a subclass knows better."""

    is_done = True
    is_clean = True
    """Nothing came behind its end, and its end is not that of the connection."""
    failure: Exception | None = None

    def take(self, data: bytes) -> bytes:
        """The plain bytes in what arrived; the empty body has none, and what comes is behind it."""
        self.is_clean = not data
        return b""

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
    """It says itself where it ends; lines are held until they are whole."""

    is_done = False

    def __init__(self) -> None:
        self._held = b""
        self._left = 0
        self._wanted = _FIRST_SIZE
        self._skipped = 0
        """Bytes of the next line that end what came before."""
        self._is_over = False
        self._frame = 0

    def take(self, data: bytes) -> bytes:
        """The chunks without their sizes."""
        data = self._held + data
        pieces: list[bytes] = []
        at = 0
        while not (self.is_done or self.failure):
            if self._left:
                pieces.append(piece := data[at : at + self._left])
                at += len(piece)
                self._left -= len(piece)
                if self._left:
                    break
            if self._wanted is _NEXT_SIZE and (found := _USUAL_SIZE.match(data, at)):
                self._left, self._frame, at = int(found[1], 16), 0, found.end()
                continue
            if not (end := data.find(b"\n", at + self._skipped) + 1):
                break
            self._read(data[at:end])
            at = end
        self._held = data[at:]
        self.is_clean = not self._held
        self._bound(len(self._held))
        return b"".join(pieces)

    def _read(self, line: bytes) -> None:
        self._frame += len(line)
        if self._is_over and line in _ENDS:
            self.is_done = True
        elif (found := self._wanted.fullmatch(line)) is None:
            self.failure = malformed(ValueError("neither a chunk nor a trailer"))
        elif self._is_over:
            self._wanted = _NEXT_TRAILER
        elif left := int(found[1], 16):
            self._wanted, self._left, self._skipped, self._frame = _NEXT_SIZE, left, 2, 0
        else:
            self._wanted, self._is_over, self._skipped = _FIRST_TRAILER, True, 0

    def _bound(self, held: int) -> None:
        # Extensions and trailers hold nothing that is wanted, and must not grow without end.
        if not self.is_done and self._frame + held > LARGEST_HEAD:
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


def malformed(cause: Exception) -> httpcore.RemoteProtocolError:
    """The answer breaks the rules of HTTP, as its cause tells."""
    error = httpcore.RemoteProtocolError("a malformed answer")
    error.__cause__ = cause
    return error
