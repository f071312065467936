"""A service's way out: its pipeline around its transport."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self, TypeVar, Unpack

from viber.errors import BaseError
from viber.http import Request, Response, ResponseStream, Timing, Transport
from viber.machines import read_allowance
from viber.observability import CallTrace, RequestTimed, Subject
from viber.resilience import Call, Pipeline
from viber.services._gate import Gate
from viber.services._health import Health
from viber.services._options import CallOptions, OptionFields, limits

T = TypeVar("T")
A = TypeVar("A", Response, ResponseStream)


@dataclass(frozen=True, slots=True)
class Channel:
    """Sends the requests of one service; a view with other options shares everything else.

    A service turns its calls into a `Request` and a pure function that reads the answer; that function
    raises the service's typed errors, so that retry and breaker see what the service said.
    """

    name: str
    transport: Transport
    pipeline: Pipeline
    options: CallOptions = field(default_factory=CallOptions)
    gate: Gate = field(default_factory=Gate)
    tokens: int = 0
    """What each call takes of a limit by tokens, estimated."""
    asked: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What a tracer is told of each call."""

    def with_options(self, **fields: Unpack[OptionFields]) -> Self:
        """A view with other time limits, attempts, header fields, idempotence or request id."""
        chosen = limits(fields)
        pipeline = self.pipeline.with_options(**chosen) if chosen else self.pipeline
        return replace(self, pipeline=pipeline, options=self.options.merged(fields))

    async def call(
        self, request: Request, read: Callable[[Response], T], *, operation: str, idempotent: bool
    ) -> T:
        """Send the request through the whole pipeline, and read its answer."""

        async def attempt(dressed: Request, call: Call) -> T:
            return read(await self._send(self.transport.send, dressed, call))

        return await self._execute(request, attempt, operation=operation, idempotent=idempotent)

    async def exchange(
        self,
        request: Request,
        read: Callable[[Response, Call], Awaitable[T]],
        *,
        operation: str,
        idempotent: bool,
    ) -> T:
        """`call`, for a reader that awaits: it gives way while it reads much, or has to `ask` again.

        The reader runs within the attempt, and is told whose it is.
        """

        async def attempt(dressed: Request, call: Call) -> T:
            return await read(await self._send(self.transport.send, dressed, call), call)

        return await self._execute(request, attempt, operation=operation, idempotent=idempotent)

    async def open(
        self,
        request: Request,
        start: Callable[[ResponseStream, Call], Awaitable[T]],
        *,
        operation: str,
        idempotent: bool,
        request_id: str = "",
    ) -> T:
        """Open a stream; `start` reads to the first event within the attempt, and then owns the stream.

        Streams that belong together have one `request_id`.
        """

        async def attempt(dressed: Request, call: Call) -> T:
            stream = await self._send(self.transport.open, dressed, call)
            stream = self.gate.hold(stream, call.keep_place())
            try:
                return await start(stream, call)
            except BaseException:
                stream.abort()
                raise

        return await self._execute(
            request, attempt, operation=operation, idempotent=idempotent, request_id=request_id
        )

    async def ask(self, request: Request, call: Call) -> Response:
        """One more request of an attempt that is under way: no retry, no permit and no place of its own."""
        dressed = self.options.dress(request, call.request_id)
        return await self._send(self.transport.send, dressed, call)

    async def probe(self, request: Request, read: Callable[[Response], object]) -> Health:
        """Ask once, past breaker and retry, and say how it went."""
        asking = replace(self, pipeline=self.pipeline.unguarded())
        started = self.pipeline.clock.now()
        error = suggestion = ""
        try:
            await asking.call(request, read, operation="health_check", idempotent=True)
        except BaseError as failure:
            error, suggestion = failure.message or type(failure).__name__, failure.suggestion
        latency = self.pipeline.clock.now() - started
        return Health(self.name, not error, latency, error, suggestion, self.pipeline.state)

    async def _send(self, send: Callable[[Request], Awaitable[A]], request: Request, call: Call) -> A:
        """One request of one attempt; what the server says of its limits is heeded."""
        if call.trace is not None:
            answer = await self._traced(send, request, call, call.trace)
        elif self.pipeline.listeners.callables:
            answer = await self._timed(send, request, call)
        else:
            answer = await send(request)
        if self.pipeline.limiter is not None:
            self._heed(answer.headers)
        return answer

    async def _traced(
        self, send: Callable[[Request], Awaitable[A]], request: Request, call: Call, trace: CallTrace
    ) -> A:
        asking = trace.request(request.method, request.url, call.number)
        is_heard = bool(self.pipeline.listeners.callables)
        try:
            followed = request.with_more(asking.begin())
            answer = await (self._timed(send, followed, call) if is_heard else send(followed))
        except BaseException as error:
            asking.end(error)
            raise
        asking.end(answer.status)
        return answer

    async def _timed(self, send: Callable[[Request], Awaitable[A]], request: Request, call: Call) -> A:
        timing, status = Timing(), None
        try:
            answer = await send(replace(request, timing=timing))
            status = answer.status
            return answer
        finally:
            self.pipeline.listeners.emit(
                RequestTimed(
                    self.name,
                    call.operation,
                    call.request_id,
                    call.number,
                    status,
                    timing.queue,
                    timing.connect,
                    timing.head,
                    timing.body,
                    at=self.pipeline.clock.now(),
                )
            )

    def _heed(self, headers: Mapping[str, str]) -> None:
        """Keep to what the server says it will still take."""
        limiter = self.pipeline.limiter
        if limiter is not None and (allowance := read_allowance(headers, self.pipeline.clock.wall())):
            limiter.heed(allowance)

    async def _execute(
        self,
        request: Request,
        attempt: Callable[[Request, Call], Awaitable[T]],
        *,
        operation: str,
        idempotent: bool,
        request_id: str = "",
    ) -> T:
        request_id = request_id or self.options.id_of_call()
        dressed = self.options.dress(request, request_id)
        tracer = self.pipeline.listeners.tracer
        is_followed = tracer is not None and tracer.is_on
        with self.gate:
            return await self.pipeline.execute(
                lambda call: attempt(dressed, call),
                operation=operation,
                idempotent=self.options.decide(idempotent=idempotent),
                request_id=request_id,
                tokens=self.tokens,
                about=Subject(request.url, self.asked) if is_followed else None,
            )
