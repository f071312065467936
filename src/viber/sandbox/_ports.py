from __future__ import annotations

import random
import socket
from pathlib import Path
from typing import Final

LOOPBACK: Final = "127.0.0.1"
_LOWEST: Final = 15_000
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port() -> int:
    """Return a loopback port that nobody listens on.

    Below the ephemeral range where there is room: a client that connects to a server which is down for a
    moment must not be handed that very port as its own, or the server could not come back.
    """
    for _ in range(50):
        port = random.randint(_LOWEST, max(_LOWEST, _ephemeral_start() - 1))  # noqa: S311 - a port, not a secret
        if _is_free(port):
            return port
    return _any_port()


def _ephemeral_start() -> int:
    try:
        return int(_RANGE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 32_768


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def _any_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
