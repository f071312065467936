"""The seam between what viber wants to send and what sends it."""

from collections.abc import Mapping
from typing import Protocol

from viber.http._message import Request, Response


class ResponseStream(Protocol):
    """An answer whose body is still arriving; whoever holds it closes it."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The header fields, names in lower case."""
        ...

    async def read(self) -> bytes:
        """The next piece of the decompressed body; empty at its end.

        Raises:
            TransportError: the connection broke, or the body is larger than allowed.
        """
        ...

    def abort(self) -> None:
        """Drop the connection now, without waiting; harmless when it is closed already."""
        ...

    async def aclose(self) -> None:
        """Give the connection back if the body was read to its end, drop it otherwise."""
        ...


class Transport(Protocol):
    """Sends a request, and returns any answer that is HTTP, whatever its status.

    Redirects are not followed. When a call is cancelled, its connection is closed before the
    cancellation goes on. No exception of the HTTP library escapes.
    """

    async def send(self, request: Request) -> Response:
        """Send, and read the whole answer.

        Raises:
            TransportError: `delivery` tells whether the request may have reached the server.
            TimeoutError: no connection came about in time; nothing was sent.
            InvalidRequestError: the request is not valid HTTP; nothing was sent.
        """
        ...

    async def open(self, request: Request) -> ResponseStream:
        """Send, and return as soon as the header fields are there.

        Raises:
            TransportError: `delivery` tells whether the request may have reached the server.
            TimeoutError: no connection came about in time; nothing was sent.
            InvalidRequestError: the request is not valid HTTP; nothing was sent.
        """
        ...

    async def aclose(self) -> None:
        """Close every connection; closing twice is fine."""
        ...
