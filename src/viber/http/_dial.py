"""From a host name to a connected socket, over whichever address answers first (RFC 8305)."""

import asyncio
import socket
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain, zip_longest
from typing import Any

from viber.http._wire import Wire

HEAD_START = 0.25
"""Seconds that one address has before the next one is tried beside it (RFC 8305, section 5)."""

_Found = tuple[socket.AddressFamily, Any]


async def dial(host: str, port: int) -> Wire:
    """A connected wire.

    Raises:
        OSError: no address was found, or none answered; the first failure.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = _alternate([(family, address) for family, _, _, _, address in found])
    return await _race(addresses) if len(addresses) > 1 else await _reach(*addresses[0])


def hang_up(attempt: asyncio.Task[Wire]) -> None:
    """End an attempt that nobody waits for any more, and whatever it reached."""
    attempt.cancel()
    attempt.add_done_callback(_discard)


def _discard(attempt: asyncio.Task[Wire]) -> None:
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result().abort()


def _alternate(found: Sequence[_Found]) -> list[_Found]:
    """The families take turns, the preferred one first: a dead family costs one head start."""
    first = [one for one in found if one[0] == found[0][0]]
    other = [one for one in found if one[0] != found[0][0]]
    return [one for one in chain.from_iterable(zip_longest(first, other)) if one is not None]


async def _reach(family: socket.AddressFamily, address: Any) -> Wire:
    loop = asyncio.get_running_loop()
    # The protocol is named, or asyncio would leave Nagle's delay on: 40 ms for a request of two writes.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setblocking(False)
        await loop.sock_connect(sock, address)
    except BaseException:
        with suppress(NotImplementedError):  # the proactor has no writers
            # Before the descriptor is free for others: the loop would forget it only one turn later.
            loop.remove_writer(sock)
        sock.close()
        raise
    _, wire = await loop.create_connection(Wire, sock=sock)
    return wire


async def _race(addresses: Sequence[_Found]) -> Wire:
    running: set[asyncio.Task[Wire]] = set()
    failures: list[BaseException] = []
    waiting = list(addresses)
    try:
        while waiting or running:
            if waiting:
                running.add(asyncio.create_task(_reach(*waiting.pop(0))))
            done, running = await asyncio.wait(
                running, timeout=HEAD_START if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            if winner := _winner(done, failures, running):
                return winner.result()
    finally:
        for attempt in running:
            hang_up(attempt)
    raise failures[0]


def _winner(
    done: set[asyncio.Task[Wire]], failures: list[BaseException], running: set[asyncio.Task[Wire]]
) -> asyncio.Task[Wire] | None:
    winner = None
    for attempt in done:
        if failure := attempt.exception():
            failures.append(failure)
        elif winner is None:
            winner = attempt
        else:
            running.add(attempt)
    return winner
