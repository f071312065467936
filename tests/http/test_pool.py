"""The free list: which connection is used, and which is not used again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from viber.errors import Delivery, TransportError
from viber.http import ConnectionPool, HttpConfig, Request
from viber.testing import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def pool(clock: FakeClock, engine: Any) -> AsyncIterator[ConnectionPool]:
    config = HttpConfig(
        max_connections=4, idle_expiry=15, max_connection_age=60, trust_env=False, transport=engine
    )
    pool = ConnectionPool(config, clock=clock)
    yield pool
    assert repr(pool).endswith("busy=0)>")
    await pool.aclose()


async def burst(pool: ConnectionPool, server: Any, count: int) -> None:
    await asyncio.gather(*(pool.send(Request("GET", server.url())) for _ in range(count)))


async def test_repr_counts(raw: Any, pool: ConnectionPool) -> None:
    """The repr says how many connections wait and how many work."""
    server = await raw.serve(raw.always(raw.answer()))
    assert repr(pool) == "<ConnectionPool(idle=0, busy=0)>"
    await burst(pool, server, 3)
    stream = await pool.open(Request("GET", server.url()))
    assert repr(pool) == "<ConnectionPool(idle=2, busy=1)>"
    await stream.aclose()


async def test_never_more_than_allowed(raw: Any, pool: ConnectionPool) -> None:
    """However many ask, no more connections are open than allowed, and everybody is served."""
    server = await raw.serve(raw.always(raw.answer()))
    await burst(pool, server, 40)
    assert (server.most, len(server.requests)) == (4, 40)


async def test_the_last_one_used_is_used_first(raw: Any, pool: ConnectionPool, clock: FakeClock) -> None:
    """Of several idle connections the freshest is taken, so that the others can expire."""
    server = await raw.serve(raw.always(raw.answer()))
    await burst(pool, server, 3)
    for _ in range(4):
        await clock.advance(10)
        await pool.send(Request("GET", server.url()))
    assert server.visits == 3


async def test_a_connection_idle_for_too_long_is_not_used(
    raw: Any, pool: ConnectionPool, clock: FakeClock
) -> None:
    """After the idle limit, counted from its last use, a connection is closed instead of used."""
    server = await raw.serve(raw.always(raw.answer()))
    for pause in (0, 14, 15):
        await clock.advance(pause)
        await pool.send(Request("GET", server.url()))
    assert server.visits == 2


async def test_an_old_connection_is_not_used(raw: Any, pool: ConnectionPool, clock: FakeClock) -> None:
    """A connection above the maximum age is replaced, however busy it is."""
    server = await raw.serve(raw.always(raw.answer()))
    for _ in range(8):
        await pool.send(Request("GET", server.url()))
        await clock.advance(10)
    assert server.visits == 2


async def test_a_connection_that_grew_old_at_work_is_not_kept(
    raw: Any, pool: ConnectionPool, clock: FakeClock
) -> None:
    """A connection that passes the maximum age during a request is closed with it."""
    server = await raw.serve(raw.always(raw.answer()))
    stream = await pool.open(Request("GET", server.url()))
    await clock.advance(61)
    assert await stream.read() == b"ok"
    assert await stream.read() == b""
    assert repr(pool) == "<ConnectionPool(idle=0, busy=0)>"


async def test_forgotten_connections_are_swept(raw: Any, engine: Any) -> None:
    """Without any further request the idle ones are closed too, by one timer."""
    pool = ConnectionPool(HttpConfig(idle_expiry=0.05, trust_env=False, transport=engine))
    server = await raw.serve(raw.always(raw.answer()))
    await burst(pool, server, 3)
    await server.empty()
    assert repr(pool) == "<ConnectionPool(idle=0, busy=0)>"
    await pool.aclose()


async def test_a_connection_the_server_closed_is_not_used(raw: Any, pool: ConnectionPool) -> None:
    """A connection that ended while it was idle is noticed before the next request."""
    server = await raw.serve(raw.once(raw.answer()))
    await pool.send(Request("GET", server.url()))
    for task in server.tasks:
        task.cancel()
    await server.empty()
    await pool.send(Request("GET", server.url()))
    assert server.visits == 2


async def test_what_the_loop_has_not_seen_is_seen(raw: Any, pool: ConnectionPool) -> None:
    """A close that lies in the kernel, unread because the loop was busy, is noticed too."""
    server = await raw.serve(raw.always(raw.answer()))
    await pool.send(Request("GET", server.url()))
    visit = next(iter(server.writers))
    visit.get_extra_info("socket").shutdown(2)  # no turn of the loop lies between this and the next line
    await pool.send(Request("GET", server.url()))
    assert server.visits == 2


async def test_words_out_of_turn_spoil_a_connection(raw: Any, pool: ConnectionPool, until: Any) -> None:
    """A server that speaks without being asked is not asked again on that connection."""

    async def impatient(visit: Any) -> None:
        await visit.request()
        await visit.say(raw.answer())
        await spoken.wait()
        await visit.say(raw.answer(status="408 Request Timeout"))
        await visit.gone()

    spoken = asyncio.Event()
    server = await raw.serve(impatient)
    await pool.send(Request("GET", server.url()))
    spoken.set()
    await until(lambda: repr(pool) == "<ConnectionPool(idle=0, busy=0)>")
    assert (await pool.send(Request("GET", server.url()))).status == 200
    assert server.visits == 2


async def test_closing_in_the_very_moment_is_unknown(raw: Any, pool: ConnectionPool) -> None:
    """A connection that ends after the request was written: unknown, and not sent a second time."""

    async def leave(visit: Any) -> None:
        await visit.request()
        await visit.say(raw.answer())
        await visit.request()

    server = await raw.serve(leave)
    await pool.send(Request("GET", server.url()))
    with pytest.raises(TransportError) as caught:
        await pool.send(Request("POST", server.url("/hang-up"), body=b"x"))
    assert (caught.value.code, caught.value.delivery) == ("transport.reset", Delivery.UNKNOWN)
    assert len(server.requests) == 2


async def test_an_unread_stream_is_not_reused(raw: Any, pool: ConnectionPool) -> None:
    """A stream that is closed before its end takes its connection with it."""
    server = await raw.serve(raw.always(raw.answer(b"x" * 1_000_000)))
    stream = await pool.open(Request("GET", server.url()))
    await stream.read()
    await stream.aclose()
    await server.empty()
    assert repr(pool) == "<ConnectionPool(idle=0, busy=0)>"


async def test_a_stream_whose_end_is_here_keeps_its_connection(raw: Any, pool: ConnectionPool) -> None:
    """Closing a stream whose last bytes have already arrived keeps the connection, without waiting."""
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nlast\r\n0\r\n\r\n"
    server = await raw.serve(raw.always(chunked))
    stream = await pool.open(Request("GET", server.url()))
    assert await stream.read() == b"last"
    await stream.aclose()
    assert repr(pool) == "<ConnectionPool(idle=1, busy=0)>"


async def test_a_slow_reader_slows_the_server(raw: Any, pool: ConnectionPool) -> None:
    """What nobody reads stays with the server: a stream holds little, and loses nothing."""
    size = 20_000_000

    async def pour(visit: Any) -> None:
        await visit.request()
        visit.writer.write(raw.answer(b"x" * size))
        await visit.gone()

    server = await raw.serve(pour)
    stream = await pool.open(Request("GET", server.url()))
    received = len(await stream.read())
    await asyncio.sleep(0.05)
    assert next(iter(server.writers)).transport.get_write_buffer_size() > size // 4
    while piece := await stream.read():
        received += len(piece)
    assert received == size


async def test_a_lost_stream_is_closed_and_told(raw: Any, pool: ConnectionPool) -> None:
    """A stream that is dropped open warns, and its connection is closed."""
    server = await raw.serve(raw.always(raw.answer(b"x" * 1_000_000)))
    streams = [await pool.open(Request("GET", server.url()))]
    with pytest.warns(ResourceWarning, match="neither read to its end nor closed"):
        streams.clear()
    await server.empty()


async def test_several_origins_share_the_limit(raw: Any, pool: ConnectionPool, until: Any) -> None:
    """Idle connections of one origin make room for those of another."""
    first, second = [await raw.serve(raw.always(raw.answer())) for _ in range(2)]
    await burst(pool, first, 4)
    await burst(pool, second, 3)
    assert repr(pool) == "<ConnectionPool(idle=4, busy=0)>"
    await until(lambda: (first.present, second.present) == (1, 3))


async def test_closing_sends_the_waiting_away(raw: Any, engine: Any) -> None:
    """Who waits for a connection when the pool is closed was not sent."""
    pool = ConnectionPool(HttpConfig(max_connections=1, trust_env=False, transport=engine))
    server = await raw.serve(raw.silent)
    calls = [asyncio.create_task(pool.send(Request("GET", server.url()))) for _ in range(3)]
    await server.arrived(1)
    await pool.aclose()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [error.delivery for error in results] == ["unknown", "not_sent", "not_sent"]
    assert len({id(error) for error in results}) == 3


async def test_closing_ends_a_connection_attempt(raw: Any, engine: Any) -> None:
    """A request that is still connecting when the pool is closed ends at once, unsent."""

    async def deaf(visit: Any) -> None:
        await visit.server.note(await visit.reader.read(1))
        await visit.gone()

    pool = ConnectionPool(HttpConfig(verify=False, trust_env=False, transport=engine))
    server = await raw.serve(deaf)
    call = asyncio.create_task(pool.send(Request("GET", f"https://127.0.0.1:{server.port}/")))
    await server.arrived(1)
    await pool.aclose()
    with pytest.raises(TransportError) as caught:
        await call
    assert (caught.value.code, caught.value.delivery) == ("transport.closed", Delivery.NOT_SENT)
    await server.empty()


def test_another_loop_is_refused(pool_config: HttpConfig) -> None:
    """A pool belongs to the loop that used it first; the error names the repair."""
    pool = ConnectionPool(pool_config)

    async def use() -> None:
        with pytest.raises(TransportError):
            await pool.send(Request("GET", "http://127.0.0.1:1/"))

    asyncio.run(use())
    with pytest.raises(RuntimeError, match="one per event loop"):
        asyncio.run(use())


@pytest.fixture
def pool_config(engine: Any) -> HttpConfig:
    return HttpConfig(trust_env=False, transport=engine)
