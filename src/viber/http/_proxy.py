"""Proxies: which one, and a connection through it."""

import ssl
from dataclasses import dataclass, field
from importlib.util import find_spec
from urllib.parse import unquote_to_bytes, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore

from viber.errors import ConfigurationError
from viber.http._address import Address

SCHEMES = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
"""What a proxy may speak, and its port if none is given."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """One proxy; its credentials stay out of every text."""

    url: httpcore.URL = field(repr=False)
    where: str
    auth: tuple[bytes, bytes] | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, text: str, *, tls: ssl.SSLContext | None = None) -> "Proxy":
        """The proxy of a URL; `tls` is used if it speaks https itself.

        Raises:
            ConfigurationError: the URL is malformed, or its scheme needs a package that is not installed.
        """
        if (parts := _split(text)) is None:
            raise ConfigurationError(
                "the proxy URL cannot be used",
                code="configuration.proxy",
                suggestion=f"its form is scheme://host:port, the scheme one of {', '.join(SCHEMES)}",
            )
        scheme, host, port, auth = parts
        url = httpcore.URL(scheme=scheme, host=host, port=port, target=b"/")
        proxy = cls(url, f"the proxy {host}:{port}", auth, tls if scheme == "https" else None)
        if scheme.startswith("socks"):
            _demand_socks()
        return proxy

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return self.url.host.decode(), self.url.port or SCHEMES[self.url.scheme.decode()]

    @property
    def is_socks(self) -> bool:
        """It speaks SOCKS, not HTTP."""
        return self.url.scheme.startswith(b"socks")

    def connect(
        self, origin: httpcore.Origin, *, tls: ssl.SSLContext | None, line: httpcore.AsyncNetworkBackend
    ) -> httpcore.AsyncConnectionInterface:
        """A connection to an origin through this proxy: only httpcore's pools make them, one each here."""
        if self.is_socks:
            socks = httpcore.AsyncSOCKSProxy(
                self.url, proxy_auth=self.auth, ssl_context=tls, network_backend=line
            )
            return socks.create_connection(origin)
        http = httpcore.AsyncHTTPProxy(
            self.url, proxy_auth=self.auth, ssl_context=tls, proxy_ssl_context=self.tls, network_backend=line
        )
        return http.create_connection(origin)


def find_proxy(address: Address) -> str | None:
    """The proxy that the environment names for an address, unless NO_PROXY or a loopback host excludes it."""
    proxies = getproxies()
    proxy = proxies.get(address.scheme) or proxies.get("all")
    if not proxy or _is_loopback(address.host) or proxy_bypass(f"{address.host}:{address.port}"):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _is_loopback(host: str) -> bool:
    return host in {"localhost", "::1"} or host.endswith(".localhost") or host.startswith("127.")


def _split(text: str) -> tuple[str, str, int, tuple[bytes, bytes] | None] | None:
    try:
        parts = urlsplit(text)
        port = parts.port or SCHEMES.get(parts.scheme)
    except ValueError:
        return None
    if not port or not parts.hostname or not parts.hostname.isascii():
        return None
    named = parts.username is not None
    auth = (unquote_to_bytes(parts.username or ""), unquote_to_bytes(parts.password or "")) if named else None
    return parts.scheme, parts.hostname, port, auth


def _demand_socks() -> None:
    if find_spec("socksio") is None:
        raise ConfigurationError(
            "a SOCKS proxy needs a package that is not installed",
            code="configuration.proxy",
            suggestion='pip install "httpx[socks]"',
        )
