"""What the pool keeps: origins, and their connections."""

import ssl
from collections import deque
from dataclasses import dataclass, field

import httpcore

from viber.http._address import Address
from viber.http._line import Line
from viber.http._proxy import Proxy


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

    def url(self, target: str) -> httpcore.URL:
        """A target of this origin, without parsing anything again."""
        return httpcore.URL(scheme=self.scheme, host=self.host, port=self.port, target=target.encode())


@dataclass(slots=True, eq=False)
class Connection:
    """One connection, and since when."""

    site: Site
    line: Line
    http: httpcore.AsyncConnectionInterface
    born: float
    idle_since: float = 0.0

    @classmethod
    def to(cls, site: Site, line: Line, *, now: float, proxy: Proxy | None) -> "Connection":
        """A connection that will be made by its first request."""
        origin = httpcore.Origin(site.scheme, site.host, site.address.port)
        if proxy is not None:
            return cls(site, line, proxy.connect(origin, tls=site.tls, line=line), born=now)
        http = httpcore.AsyncHTTPConnection(origin, ssl_context=site.tls, network_backend=line)
        return cls(site, line, http, born=now)

    def is_reusable(self) -> bool:
        """The last answer was read to its end, and nothing happened since."""
        return self.http.is_idle() and not self.http.has_expired()
