"""Messages, and the transports that carry them: the only room that knows an HTTP library."""

from viber.http._config import HttpConfig
from viber.http._factory import create_transport
from viber.http._httpx import HttpxTransport
from viber.http._message import Request, Response
from viber.http._pool import ConnectionPool
from viber.http._retry_after import parse_retry_after
from viber.http._timing import Timing
from viber.http._transport import ResponseStream, Transport

__all__ = [
    "ConnectionPool",
    "HttpConfig",
    "HttpxTransport",
    "Request",
    "Response",
    "ResponseStream",
    "Timing",
    "Transport",
    "create_transport",
    "parse_retry_after",
]
