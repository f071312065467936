"""What the pool keeps: origins, and their connections."""

import ssl
from collections import deque
from dataclasses import dataclass, field

from viber.http._address import Address
from viber.http._exchange import Exchange
from viber.http._line import Line


@dataclass(slots=True, eq=False)
class Site:
    """One origin and its idle connections, the longest idle first."""

    address: Address
    tls: ssl.SSLContext | None
    scheme: bytes
    host: bytes
    port: int | None
    authority: str
    idle: deque["Connection"] = field(default_factory=deque["Connection"])

    @classmethod
    def of(cls, address: Address, tls: ssl.SSLContext | None) -> "Site":
        """A site without connections."""
        port = None if address.is_default_port else address.port
        return cls(address, tls, address.scheme.encode(), address.host.encode(), port, address.authority)


@dataclass(slots=True, eq=False)
class Connection:
    """One connection, and since when."""

    site: Site
    line: Line
    http: Exchange
    born: float
    idle_since: float = 0.0
