"""A transport that answers from a script."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from typing import NoReturn

from viber.clock import SYSTEM_CLOCK, Clock
from viber.errors import Delivery, TransportError
from viber.http import Request, Response
from viber.testing._script import Answer, Chunks, Cue, Fail, Hang, Reply
from viber.testing._stream import ScriptedStream, StreamState


class ScriptEndedError(AssertionError):
    """A request came for which the script has no answer."""


class ScriptedTransport:
    """A `Transport` without a network: each request gets the next answer of the script.

    `otherwise` answers what comes after the end of the script. Delays run on `clock`. What was sent is in
    `requests`; a test that ends well leaves `in_flight` and `open_streams` at 0.

    Example:
        >>> import asyncio
        >>> transport = ScriptedTransport(Reply(503), Reply(json=[{"id": 1}]))
        >>> [asyncio.run(transport.send(Request("GET", "http://db/orders"))).status for _ in range(2)]
        [503, 200]
    """

    def __init__(self, *script: Cue, otherwise: Cue | None = None, clock: Clock = SYSTEM_CLOCK) -> None:
        self.requests: list[Request] = []
        self.streams: list[ScriptedStream] = []
        self.in_flight: int = 0
        """Requests that wait for their answer."""
        self.abandoned: int = 0
        """Requests whose caller was cancelled while they waited."""
        self.is_closed: bool = False
        self._script = deque(script)
        self._otherwise = otherwise
        self._clock = clock

    @property
    def open_streams(self) -> int:
        """Streams that nobody has closed or aborted."""
        return sum(stream.state is StreamState.OPEN for stream in self.streams)

    def add(self, *script: Cue) -> None:
        """Lengthen the script."""
        self._script.extend(script)

    async def send(self, request: Request) -> Response:
        """Play the next answer to its end.

        Raises:
            ScriptEndedError: there is none.
            TransportError: the transport is closed.
            BaseException: what a `Fail` in the script says.
        """
        with self._flight(request):
            stream = await self._begin_timed(request)
            body = [piece async for piece in _pieces(stream)]
            if request.timing is not None:
                request.timing.ended(self._clock.now())
            return Response(stream.status, stream.headers, b"".join(body))

    async def open(self, request: Request) -> ScriptedStream:
        """Begin the next answer; raises what `send` raises."""
        with self._flight(request):
            stream = await self._begin_timed(request)
            self.streams.append(stream)
            return stream

    async def aclose(self) -> None:
        """Abort what is open; closing twice is fine."""
        self.is_closed = True
        for stream in self.streams:
            stream.abort()

    @contextmanager
    def _flight(self, request: Request) -> Generator[None]:
        if self.is_closed:
            raise TransportError("the transport is closed", delivery=Delivery.NOT_SENT)
        self.requests.append(request)
        self.in_flight += 1
        try:
            yield
        except asyncio.CancelledError:
            self.abandoned += 1
            raise
        finally:
            self.in_flight -= 1

    def _next_answer(self, request: Request) -> Answer:
        cue = self._script.popleft() if self._script else self._otherwise
        if cue is None:
            raise ScriptEndedError(f"the script has no answer for request {len(self.requests)}: {request}")
        return cue(request) if callable(cue) else cue

    async def _begin_timed(self, request: Request) -> ScriptedStream:
        answer, timing = self._next_answer(request), request.timing
        if timing is None:
            return await self._begin(answer)
        timing.start(self._clock.now())
        try:
            return await self._begin(answer)
        finally:
            timing.answered(self._clock.now())

    async def _begin(self, answer: Answer) -> ScriptedStream:
        match answer:
            case Reply(delay=delay) | Chunks(delay=delay):
                await self._wait(delay)
                return ScriptedStream(answer, self._clock)
            case Fail(delay=delay):
                await self._wait(delay)
                raise answer.make()
            case Hang():
                return await _forever()

    async def _wait(self, delay: float) -> None:
        if delay:
            await self._clock.sleep(delay)

    def __repr__(self) -> str:
        counts = f"requests={len(self.requests)} in_flight={self.in_flight} open_streams={self.open_streams}"
        return f"<ScriptedTransport {counts}>"


async def _pieces(stream: ScriptedStream) -> AsyncIterator[bytes]:
    while piece := await stream.read():
        yield piece


async def _forever() -> NoReturn:
    while True:
        await asyncio.Event().wait()
