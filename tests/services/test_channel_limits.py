"""What a channel has to do with the limits of its service, and what it tells of a request."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from viber.errors import RateLimitError, ServerError, TransportError
from viber.http import Request, Response, ResponseStream
from viber.machines import RateLimit, RetryConfig
from viber.observability import Listeners, RequestTimed
from viber.resilience import Bulkhead, Call, Pipeline, RateLimiter
from viber.services import Channel
from viber.testing import Chunks, EventRecorder, Fail, FakeClock, Pause, Reply, ScriptedTransport

REQUEST = Request("GET", "http://db/orders")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(auto=True)


def channel_of(*script: Any, clock: FakeClock, **policies: Any) -> Channel:
    retry = RetryConfig(jitter="none", initial_delay=1.0)
    pipeline = Pipeline("orders", clock=clock, retry=retry, timeout=60.0, **policies)
    return Channel("orders", ScriptedTransport(*script, clock=clock), pipeline)


def read(response: Response) -> bytes:
    if response.status == 503:
        raise ServerError("busy")
    if response.status == 429:
        raise RateLimitError("slow down", retry_after=float(response.headers["retry-after"]))
    return response.body


async def held(stream: ResponseStream, call: Call) -> ResponseStream:
    return stream


async def test_each_request_tells_how_long_it_took(clock: FakeClock) -> None:
    """One event for each attempt, with its number, its status and its parts."""
    recorder = EventRecorder()
    channel = channel_of(
        Reply(503, delay=2.0), Reply(delay=3.0), clock=clock, listeners=Listeners(recorder), idempotent=True
    )
    await channel.call(REQUEST, read, operation="select", idempotent=True)
    told = [(event.attempt, event.status, event.head, event.operation) for event in recorder.of(RequestTimed)]
    assert told == [(1, 503, 2.0, "select"), (2, 200, 3.0, "select")]


async def test_a_request_without_an_answer_is_told_without_a_status(clock: FakeClock) -> None:
    """How long it took until it broke is known all the same."""
    recorder = EventRecorder()
    broken = Fail(lambda: TransportError("reset"), delay=4.0)
    channel = channel_of(broken, clock=clock, listeners=Listeners(recorder))
    with pytest.raises(TransportError):
        await channel.call(REQUEST, read, operation="insert", idempotent=False)
    assert [(event.status, event.head) for event in recorder.of(RequestTimed)] == [(None, 4.0)]


async def test_the_body_is_timed_apart(clock: FakeClock) -> None:
    """What a server is slow to send is not what it was slow to begin."""
    recorder = EventRecorder()
    channel = channel_of(
        Chunks([b"a", Pause(5.0), b"b"], delay=1.0), clock=clock, listeners=Listeners(recorder)
    )
    assert await channel.call(REQUEST, read, operation="select", idempotent=True) == b"ab"
    [event] = recorder.of(RequestTimed)
    assert (event.head, event.body) == (1.0, 5.0)


async def test_what_the_server_says_of_its_limits_is_heeded(clock: FakeClock) -> None:
    """After `r=0` nothing is sent until the time `t` is over."""
    limiter = RateLimiter(RateLimit(requests=100, per=1.0), clock=clock)
    spent = Reply(headers={"RateLimit": '"default";r=0;t=30'})
    channel = channel_of(spent, Reply(), clock=clock, limiter=limiter)
    for _ in range(2):
        await channel.call(REQUEST, read, operation="select", idempotent=True)
    assert clock.now() == 30.0


async def test_a_429_holds_all_calls_back(clock: FakeClock) -> None:
    """One call is told to wait, and the others of the service wait with it."""
    limiter = RateLimiter(RateLimit(requests=100, per=1.0), clock=clock)
    channel = channel_of(Reply(429, {"Retry-After": "7"}), clock=clock, limiter=limiter)
    once = channel.with_options(max_attempts=1)
    with pytest.raises(RateLimitError):
        await once.call(REQUEST, read, operation="select", idempotent=True)
    assert limiter.status().held_for == 7.0


async def test_a_stream_keeps_its_place_until_it_is_closed(clock: FakeClock) -> None:
    """A place in the bulkhead is a connection: it is free when the connection is."""
    bulkhead = Bulkhead(1, clock=clock)
    channel = channel_of(Chunks([b"one"]), clock=clock, bulkhead=bulkhead)
    stream = await channel.open(REQUEST, held, operation="stream", idempotent=True)
    assert bulkhead.taken == 1
    stream.abort()
    stream.abort()
    assert bulkhead.taken == 0


async def test_a_stream_that_does_not_begin_gives_its_place_back(clock: FakeClock) -> None:
    """Each attempt takes a place of its own, and none is left behind."""

    async def refuse(stream: ResponseStream, call: Call) -> None:
        raise ServerError("no first event")

    bulkhead = Bulkhead(1, clock=clock)
    channel = channel_of(Chunks([b"one"]), Chunks([b"two"]), clock=clock, bulkhead=bulkhead)
    with pytest.raises(ServerError):
        await channel.with_options(max_attempts=2).open(REQUEST, refuse, operation="stream", idempotent=True)
    assert (bulkhead.taken, bulkhead.waiting) == (0, 0)


async def test_a_call_takes_its_tokens_of_the_limit(clock: FakeClock) -> None:
    """As many as the channel's user estimated."""
    limiter = RateLimiter(RateLimit(tokens=100, per=60.0), clock=clock)
    channel = replace(channel_of(Reply(), Reply(), clock=clock, limiter=limiter), tokens=70)
    for _ in range(2):
        await channel.call(REQUEST, read, operation="select", idempotent=True)
    assert clock.now() == 60.0
