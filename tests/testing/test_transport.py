"""A transport that answers from a script."""

import asyncio

import pytest

from viber.errors import Delivery, TransportError
from viber.http import Request
from viber.testing import (
    Chunks,
    Fail,
    FakeClock,
    Hang,
    Pause,
    Reply,
    ScriptedTransport,
    ScriptEndedError,
    StreamState,
)

ASK = Request("GET", "http://db.test/rest/v1/orders")


async def test_replies_come_in_order_and_requests_are_kept() -> None:
    """Each request gets the next answer, and can be looked at afterwards."""
    transport = ScriptedTransport(Reply(503, {"Retry-After": "2"}, b"busy"), Reply(json=[{"id": 1}]))
    first, second = await transport.send(ASK), await transport.send(ASK)
    assert (first.status, first.headers, first.body) == (503, {"retry-after": "2"}, b"busy")
    assert (second.status, second.headers, second.body) == (
        200,
        {"content-type": "application/json"},
        b'[{"id": 1}]',
    )
    assert transport.requests == [ASK, ASK]


async def test_end_of_the_script_is_an_assertion_that_names_the_request() -> None:
    """A request too many fails the test, and says which it was."""
    transport = ScriptedTransport(Reply())
    await transport.send(ASK)
    with pytest.raises(ScriptEndedError, match=r"request 2: Request.*/orders") as caught:
        await transport.send(ASK)
    assert isinstance(caught.value, AssertionError)


async def test_script_can_be_lengthened_and_have_a_rest() -> None:
    """Answers may be added later, and `otherwise` answers all that follow."""
    transport = ScriptedTransport(otherwise=Reply(404))
    transport.add(Reply(201))
    assert [(await transport.send(ASK)).status for _ in range(3)] == [201, 404, 404]


async def test_function_finds_the_answer_for_a_request() -> None:
    """A cue may be a function of the request."""
    transport = ScriptedTransport(otherwise=lambda request: Reply(body=request.method.encode()))
    assert (await transport.send(Request("PUT", ASK.url))).body == b"PUT"


async def test_failure_is_raised_as_it_stands_or_made_anew() -> None:
    """An error is raised itself; a class or function gives a new one each time."""
    error = TransportError("reset")
    transport = ScriptedTransport(Fail(error), otherwise=Fail(ConnectionResetError))
    with pytest.raises(TransportError) as caught:
        await transport.send(ASK)
    assert caught.value is error
    seen: set[int] = set()
    kept: list[BaseException] = []
    for _ in range(2):
        with pytest.raises(ConnectionResetError) as again:
            await transport.send(ASK)
        kept.append(again.value)
        seen.add(id(again.value))
    assert len(seen) == 2


async def test_delays_run_on_the_clock() -> None:
    """Answers, failures and pieces come at their moments."""
    clock = FakeClock(auto=True)
    transport = ScriptedTransport(
        Reply(delay=2),
        Chunks([b"a", Pause(3), b"b"], delay=1),
        Fail(TransportError, delay=4),
        clock=clock,
    )
    await transport.send(ASK)
    assert clock.now() == 2.0
    assert ((await transport.send(ASK)).body, clock.now()) == (b"ab", 6.0)
    with pytest.raises(TransportError):
        await transport.send(ASK)
    assert clock.now() == 10.0


async def test_hanging_request_counts_as_in_flight_until_it_is_given_up() -> None:
    """Nothing is left in flight by a cancelled call, and that it was abandoned is seen."""
    clock = FakeClock(auto=True)
    transport = ScriptedTransport(Hang(), clock=clock)
    with pytest.raises(TimeoutError):
        async with clock.timeout(5):
            await transport.send(ASK)
    assert (transport.in_flight, transport.abandoned, clock.now()) == (0, 1, 5.0)


async def test_stream_hands_out_pieces_and_then_nothing() -> None:
    """Pieces come as they were cut; an empty one is the end, which can be read again."""
    transport = ScriptedTransport(Chunks([b"a", b"", b"b"], status=206, headers={"X-Kind": "k"}))
    stream = await transport.open(ASK)
    assert (stream.status, stream.headers) == (206, {"x-kind": "k"})
    assert [await stream.read() for _ in range(4)] == [b"a", b"b", b"", b""]
    await stream.aclose()
    assert (stream.state, transport.open_streams) == (StreamState.KEPT, 0)


@pytest.mark.parametrize("how", ["abort", "aclose"])
async def test_stream_left_early_is_dropped(how: str) -> None:
    """A stream that was not read to its end does not give its connection back."""
    transport = ScriptedTransport(Chunks([b"a", b"b"]))
    stream = await transport.open(ASK)
    await stream.read()
    assert transport.open_streams == 1
    if how == "abort":
        stream.abort()
        stream.abort()
    await stream.aclose()
    assert (stream.state, transport.open_streams) == (StreamState.DROPPED, 0)
    with pytest.raises(TransportError, match="closed"):
        await stream.read()


async def test_stream_breaks_in_the_middle() -> None:
    """A failure among the pieces is raised where it stands, by streams and by whole answers."""
    cut = Chunks([b"a", Fail(TransportError("cut"))])
    transport = ScriptedTransport(otherwise=cut)
    stream = await transport.open(ASK)
    assert await stream.read() == b"a"
    with pytest.raises(TransportError, match="cut"):
        await stream.read()
    assert transport.open_streams == 1, "whoever holds it still has to close it"
    with pytest.raises(TransportError, match="cut"):
        await transport.send(ASK)


async def test_abort_ends_a_hanging_read() -> None:
    """A reader that waits for ever is let go when the stream is aborted."""
    transport = ScriptedTransport(Chunks([Hang()]))
    stream = await transport.open(ASK)
    reader = asyncio.create_task(stream.read())
    await asyncio.sleep(0)
    stream.abort()
    with pytest.raises(TransportError, match="closed"):
        await reader


async def test_closed_transport_sends_nothing() -> None:
    """Closing aborts what is open, refuses what comes, and may be done twice."""
    transport = ScriptedTransport(Chunks([b"a"]), Reply())
    stream = await transport.open(ASK)
    await transport.aclose()
    await transport.aclose()
    assert stream.state is StreamState.DROPPED
    with pytest.raises(TransportError, match="closed") as caught:
        await transport.send(ASK)
    assert (caught.value.delivery, len(transport.requests)) == (Delivery.NOT_SENT, 1)


async def test_reprs_show_counts_and_no_headers() -> None:
    """A transport and a stream show where they stand."""
    transport = ScriptedTransport(Chunks([b"a"]))
    stream = await transport.open(Request("GET", ASK.url, (("apikey", "sb_secret_x"),)))
    assert repr(transport) == "<ScriptedTransport requests=1 in_flight=0 open_streams=1>"
    assert repr(stream) == "<ScriptedStream 200 open>"
