"""One response of a stream: most streams have one, an answer that asks to be continued has several."""

import builtins
from collections.abc import Iterator
from contextlib import suppress

from viber.clock import Clock
from viber.errors import BaseError
from viber.http import ResponseStream
from viber.resilience import Call, ReadTimer, StreamTimeouts, read_within
from viber.services.gemini.content._failures import Failures
from viber.services.gemini.content._token import Token
from viber.services.gemini.streaming._reader import Reader, TracedReader

_OK = 200
_AFTER_THE_END = 5.0
"""Seconds that a complete answer waits for what may still follow it, such as usage numbers."""


class Leg:
    """Reads a response's tokens, and owns its connection from the header fields on."""

    __slots__ = (
        "_clock",
        "_failures",
        "_first",
        "_is_open",
        "_quiet_since",
        "_reader",
        "_source",
        "_timeouts",
        "_timer",
        "call",
    )

    def __init__(
        self,
        source: ResponseStream,
        call: Call,
        *,
        failures: Failures,
        timeouts: StreamTimeouts,
        clock: Clock,
    ) -> None:
        self.call: Call = call
        self._source = source
        self._failures = failures
        self._timeouts = timeouts
        self._timer = ReadTimer(clock)
        self._clock = clock
        self._reader = Reader(failures) if call.trace is None else TracedReader(failures, call.trace)
        self._first: Token | None = None
        self._is_open = True
        self._quiet_since: float | None = None

    @property
    def is_open(self) -> bool:
        """It still holds a connection."""
        return self._is_open

    def abort(self) -> None:
        """Drop the connection; harmless when it is gone already."""
        self._end()
        self._source.abort()

    async def begin(self) -> None:
        """Read up to the first event.

        Raises:
            BaseError: there is none: the service refused, failed, or the network did.
        """
        source = self._source
        if source.status != _OK:
            raise self._failures.of_answer(source.status, source.headers, await _read_all(source))
        while (token := self._reader.next()) is None:
            if piece := await source.read():
                self._reader.feed(piece)
            else:
                await self._finish()
        self._first = token

    @property
    def first(self) -> Token | None:
        """The first token, as long as nobody has read it."""
        return self._first

    def unread(self) -> Iterator[Token]:
        """The tokens that are here and that nobody will read."""
        with suppress(BaseError):
            while (token := self.ready()) is not None:
                yield token

    def ready(self) -> Token | None:
        """The next token, if it is here already.

        Raises:
            BaseError: what broke it off.
        """
        if (token := self._first) is None:
            return self._reader.next()
        self._first = None
        return token

    async def next(self) -> Token | None:
        """The next token; None after the last one of a complete answer.

        Raises:
            BaseError: what broke it off.
        """
        reader, self._quiet_since = self._reader, None
        while (token := self.ready()) is None and not reader.is_closed:
            try:
                if piece := await read_within(self._timer, self._limit, self._source.read()):
                    reader.feed(piece)
                    if reader.is_within_event:
                        self._quiet_since = None
                else:
                    await self._finish()
            except (BaseError, builtins.TimeoutError) as error:
                if not reader.is_complete:
                    raise self._told(error) from error
                self.abort()
                reader.close()
        return token

    async def _finish(self) -> None:
        self._reader.close()
        await self._source.aclose()
        self._end()

    def _limit(self) -> float | None:
        """Seconds for the next piece. Comments that keep a connection alive are silence all the same."""
        now, at_most = self._clock.now(), _AFTER_THE_END if self._reader.is_complete else None
        if self._quiet_since is None:
            self._quiet_since = now
        return self._timeouts.limit(now, at_most=at_most, quiet=now - self._quiet_since)

    def _told(self, error: BaseError | builtins.TimeoutError) -> BaseError:
        told = error if isinstance(error, BaseError) else self._timeouts.ran_out(self._clock.now())
        if self.call.trace is not None:
            self.call.trace.broke(told)
        return told

    def _end(self) -> None:
        self._is_open = False
        self._timer.close()


async def _read_all(source: ResponseStream) -> bytes:
    pieces: list[bytes] = []
    while piece := await source.read():
        pieces.append(piece)
    return b"".join(pieces)
