"""What the configurations of all services have in common."""

from urllib.parse import urlsplit

from pydantic import Field, PositiveFloat, PositiveInt

from viber._config import Config
from viber.http import HttpConfig
from viber.machines import CircuitBreakerConfig, RateLimit, RetryConfig


class ServiceConfig(Config):
    """Time limits in seconds (None is no limit), retry, circuit, limits and connections of one service."""

    timeout: PositiveFloat | None = 10.0
    """Bounds each attempt."""
    total_timeout: PositiveFloat | None = 30.0
    """Bounds the whole call with its waits."""
    retry: RetryConfig = Field(default_factory=RetryConfig)
    breaker: CircuitBreakerConfig = Field(default_factory=CircuitBreakerConfig)
    rate_limits: tuple[RateLimit, ...] = ()
    """What the service allows; a call that would break one waits its turn."""
    max_queue: PositiveInt = 10_000
    """Calls that may wait for a connection; one more is turned away."""
    http: HttpConfig = Field(default_factory=HttpConfig)


def fault_of_key(key: str) -> str:
    """Why a header cannot carry this key or token; empty when it can."""
    if not key:
        return "empty"
    fits = key.isascii() and key.isprintable() and " " not in key
    return "" if fits else "not a key: blanks, line ends or other than ASCII in it"


def fault_of_address(url: str) -> str:
    """Why this cannot be the base of a service's URLs; empty when it can."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        return "not a URL that begins with http:// or https://"
    if not parts.hostname:
        return "a URL without a host"
    if parts.query or parts.fragment or "@" in parts.netloc or not url.isascii() or " " in url:
        return "only scheme, host and path belong here"
    return ""
