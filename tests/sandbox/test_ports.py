from __future__ import annotations

import socket
from pathlib import Path

from viber.sandbox._ports import LOOPBACK, free_port


def test_a_free_port_can_be_listened_on() -> None:
    """The port is free on loopback."""
    with socket.create_server((LOOPBACK, free_port())) as server:
        assert server.getsockname()[1]


def test_a_port_is_not_one_that_clients_are_given() -> None:
    """A client of a server that is down never gets the server's port as its own."""
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert all(free_port() < lowest for _ in range(20))
