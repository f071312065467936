"""Which library speaks HTTP on the connections of the pool."""

from collections.abc import Callable

from viber.errors import ConfigurationError
from viber.http._config import HttpConfig
from viber.http._connection import Site
from viber.http._exchange import Exchange
from viber.http._h11 import H11Exchange
from viber.http._httpcore import HttpcoreExchange, has_stand_in
from viber.http._line import Line
from viber.http._proxy import Proxy

MakeExchange = Callable[[Site, Line, Proxy | None], Exchange]


def exchange_of(config: HttpConfig) -> MakeExchange:
    """What the configuration names; nothing is chosen because it happens to be installed.

    Raises:
        ConfigurationError: its package is missing, or its version is unknown here.
    """
    return _httpcore if config.transport == "httpcore" else _aiohttp()


def _httpcore(site: Site, line: Line, proxy: Proxy | None) -> Exchange:
    is_socks = proxy is not None and proxy.is_socks
    return (HttpcoreExchange if is_socks or has_stand_in() else H11Exchange)(site, line, proxy)


def _aiohttp() -> MakeExchange:
    try:
        from viber.http import _aiohttp, _aiohttp_parser
    except ImportError as exc:
        raise _unusable("needs a package that is not installed") from exc
    if not _aiohttp_parser.is_understood():
        raise _unusable("does not know the version of aiohttp that is installed, or it has no parser in C")
    return _aiohttp.AiohttpExchange


def _unusable(why: str) -> ConfigurationError:
    return ConfigurationError(
        f"the transport aiohttp {why}",
        code="configuration.transport",
        suggestion='pip install "viber-integration[aiohttp]", or take transport="httpcore"',
    )
