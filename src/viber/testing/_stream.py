"""The body of a scripted answer."""

import asyncio
from collections import deque
from collections.abc import Mapping
from enum import Enum

from viber.clock import Clock
from viber.errors import TransportError
from viber.testing._script import Chunks, Fail, Hang, Pause, Reply


class StreamState(Enum):
    """What has become of a stream."""

    OPEN = "open"
    KEPT = "kept"
    """Read to its end and closed: its connection can be used again."""
    DROPPED = "dropped"
    """Aborted, or closed before its end."""


class ScriptedStream:
    """A `ResponseStream` that plays the pieces of an answer; `state` tells how it ended."""

    def __init__(self, answer: Reply | Chunks, clock: Clock) -> None:
        self.state: StreamState = StreamState.OPEN
        self._answer = answer
        self._clock = clock
        self._pieces = deque(piece for piece in answer.pieces if piece)
        self._ended = asyncio.Event()

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._answer.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The header fields, names in lower case."""
        return self._answer.fields

    async def read(self) -> bytes:
        """The next piece; empty at the end.

        Raises:
            TransportError: the stream is closed, or aborted meanwhile.
            BaseException: what a `Fail` in the script says.
        """
        while True:
            self._require_open()
            piece = self._pieces[0] if self._pieces else b""
            match piece:
                case bytes():
                    return self._take(piece)
                case Pause(seconds):
                    await self._clock.sleep(seconds)
                    self._pieces.popleft()
                case Fail(delay=delay):
                    await _sleep(self._clock, delay)
                    raise piece.make()
                case Hang():
                    await self._ended.wait()

    def abort(self) -> None:
        """Drop the connection."""
        if self.state is StreamState.OPEN:
            self.state = StreamState.DROPPED
            self._ended.set()

    async def aclose(self) -> None:
        """Keep the connection if everything was read, drop it otherwise."""
        if self._pieces:
            self.abort()
        elif self.state is StreamState.OPEN:
            self.state = StreamState.KEPT

    def _take(self, piece: bytes) -> bytes:
        if self._pieces:
            self._pieces.popleft()
        return piece

    def _require_open(self) -> None:
        if self.state is not StreamState.OPEN:
            raise TransportError("the stream is closed")

    def __repr__(self) -> str:
        return f"<ScriptedStream {self.status} {self.state.value}>"


async def _sleep(clock: Clock, seconds: float) -> None:
    if seconds:
        await clock.sleep(seconds)
