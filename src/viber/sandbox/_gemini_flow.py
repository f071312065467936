"""Sends a stream to its client, at its pace, and stops when the client has gone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from aiohttp import hdrs, web

from viber.sandbox._faults import Fault
from viber.sandbox._gemini_answer import stream_events
from viber.sandbox._gemini_model import Reply
from viber.sandbox._gemini_stats import GeminiStats, Outcome
from viber.sandbox._gemini_stream import Ending, Frame, ending_of, stream_frames
from viber.sandbox._gemini_wire import Framing
from viber.sandbox._inflict import cut, hang_up, is_connected, pause, wait_until_gone


@dataclass(frozen=True, slots=True)
class Flow:
    """One stream: what it says, how it is framed, what breaks it; ``delay`` is in seconds a token."""

    reply: Reply
    framing: Framing
    fault: Fault | None
    delay: float
    stats: GeminiStats

    async def send(self, request: web.Request) -> web.StreamResponse:
        """Write the stream frame by frame; a client that goes away ends it."""
        response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: self.framing.value})
        usage = None
        outcome = Outcome.ABANDONED
        self.stats.streams_open += 1
        try:
            await response.prepare(request)
            for frame in self._frames():
                if not await self._keep_pace(request, frame):
                    return response
                await response.write(frame.data)
                self.stats.tokens_sent += frame.tokens
                usage = frame.usage or usage
            outcome = Outcome.FINISHED if self.fault is None else Outcome.BROKEN
            await self._end(request)
        except ConnectionResetError:
            pass  # the client left between two frames
        finally:
            self.stats.end_stream(outcome, usage)
        return response

    def whole(self) -> web.Response:
        """Return the stream as one body, for a fault that withholds it; nothing of it counts as sent."""
        frames = list(self._frames())
        for usage in [frame.usage for frame in frames if frame.usage][-1:]:
            self.stats.bill(usage)
        body = b"".join(frame.data for frame in frames)
        return web.Response(body=body, headers={hdrs.CONTENT_TYPE: self.framing.value})

    def _frames(self) -> Iterator[Frame]:
        events = stream_events(self.reply)
        return stream_frames(events, framing=self.framing, fault=self.fault, model=self.reply.model)

    async def _keep_pace(self, request: web.Request, frame: Frame) -> bool:
        if self.delay and frame.tokens:
            return await pause(request, self.delay * frame.tokens)
        await asyncio.sleep(0)  # lets the loop learn that the client has gone
        return is_connected(request)

    async def _end(self, request: web.Request) -> None:
        match ending_of(self.fault):
            case Ending.CLOSE:
                return
            case Ending.CUT if self.fault is not None and self.fault.reset:
                cut(request, reset=True)
            case Ending.CUT:
                hang_up(request)
            case Ending.STALL:
                await wait_until_gone(request)
