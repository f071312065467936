"""Where a request goes: the origin and the target of its URL."""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from viber.errors import Delivery, InvalidRequestError

_URL = re.compile(r"(https?://[^\s/?#@\\]+)((?:[/?][!$-;=?-\[\]-~]*)?)", re.IGNORECASE)
_HOST = re.compile(r"[0-9A-Za-z._:\-]+")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """One origin, in the forms that its users need."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """The value of the Host field."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.is_default_port else f"{host}:{self.port}"

    @property
    def is_default_port(self) -> bool:
        """The port that the scheme implies."""
        return self.port == _DEFAULT_PORTS[self.scheme]

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def split_url(url: str) -> tuple[str, str]:
    """Origin and target of an absolute, percent-encoded URL.

    Raises:
        InvalidRequestError: it is not one; the message shows nothing of it, since it may hold a secret.

    Example:
        >>> split_url("https://api.example.com/v1/items?id=eq.7")
        ('https://api.example.com', '/v1/items?id=eq.7')
    """
    if not (match := _URL.fullmatch(url)):
        raise _malformed()
    origin, target = match.groups()
    return origin, target if target.startswith("/") else f"/{target}"


@lru_cache(maxsize=256)
def parse_origin(origin: str) -> Address:
    """The address behind an origin such as `https://api.example.com`.

    Raises:
        InvalidRequestError: host or port are not usable.
    """
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        raise _malformed() from None
    host, scheme = parts.hostname or "", parts.scheme
    if scheme not in _DEFAULT_PORTS or not _HOST.fullmatch(host) or port == 0:
        raise _malformed()
    return Address(scheme, host, port or _DEFAULT_PORTS[scheme])


def _malformed() -> InvalidRequestError:
    return InvalidRequestError(
        "the URL of the request cannot be used",
        code="request.url",
        delivery=Delivery.NOT_SENT,
        suggestion="it has to be http:// or https://, with a host in ASCII, percent-encoded, and without "
        "user, password or fragment",
    )
