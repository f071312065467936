"""Bytes of a streamed answer to its tokens, or to the error that ends it: pure, the same at any chunking."""

from collections import deque

from viber.errors import BaseError, Delivery, ServerError
from viber.machines import ServerSentEvent, SseDecoder
from viber.observability import CallTrace
from viber.services.gemini.content._answers import malformed, token_of
from viber.services.gemini.content._failures import Failures, error_in
from viber.services.gemini.content._json import is_object, parsed
from viber.services.gemini.content._token import Token, index_of

_OK = 200


class Reader:
    """Takes the pieces of one response body, and gives its tokens.

    Only a `finishReason` of every candidate makes an answer complete: a body that ends without is an error.
    """

    __slots__ = ("_decoder", "_events", "_failures", "_finished", "_is_closed", "_seen", "_started")

    def __init__(self, failures: Failures) -> None:
        self._failures = failures
        self._decoder = SseDecoder()
        self._events: deque[ServerSentEvent] = deque()
        self._seen: set[int] = set()
        self._finished: set[int] = set()
        self._started = False
        self._is_closed = False

    @property
    def is_complete(self) -> bool:
        """Every candidate said why it stopped."""
        return bool(self._finished) and self._finished >= self._seen

    @property
    def is_closed(self) -> bool:
        """The body has come to its end."""
        return self._is_closed

    @property
    def is_within_event(self) -> bool:
        """A part of the next event has come."""
        return self._decoder.is_within_event

    def feed(self, piece: bytes) -> None:
        """The next piece of the body.

        Raises:
            ServerError: an event is too large.
        """
        self._events.extend(self._decoder.feed(piece))

    def close(self) -> None:
        """The body is at its end; an event that lacks only its blank line is taken if it is whole."""
        self._is_closed = True

    def next(self) -> Token | None:
        """The next token; None if more of the body is needed, or if there is no more and nothing is missing.

        Raises:
            BaseError: the stream says that it failed, or ended without an end.
        """
        try:
            while self._events:
                if (token := self._read(self._events.popleft())) is not None:
                    return token
            return self._final() if self._is_closed else None
        except BaseError:
            if self.is_complete:  # whatever went wrong afterwards, the answer is here
                return None
            raise

    def _final(self) -> Token | None:
        last = self._decoder.finish()
        if last is not None and is_object(parsed(last.data)):
            return self._read(last)
        if not self.is_complete:
            raise self._end()
        return None

    def _read(self, event: ServerSentEvent) -> Token | None:
        value = parsed(event.data)
        if value is None:
            if event.data.strip() in (b"", b"[DONE]"):
                return None
            value = parsed(event.text)  # what is not UTF-8 replaced
        if value is None:
            raise malformed(event.text, self._failures)
        token = token_of(value, self._failures)
        for candidate in value.get("candidates") or ():
            index = index_of(candidate) if candidate.get("index") else 0
            self._seen.add(index)
            if candidate.get("finishReason"):
                self._finished.add(index)
        self._started = True
        return token

    def _end(self) -> BaseError:
        strays = self._decoder.strays
        if error_in(parsed(strays)) is not None or (strays and not self._started):
            return self._failures.of_answer(_OK, {}, strays)
        return ServerError(
            "the stream ended without a finish reason"
            if self._started
            else "the stream ended before it began",
            code="gemini.stream_cut",
            delivery=Delivery.UNKNOWN,
            service="gemini",
        )


class TracedReader(Reader):
    """A `Reader` that tells a trace what it reads."""

    __slots__ = ("_last", "_trace")

    def __init__(self, failures: Failures, trace: CallTrace) -> None:
        super().__init__(failures)
        self._trace = trace
        self._last: Token | BaseError | None = None

    def close(self) -> None:
        """As of a `Reader`; what the last bytes say is read now, for the trace ends with the connection."""
        super().close()
        try:
            self._last = self.next()
        except BaseError as error:
            self._last = error

    def next(self) -> Token | None:
        last, self._last = self._last, None
        if isinstance(last, BaseError):
            raise last
        return last or self._told()

    def _told(self) -> Token | None:
        try:
            token = super().next()
        except BaseError as error:
            self._trace.broke(error)
            raise
        if token is not None:
            self._trace.heard(token.chunk)
        return token
