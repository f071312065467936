"""Reaching a host that has several addresses."""

from __future__ import annotations

import asyncio
import gc
import socket
from typing import Any

import pytest

from viber.http import _dial
from viber.http._dial import dial


def names(monkeypatch: pytest.MonkeyPatch, *addresses: tuple[str, int]) -> None:
    """Let every name resolve to these."""

    async def found(host: str, port: int, **_: object) -> list[tuple[Any, ...]]:
        return [
            (socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))
            for host, port in addresses
        ]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", found)


@pytest.fixture
def full() -> Any:
    """An address that takes no connections, and does not say so."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield listener.getsockname()
        for filler in fillers:
            filler.close()


async def test_a_dead_address_is_passed_over(
    raw: Any, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    """An address that refuses costs nothing: the next one is tried at once."""
    monkeypatch.setattr(_dial, "HEAD_START", 60)
    server = await raw.serve(raw.silent)
    names(monkeypatch, ("127.0.0.1", unused_tcp_port), ("127.0.0.1", server.port))
    wire = await dial("host", 1)
    wire.abort()
    await server.empty()


async def test_a_silent_address_gets_a_head_start_only(
    raw: Any, monkeypatch: pytest.MonkeyPatch, full: Any
) -> None:
    """An address that does not answer is overtaken, and its attempt ended."""
    monkeypatch.setattr(_dial, "HEAD_START", 0.01)
    server = await raw.serve(raw.silent)
    names(monkeypatch, full, ("127.0.0.1", server.port))
    wire = await dial("host", 1)
    wire.abort()
    await server.empty()
    gc.collect()


async def test_the_losers_are_hung_up(raw: Any, monkeypatch: pytest.MonkeyPatch, until: Any) -> None:
    """If several addresses answer, one connection remains."""
    monkeypatch.setattr(_dial, "HEAD_START", 0)
    server = await raw.serve(raw.silent)
    names(monkeypatch, *[("127.0.0.1", server.port)] * 3)
    wire = await dial("host", 1)
    await until(lambda: server.present <= 1)
    wire.abort()
    await server.empty()
    gc.collect()


async def test_the_first_failure_is_told(monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int) -> None:
    """If no address answers, the error is that of the preferred one."""
    names(monkeypatch, ("127.0.0.1", unused_tcp_port), ("999.0.0.1", 1))
    with pytest.raises(ConnectionRefusedError):
        await dial("host", 1)


async def test_families_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """The preferred family goes first, then they alternate, so that a dead one costs one head start."""
    tried: list[str] = []

    async def fail(family: socket.AddressFamily, address: Any) -> None:
        tried.append(address[0])
        raise OSError(address[0])

    monkeypatch.setattr(_dial, "_reach", fail)
    names(monkeypatch, ("::1", 1), ("::2", 1), ("1.1.1.1", 1), ("2.2.2.2", 1), ("::3", 1))
    with pytest.raises(OSError, match="::1"):
        await dial("host", 1)
    assert tried == ["::1", "1.1.1.1", "::2", "2.2.2.2", "::3"]


async def test_a_cancelled_race_leaves_no_socket(
    raw: Any, monkeypatch: pytest.MonkeyPatch, full: Any
) -> None:
    """At whatever turn a race is cancelled, every attempt is ended."""
    monkeypatch.setattr(_dial, "HEAD_START", 0)
    server = await raw.serve(raw.silent)
    names(monkeypatch, full, ("127.0.0.1", server.port), ("127.0.0.1", server.port))
    for turns in range(25):
        task = asyncio.create_task(dial("host", 1))
        for _ in range(turns):
            await asyncio.sleep(0)
        _dial.hang_up(task)
        await asyncio.wait((task,))
    await server.empty()
    gc.collect()


async def test_nothing_waits_for_an_acknowledgement(raw: Any) -> None:
    """A request in two writes (head, body) is not held back by Nagle's algorithm: that would cost 40 ms."""
    server = await raw.serve(raw.silent)
    wire = await dial("127.0.0.1", server.port)
    sock = wire.transport.get_extra_info("socket") if wire.transport else None
    assert sock is not None
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    wire.abort()
    await server.empty()
    gc.collect()
