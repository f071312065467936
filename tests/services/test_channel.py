from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

import viber.errors
from viber.errors import BaseError, NotFoundError, ServerError, TransportError
from viber.http import Request, Response, ResponseStream
from viber.machines import BreakerState, RetryConfig
from viber.observability import CallFinished, Listeners
from viber.resilience import Call, CircuitBreaker, Deadline, Pipeline
from viber.services._channel import Channel
from viber.testing import (
    Chunks,
    EventRecorder,
    Fail,
    FakeClock,
    Hang,
    Reply,
    ScriptedTransport,
    StreamState,
)

REQUEST = Request("GET", "http://db/orders", headers=(("apikey", "k"),))
MakeChannel = Callable[..., tuple[Channel, ScriptedTransport]]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(auto=True)


@pytest.fixture
def recorder() -> EventRecorder:
    return EventRecorder()


@pytest.fixture
def make_channel(clock: FakeClock, recorder: EventRecorder) -> MakeChannel:
    """A channel whose transport plays the script."""

    def make(*script: Any, **options: Any) -> tuple[Channel, ScriptedTransport]:
        transport = ScriptedTransport(*script, clock=clock)
        pipeline = Pipeline(
            "orders",
            clock=clock,
            retry=RetryConfig(jitter="none"),
            breaker=CircuitBreaker("orders", clock=clock),
            listeners=Listeners(recorder),
            **{"timeout": 5.0, **options},
        )
        return Channel("orders", transport, pipeline), transport

    return make


def read(response: Response) -> bytes:
    if response.status == 503:
        raise ServerError("overloaded", status=503)
    if response.status == 404:
        raise NotFoundError("no such order")
    return response.body


async def call(channel: Channel, *, idempotent: bool = True) -> bytes:
    return await channel.call(REQUEST, read, operation="select", idempotent=idempotent)


def header(request: Request, name: str) -> list[str]:
    return [value for field, value in request.headers if field == name]


async def test_a_call_sends_and_reads(make_channel: MakeChannel) -> None:
    """The answer goes through the reader, and the request out as it is."""
    channel, transport = make_channel(Reply(body=b"rows"))
    assert await call(channel) == b"rows"
    [sent] = transport.requests
    assert (sent.method, sent.url, header(sent, "apikey")) == ("GET", "http://db/orders", ["k"])


async def test_what_the_reader_raises_is_retried(make_channel: MakeChannel) -> None:
    """An answer becomes an error within the attempt, so that retry and breaker see it."""
    channel, transport = make_channel(Reply(503), Reply(body=b"rows"))
    assert await call(channel) == b"rows"
    assert len(transport.requests) == 2
    assert channel.pipeline.breaker is not None
    assert channel.pipeline.breaker.snapshot().failures == 1


async def test_what_is_not_idempotent_is_sent_once(make_channel: MakeChannel) -> None:
    """A service says of each call whether it may be repeated."""
    channel, transport = make_channel(Fail(TransportError("reset")))
    with pytest.raises(TransportError):
        await call(channel, idempotent=False)
    assert len(transport.requests) == 1


async def test_the_caller_may_say_that_it_is_idempotent(make_channel: MakeChannel) -> None:
    """A view knows better than the nature of the call."""
    channel, transport = make_channel(Fail(TransportError("reset")), Reply(body=b"rows"))
    await call(channel.with_options(idempotent=True), idempotent=False)
    assert len(transport.requests) == 2


async def test_all_attempts_of_a_call_share_its_request_id(
    make_channel: MakeChannel, recorder: EventRecorder
) -> None:
    """What is sent again carries the same id, which events and errors tell too; another call has another."""
    channel, transport = make_channel(Reply(503), Reply(), Reply(404))
    await call(channel)
    with pytest.raises(NotFoundError) as caught:
        await call(channel)
    first, again, other = [header(request, "x-request-id") for request in transport.requests]
    assert first == again != other
    assert [event.request_id for event in recorder.of(CallFinished)] == [*first, *other]
    assert [caught.value.request_id] == other


async def test_the_caller_may_name_the_request(make_channel: MakeChannel) -> None:
    """A request id of one's own is sent as it is."""
    channel, transport = make_channel(Reply())
    await call(channel.with_options(request_id="r-1"))
    assert header(transport.requests[0], "x-request-id") == ["r-1"]


async def test_header_fields_of_a_view_are_sent(make_channel: MakeChannel) -> None:
    """Besides those of the service, in every call of the view, and in no other."""
    channel, transport = make_channel(Reply(), Reply())
    await call(channel.with_options(headers={"X-Tenant": "a"}))
    await call(channel)
    assert [header(request, "x-tenant") for request in transport.requests] == [["a"], []]
    assert header(transport.requests[0], "apikey") == ["k"]


def test_a_view_shares_everything_else(make_channel: MakeChannel) -> None:
    """Other options, the same connections and the same circuit."""
    channel, transport = make_channel()
    view = channel.with_options(timeout=None, max_attempts=1)
    assert (view.transport, view.pipeline.breaker) == (transport, channel.pipeline.breaker)
    assert (view.pipeline.timeout, view.pipeline.retry.max_attempts) == (None, 1)
    assert (channel.pipeline.timeout, channel.pipeline.retry.max_attempts) == (5.0, 3)


def test_a_misspelt_option_is_refused(make_channel: MakeChannel) -> None:
    """An option that nobody reads is not swallowed."""
    fields: dict[str, Any] = {"tiemout": 1.0}
    with pytest.raises(TypeError, match="tiemout"):
        make_channel()[0].with_options(**fields)


