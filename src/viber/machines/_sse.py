"""Server-sent events out of bytes, by the rules of the WHATWG: the same events at any chunking.

An event ends with an empty line and is dispatched if it has data. A line ends with CR LF, LF or CR, and with
nothing else: U+2028 and its like are text. https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import sys
from dataclasses import dataclass

from viber.errors import ServerError

_BOM = b"\xef\xbb\xbf"
_USUAL = b"data: "
_LF, _CR = b"\n\r"
_LONG = 1024
_MESSAGE = "message"
_STRAY_BYTES = 64 * 1024
_RETRY_DIGITS = 18


@dataclass(slots=True)
class ServerSentEvent:
    """One event: its data as the bytes that came, lines joined by LF."""

    data: bytes
    event: str = _MESSAGE
    id: str = ""
    """The last id that the stream has told so far."""
    retry: int | None = None
    """The last reconnection time that the stream has told so far, in milliseconds."""

    @property
    def text(self) -> str:
        """The data as text; what is not UTF-8 becomes U+FFFD."""
        return self.data.decode("utf-8", "replace")


class SseDecoder:
    r"""Turns pieces of a stream into events; the work is linear in the size of the stream.

    `max_event_bytes` bounds what is held for one event (None: no limit).

    Example:
        >>> decoder = SseDecoder()
        >>> [event.text for event in decoder.feed(b"data: one\r\n\r\ndata: tw")]
        ['one']
        >>> [event.text for event in decoder.feed(b"o\n\n")]
        ['two']
    """

    __slots__ = (
        "_data",
        "_event",
        "_failure",
        "_held",
        "_held_size",
        "_id",
        "_limit",
        "_retry",
        "_size",
        "_skip_lf",
        "_started",
        "_stray_size",
        "_strays",
    )

    def __init__(self, *, max_event_bytes: int | None = 64 * 1024 * 1024) -> None:
        self._limit = sys.maxsize if max_event_bytes is None else max_event_bytes
        self._held: list[bytes] = []
        self._held_size = 0
        self._data: list[bytes] = []
        self._size = 0
        self._event = ""
        self._id = ""
        self._retry: int | None = None
        self._started = False
        self._skip_lf = False
        self._strays: list[bytes] = []
        self._stray_size = 0
        self._failure: ServerError | None = None

    @property
    def strays(self) -> bytes:
        """The lines that are no field of the protocol: what else the server spoke."""
        return b"\n".join(self._strays)

    @property
    def is_within_event(self) -> bool:
        """A part of an event is here, and not all of it; a comment is no part of any."""
        return bool(self._data) or (bool(self._held) and self._held[0][:1] != b":")

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """The events that end within this piece.

        Raises:
            ServerError: an event is larger than allowed; the events before it were returned first.
        """
        if self._failure is not None:
            raise self._failure
        events: list[ServerSentEvent] = []
        try:
            if _LF in chunk or _CR in chunk:
                self._take(chunk, events)
            elif chunk:
                self._hold(chunk)
        except ServerError as failure:
            self._failure = failure
            if not events:
                raise
        return events

    def finish(self) -> ServerSentEvent | None:
        """The unfinished event at the end of the stream, which by the standard is none: accept it or not."""
        if self._failure is not None:
            raise self._failure
        last = self._completed(b"")
        if not b"dat".startswith(last):  # a line cut before it could say what it is
            self._line(last)
        events: list[ServerSentEvent] = []
        self._dispatch(events)
        return events[0] if events else None

    def _take(self, chunk: bytes, events: list[ServerSentEvent]) -> None:
        """Read the lines that this piece ends, and hold what follows them."""
        if self._skip_lf:
            self._skip_lf = False
            chunk = chunk.removeprefix(b"\n")
        is_long = len(chunk) > _LONG and chunk.find(b"\n", 0, _LONG) < 0
        lines = _long_lines(chunk) if is_long else chunk.splitlines()
        end, tail = chunk[-1:], b""
        if end == b"\r":
            self._skip_lf = True  # its LF may come with the next piece
        elif lines and end != b"\n":
            tail = lines.pop()
        if lines and (self._held or not self._started):
            lines[0] = self._completed(lines[0])
        self._read(lines, events)
        if tail:
            self._hold(tail)

    def _hold(self, piece: bytes) -> None:
        self._skip_lf = False
        self._held.append(piece)
        self._held_size += len(piece)
        if self._held_size > self._limit:
            self._check(self._held_size)

    def _completed(self, end: bytes) -> bytes:
        """What was held and what completes it; the one byte order mark that may lead a stream is dropped."""
        self._held.append(end)
        line = b"".join(self._held)
        self._held.clear()
        self._held_size = 0
        if self._started:
            return line
        self._started = True
        return line.removeprefix(_BOM)

    def _read(self, lines: list[bytes], events: list[ServerSentEvent]) -> None:
        """Gather events; `usual` is a data line that is its whole event so far, as most are."""
        is_open = bool(self._data or self._event)
        usual = b""
        for line in lines:
            if not line:
                if usual:
                    events.append(ServerSentEvent(usual[6:], _MESSAGE, self._id, self._retry))
                    usual = b""
                elif is_open:
                    self._dispatch(events)
                    is_open = False
            elif not (is_open or usual) and line[:6] == _USUAL and len(line) <= self._limit:
                usual = line
            else:
                if usual:
                    self._line(usual)
                self._line(line)
                usual, is_open = b"", True
        if usual:
            self._line(usual)

    def _line(self, line: bytes) -> None:
        self._check(len(line))
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        match name:
            case b"data":
                self._size += len(line)
                self._check(self._size)
                self._data.append(value)
            case b"event":
                self._event = value.decode("utf-8", "replace")
            case b"id" if b"\0" not in value:
                self._id = value.decode("utf-8", "replace")
            case b"retry" if value.isdigit() and len(value) <= _RETRY_DIGITS:
                self._retry = int(value)
            case b"" | b"id" | b"retry":
                pass
            case _:
                self._stray(line)

    def _stray(self, line: bytes) -> None:
        if self._stray_size < _STRAY_BYTES:
            self._strays.append(line[:_STRAY_BYTES])
            self._stray_size += len(line)

    def _dispatch(self, events: list[ServerSentEvent]) -> None:
        if self._data:
            data, kind = b"\n".join(self._data), self._event or _MESSAGE
            events.append(ServerSentEvent(data, kind, self._id, self._retry))
            self._data.clear()
            self._size = 0
        self._event = ""

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise ServerError(
                f"an event of the stream is larger than {self._limit} bytes",
                code="stream.event_too_large",
                retryable=False,
            )


def _long_lines(chunk: bytes) -> list[bytes]:
    """The same as splitting, which looks at every byte: where lines are long, searching is much faster."""
    lines: list[bytes] = []
    at = 0
    while (end := chunk.find(b"\n", at)) >= 0:
        line = chunk[at : end - 1 if end > at and chunk[end - 1] == _CR else end]
        lines += line.split(b"\r") if _CR in line else (line,)
        at = end + 1
    return lines + chunk[at:].splitlines()
