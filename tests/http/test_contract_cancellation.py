"""Cancelled anywhere, however often: the connection is closed, nothing is held, the next request works."""

from __future__ import annotations

import asyncio
import gc
import socket
from typing import Any

import pytest

from viber.http import Request

AGAIN = pytest.mark.parametrize("again", [None, 0, 1, 2, 4], ids=lambda ticks: f"again-after-{ticks}")
"""Loop turns after which the task is cancelled a second time: clean-up that awaits is interrupted by it."""


async def cancel(task: asyncio.Task[Any], again: int | None) -> None:
    """Cancel, perhaps twice; the task must end as cancelled."""
    task.cancel()
    if again is not None:
        for _ in range(again):
            await asyncio.sleep(0)
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(5):
            await task


async def works(raw: Any, server: Any, transport: Any) -> None:
    """Nothing is held, nobody is left at the server, and a request succeeds."""
    await server.empty()
    assert "busy=0" in repr(transport)
    server.handler = raw.always(raw.answer())
    assert (await transport.send(Request("GET", server.url()))).body == b"ok"
    gc.collect()


@AGAIN
async def test_while_waiting_for_the_answer(raw: Any, make: Any, again: int | None) -> None:
    """A request whose answer is awaited."""
    transport = make(max_connections=1)
    server = await raw.serve(raw.silent)
    task = asyncio.create_task(transport.send(Request("GET", server.url())))
    await server.arrived(1)
    await cancel(task, again)
    await works(raw, server, transport)


@AGAIN
async def test_while_writing_a_large_body(raw: Any, make: Any, again: int | None) -> None:
    """A request whose body the server does not take."""

    async def reads_nothing(visit: Any) -> None:
        visit.writer.transport.pause_reading()
        await visit.server.note(b"begun")
        await asyncio.Event().wait()

    transport = make(max_connections=1)
    server = await raw.serve(reads_nothing)
    task = asyncio.create_task(transport.send(Request("POST", server.url(), body=b"x" * 30_000_000)))
    await server.arrived(1)
    for _ in range(20):
        await asyncio.sleep(0)
    await cancel(task, again)
    for host in server.tasks:
        host.cancel()
    await works(raw, server, transport)


@AGAIN
async def test_in_the_middle_of_a_body(raw: Any, make: Any, again: int | None) -> None:
    """A request half of whose answer has come."""

    async def half(visit: Any) -> None:
        await visit.request()
        await visit.say(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        await visit.gone()

    transport = make(max_connections=1)
    server = await raw.serve(half)
    task = asyncio.create_task(transport.send(Request("GET", server.url())))
    await server.arrived(1)
    for _ in range(20):
        await asyncio.sleep(0)
    await cancel(task, again)
    await works(raw, server, transport)


async def endless(visit: Any) -> None:
    """A stream that speaks once, and then no more."""
    await visit.request()
    await visit.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
    await visit.gone()


@AGAIN
async def test_while_reading_a_stream(raw: Any, make: Any, again: int | None) -> None:
    """A reader that waits for the next piece."""

    async def consume() -> None:
        stream = await transport.open(Request("GET", server.url()))
        begun.set()
        while await stream.read():
            pass

    begun = asyncio.Event()
    transport = make(max_connections=1)
    server = await raw.serve(endless)
    task = asyncio.create_task(consume())
    await begun.wait()
    for _ in range(10):
        await asyncio.sleep(0)
    await cancel(task, again)
    await works(raw, server, transport)


@AGAIN
@pytest.mark.parametrize("way", ["abort", "aclose"])
async def test_between_two_reads_of_a_stream(raw: Any, make: Any, again: int | None, way: str) -> None:
    """A reader that is busy elsewhere, and closes its stream on the way out."""

    async def consume() -> None:
        stream = await transport.open(Request("GET", server.url()))
        try:
            assert await stream.read() == b"abc"
            begun.set()
            await asyncio.Event().wait()
        finally:
            if way == "abort":
                stream.abort()
            else:
                await stream.aclose()

    begun = asyncio.Event()
    transport = make(max_connections=1)
    server = await raw.serve(endless)
    task = asyncio.create_task(consume())
    await begun.wait()
    await cancel(task, again)
    await works(raw, server, transport)


@AGAIN
async def test_while_connecting(raw: Any, make: Any, again: int | None) -> None:
    """A server that takes no connection."""
    transport = make(max_connections=1)
    server = await raw.serve(raw.silent)
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}/"
        task = asyncio.create_task(transport.send(Request("GET", url)))
        for _ in range(10):
            await asyncio.sleep(0)
        await cancel(task, again)
        for filler in fillers:
            filler.close()
    await works(raw, server, transport)


async def test_while_waiting_for_a_free_connection(raw: Any, make: Any) -> None:
    """One that waits for its turn sends nothing, and leaves no hole in the queue."""
    transport = make(max_connections=1)
    server = await raw.serve(raw.silent)
    holder = asyncio.create_task(transport.send(Request("GET", server.url("/holder"))))
    await server.arrived(1)
    queue = [asyncio.create_task(transport.send(Request("GET", server.url(f"/{n}")))) for n in range(3)]
    for _ in range(10):
        await asyncio.sleep(0)
    await cancel(queue[1], again=0)
    server.handler = raw.always(raw.answer())
    await cancel(holder, again=None)
    await asyncio.gather(queue[0], queue[2])
    targets = [request.split()[1] for request in server.requests]
    assert targets == [b"/holder", b"/0", b"/2"]
    assert server.most == 1


async def test_a_timeout_around_it_stays_the_callers(raw: Any, make: Any) -> None:
    """A caller's own `asyncio.timeout` fires as the builtin error, with the connection closed by then."""
    transport = make(max_connections=1)
    server = await raw.serve(raw.silent)
    with pytest.raises(TimeoutError) as caught:
        async with asyncio.timeout(0.02):
            await transport.send(Request("GET", server.url()))
    assert type(caught.value) is TimeoutError
    await works(raw, server, transport)
