from __future__ import annotations

import socket
from pathlib import Path

import pytest

from viber.sandbox import _ports
from viber.sandbox._ports import LOOPBACK, free_port


def test_a_free_port_can_be_listened_on() -> None:
    """The port is free on loopback."""
    with socket.create_server((LOOPBACK, free_port())) as server:
        assert server.getsockname()[1]


def test_a_port_is_not_one_that_clients_are_given() -> None:
    """A client of a server that is down never gets the server's port as its own."""
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert all(free_port() < lowest for _ in range(20))


def test_without_room_any_free_port_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """A crowded machine still gets a port."""
    monkeypatch.setattr(_ports, "_is_free", lambda _port: False)
    assert free_port() > 0


def test_a_port_in_use_is_not_free() -> None:
    """A port that somebody listens on is passed over."""
    with socket.create_server((LOOPBACK, 0)) as server:
        assert not _ports._is_free(server.getsockname()[1])


def test_where_the_kernel_does_not_say_the_usual_range_is_meant(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The ephemeral range usually begins at 32768."""
    monkeypatch.setattr(_ports, "_RANGE", tmp_path / "nothing")
    assert free_port() < 32_768
