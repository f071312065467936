"""An answer that arrives in pieces."""

import asyncio
import threading
import warnings
from contextlib import suppress
from decimal import Decimal
from functools import partial
from types import TracebackType
from typing import Self

from viber.errors import BaseError, StreamInterruptedError
from viber.http import ResponseStream
from viber.machines import Verdict, judge
from viber.resilience import Call, StreamTimeouts
from viber.services.gemini._errors import too_often_continued
from viber.services.gemini.content._models import GenerateContentResponse
from viber.services.gemini.content._part import Part
from viber.services.gemini.content._token import Token
from viber.services.gemini.content._usage import UsageMetadata
from viber.services.gemini.generating._receipt import Receipt
from viber.services.gemini.limits._books import Entry
from viber.services.gemini.limits._lanes import Lane
from viber.services.gemini.streaming._leg import Leg
from viber.services.gemini.streaming._stream_plan import OPERATION, StreamPlan
from viber.services.gemini.streaming._transcript import Transcript


class TokenStream:
    """The tokens of one answer, as they come: iterate it once, best inside `async with`.

    Entering the block, or else the first step, opens it: through deadline, retry and circuit breaker up to
    the first event; nothing is repeated after it. Leaving the block closes the connection before control
    returns. Iterated without a block, the stream closes itself at its end; dropped half-read, it drops its
    connection with a `ResourceWarning`.

    Raises:
        StreamInterruptedError: the answer broke off after its first event; holds `text`, `parts` and `usage`.
        BaseError: it did not begin.
    """

    def __init__(self, plan: StreamPlan) -> None:
        self._plan = plan
        self._request_id = plan.channel.options.id_of_call()
        self._transcript = Transcript()
        self._timeouts: StreamTimeouts | None = None
        self._leg: Leg | None = None
        self._question = plan.question
        self._entry: Entry | None = None
        self._receipt: Receipt | None = None
        self._model, self._pages = "", 0
        self._end: Exception | None = None
        self._is_busy = False
        self._home: tuple[asyncio.AbstractEventLoop, int] | None = None

    @property
    def text(self) -> str:
        """The text of the tokens so far, thoughts left out; what was said before tools ran is part of it."""
        return self._transcript.text

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts so far, as they came: what a conversation sends back; those since tools last ran."""
        return self._transcript.parts

    @property
    def usage(self) -> UsageMetadata:
        """What the answer took so far: complete when the stream is."""
        return self._transcript.usage

    @property
    def model(self) -> str:
        """The model that answers, as you named it; empty until it began."""
        return self._model

    @property
    def cost(self) -> Decimal | None:
        """What the answer cost, once it is at its end; None when a price, or the usage, is unknown."""
        return None if self._receipt is None else self._receipt.cost

    @property
    def finish_reason(self) -> str | None:
        """Why the model stopped: `STOP`, `MAX_TOKENS`, `SAFETY` and so on; None until it did."""
        return self._transcript.finish_reason

    @property
    def response(self) -> GenerateContentResponse:
        """Everything so far as one answer."""
        receipt = self._receipt or Receipt(self._model)
        response, sequel = self._transcript.response(receipt), self._plan.sequel
        return response if sequel is None else sequel.recorded(response)

    @property
    def is_complete(self) -> bool:
        """It was read to its end, and nothing is missing."""
        return isinstance(self._end, StopAsyncIteration)

    def close(self) -> None:
        """Drop the connection if the stream has not ended by itself; closing twice is fine."""
        if self._end is None:
            self._end = RuntimeError("this stream was closed before its end: ask for a new one")
            self._hear_out()
        self._book()
        if self._leg is not None and self._leg.is_open:
            self._leg.abort()

    async def aclose(self) -> None:
        """The same, for `contextlib.aclosing`."""
        self.close()

    async def __aenter__(self) -> Self:
        if self.is_complete:
            raise RuntimeError("this stream was read to its end: ask for a new one")
        self._enter()
        try:
            if self._leg is None:
                await self._open("")
        finally:
            self._is_busy = False
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Token:
        self._enter()
        try:
            token = self._ready() or await self._wait()
        finally:
            self._is_busy = False
        self._transcript.add(token.chunk, token.text)
        return token

    def _enter(self) -> None:
        if self._is_busy:
            raise RuntimeError("another task is reading this stream")
        if self._end is not None:
            raise self._end.with_traceback(None)
        self._is_busy = True

    def _ready(self) -> Token | None:
        if (leg := self._leg) is None:
            return None
        try:
            return leg.ready()
        except BaseError as error:
            raise self._broken(leg, error) from error

    async def _wait(self) -> Token:
        leg = self._leg or await self._open("")
        while (token := await self._next(leg)) is None:
            leg = await self._go_on()
        return token

    async def _next(self, leg: Leg) -> Token | None:
        try:
            return await leg.next()
        except BaseError as error:
            raise self._broken(leg, error) from error
        except BaseException:
            self.close()
            raise

    async def _go_on(self) -> Leg:
        """Ask for the rest of an answer that is continued, or with what tools found.

        Raises:
            StopAsyncIteration: nothing is left to ask.
        """
        self._book()
        try:
            page = await self._next_page()
        except BaseError as error:
            raise self._interrupted(error) from error
        except BaseException:
            self.close()
            raise
        if page is None:
            self._end = StopAsyncIteration()
            raise self._end
        try:
            return await self._open(page)
        except BaseError as error:
            raise self._interrupted(error) from error

    async def _next_page(self) -> str | None:
        """The token with which to go on, empty for another question; None when nothing is left to ask."""
        if page := self._transcript.turn_page():
            self._pages += 1
            if self._pages > self._plan.max_continuations:
                raise too_often_continued(self._plan.max_continuations)
            return page
        sequel = self._plan.sequel
        if sequel is None or (question := await sequel.follow(self.response)) is None:
            return None
        if self._end is not None:  # closed while tools ran
            raise self._end
        self._transcript.turn_over()
        self._question, self._pages = question, 0
        return ""

    async def _open(self, page: str) -> Leg:
        """Send the request, and wait for its first event, through the whole pipeline."""
        plan, now = self._plan, self._plan.channel.pipeline.clock.now()
        if self._timeouts is None:
            self._timeouts = StreamTimeouts(idle=plan.idle_timeout, total=plan.total_timeout, now=now)
        models = (self._model,) if self._model else self._question.models
        ask = partial(self._ask, page, self._timeouts)
        self._home = asyncio.get_running_loop(), threading.get_ident()
        try:
            return await plan.lanes.run(plan.within(self._timeouts.remaining(now)), models, ask)
        except BaseException:
            self.close()
            raise

    async def _ask(self, page: str, timeouts: StreamTimeouts, lane: Lane) -> Leg:
        plan, (entry, channel) = self._plan, lane.open(self._question.body)

        async def begin(source: ResponseStream, call: Call) -> Leg:
            # Ours from here on, whatever happens on the way back through the pipeline.
            clock = channel.pipeline.clock
            leg = self._leg = Leg(source, call, failures=plan.failures, timeouts=timeouts, clock=clock)
            await entry.begin(leg)
            return leg

        with entry:
            request = self._question.request(lane.model, page)
            leg = await channel.open(
                request, begin, operation=OPERATION, idempotent=plan.idempotent, request_id=self._request_id
            )
        self._entry, self._model = entry, lane.model
        return leg

    def _hear_out(self) -> None:
        """What came and will not be read may tell what it took."""
        if self._entry is not None and self._leg is not None:
            for token in self._leg.unread():
                self._transcript.hear(token.chunk)

    def _book(self) -> None:
        """The answer to this request is at its end, whichever: what it took is written down."""
        entry, self._entry = self._entry, None
        if entry is not None:
            receipt = entry.close(self._transcript.lately, self._transcript.version)
            self._receipt = receipt if self._receipt is None else self._receipt + receipt

    def _broken(self, leg: Leg, cause: BaseError) -> StreamInterruptedError:
        if judge(cause).verdict is Verdict.FAILURE:
            leg.call.interrupted()
        return self._interrupted(cause)

    def _interrupted(self, cause: BaseError) -> StreamInterruptedError:
        self._book()
        self.close()
        attempts = self._leg.call.number if self._leg is not None else 0
        self._end = error = self._plan.interrupted(
            cause, self._transcript, request_id=self._request_id, attempts=attempts
        )
        return error

    def __repr__(self) -> str:
        state = "fresh" if self._leg is None else "open" if self._leg.is_open else "ended"
        return f"<TokenStream {state}, {len(self.text)} characters>"

    def __del__(self) -> None:
        leg, home = self._leg, self._home
        if leg is None or home is None or not leg.is_open:
            return
        drop = partial(_drop, leg, self._entry, self._transcript)
        with suppress(RuntimeError):  # the loop is closed, and its connections with it
            if home[1] == threading.get_ident():
                drop()
            else:
                home[0].call_soon_threadsafe(drop)
        warnings.warn(
            f"{self!r} was dropped half-read: use `async with`", ResourceWarning, stacklevel=2, source=self
        )


def _drop(leg: Leg, entry: Entry | None, transcript: Transcript) -> None:
    leg.abort()
    if entry is not None:
        entry.close(transcript.lately, transcript.version)