async def first_piece(stream: ResponseStream, _: Call) -> ResponseStream:
    if not await stream.read():
        raise ServerError("empty")
    return stream


async def open_stream(channel: Channel) -> ResponseStream:
    return await channel.open(REQUEST, first_piece, operation="stream", idempotent=True)


async def test_an_opened_stream_belongs_to_its_reader(make_channel: MakeChannel) -> None:
    """Once begun well, the stream is left open: whoever reads it closes it."""
    channel, transport = make_channel(Chunks([b"one", b"two"]))
    stream = await open_stream(channel)
    assert await stream.read() == b"two"
    assert transport.open_streams == 1


async def test_a_stream_that_does_not_begin_is_aborted_and_repeated(make_channel: MakeChannel) -> None:
    """Until its first event a stream may be opened again, and what failed is dropped first."""
    channel, transport = make_channel(Chunks([]), Chunks([b"one"]))
    await open_stream(channel)
    assert [stream.state for stream in transport.streams] == [StreamState.DROPPED, StreamState.OPEN]


async def test_a_stream_that_hangs_is_aborted_at_the_timeout(make_channel: MakeChannel) -> None:
    """The attempt's limit holds until the first event, and nothing stays open after it."""
    channel, transport = make_channel(*[Chunks([Hang()])] * 3)
    with pytest.raises(viber.errors.TimeoutError):
        await open_stream(channel)
    assert (len(transport.streams), transport.open_streams) == (3, 0)


async def test_a_cancelled_opening_leaves_nothing_open(make_channel: MakeChannel, clock: FakeClock) -> None:
    """The connection is dropped before the cancellation goes on."""
    channel, transport = make_channel(Chunks([Hang()]), timeout=None)
    task = asyncio.create_task(open_stream(channel))
    await clock.settle()
    assert transport.open_streams == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert transport.open_streams == 0


async def test_a_healthy_service_says_how_fast_it_is(make_channel: MakeChannel) -> None:
    """A health check measures the time of one answer, and tells of the circuit."""
    channel, _ = make_channel(Reply(delay=0.25))
    health = await channel.probe(REQUEST, read)
    assert (health.service, health.healthy, health.latency) == ("orders", True, 0.25)
    assert (health.error, health.circuit) == ("", "closed")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(Reply(503), "overloaded", id="an-error"),
        pytest.param(Fail(TransportError("refused")), "refused", id="no-connection"),
        pytest.param(Fail(BaseError()), "BaseError", id="an-error-without-words"),
        pytest.param(Hang(), "no answer within 5 s", id="silence"),
    ],
)
async def test_an_ill_service_is_asked_once(make_channel: MakeChannel, answer: Any, error: str) -> None:
    """Whatever goes wrong is the result and not an exception; nothing is repeated, and no circuit moves."""
    channel, transport = make_channel(answer)
    health = await channel.probe(REQUEST, read)
    assert (health.healthy, health.error, len(transport.requests)) == (False, error, 1)
    assert channel.pipeline.breaker is not None
    assert channel.pipeline.breaker.snapshot().failures == 0


async def test_what_helps_is_told_with_what_is_wrong(make_channel: MakeChannel) -> None:
    """The suggestion of the error comes with its message."""
    channel, _ = make_channel(Fail(TransportError("refused", suggestion="start it")))
    health = await channel.probe(REQUEST, read)
    assert (health.error, health.suggestion) == ("refused", "start it")


async def test_a_health_check_goes_past_an_open_circuit(make_channel: MakeChannel) -> None:
    """It asks the service itself, and reports the circuit beside the answer."""
    channel, _ = make_channel(Reply())
    assert channel.pipeline.breaker is not None
    channel.pipeline.breaker.isolate()
    health = await channel.probe(REQUEST, read)
    assert (health.healthy, health.circuit) == (True, "isolated")
    assert channel.pipeline.state == BreakerState.ISOLATED


async def test_a_health_check_keeps_to_the_deadline(make_channel: MakeChannel, clock: FakeClock) -> None:
    """A deadline bounds every call, this one too."""
    channel, _ = make_channel(Hang())
    with Deadline(1.0, clock=clock):
        health = await channel.probe(REQUEST, read)
    assert (health.healthy, health.latency) == (False, 1.0)


async def test_an_answer_may_be_read_in_turns(make_channel: MakeChannel) -> None:
    """A reader that awaits is part of the attempt like any other: what it raises is retried."""
    channel, transport = make_channel(Reply(503), Reply(body=b"rows"))

    async def read_in_turns(response: Response, _: Call) -> bytes:
        await asyncio.sleep(0)
        return read(response)

    assert await channel.exchange(REQUEST, read_in_turns, operation="select", idempotent=True) == b"rows"
    assert len(transport.requests) == 2


async def test_a_reader_may_ask_again_within_its_attempt(make_channel: MakeChannel) -> None:
    """One more request goes out with the id of the call, and takes no retry of its own."""
    channel, transport = make_channel(Reply(503), Reply(), Reply(body=b"more"))

    async def read_twice(response: Response, call: Call) -> tuple[int, bytes]:
        read(response)
        return call.number, (await channel.ask(REQUEST, call)).body

    answer = await channel.exchange(REQUEST, read_twice, operation="select", idempotent=True)
    assert answer == (2, b"more")
    assert len({request.headers for request in transport.requests}) == 1
