"""Requests with an access token."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from viber.http import Request, Response, ResponseStream, Transport
from viber.services._channel import Channel
from viber.services.gemini._config import GeminiConfig
from viber.services.gemini.access._access import Access

_REFUSED: Final = 401
_SCHEME: Final = "Bearer "


def signed(config: GeminiConfig, channel: Channel) -> Channel:
    """The channel, with tokens where the configuration has a source of them."""
    if config.token is None or isinstance(channel.transport, SignedTransport):
        return channel
    access = Access(config.token, channel.pipeline.clock)
    return replace(channel, transport=SignedTransport(channel.transport, access, config.base_url))


def secrets_of(channel: Channel) -> Callable[[], tuple[str, ...]]:
    """What tells the token of a channel as it is now."""
    return channel.transport.secrets if isinstance(channel.transport, SignedTransport) else tuple


class SignedTransport:
    """Sends what goes home with a token; a refused one is replaced, and the request sent again, once."""

    def __init__(self, transport: Transport, access: Access, home: str) -> None:
        self._transport = transport
        self._access = access
        self._home = f"{home}/"

    def secrets(self) -> tuple[str, ...]:
        """What must not be shown now."""
        return self._access.secrets

    async def send(self, request: Request) -> Response:
        """Send, and read the whole answer."""
        if not request.url.startswith(self._home):
            return await self._transport.send(request)
        signed = await self._signed(request)
        answer = await self._transport.send(signed)
        if answer.status != _REFUSED:
            return answer
        return await self._transport.send(await self._signed(request, refused=signed))

    async def open(self, request: Request) -> ResponseStream:
        """Send, and return as soon as the header fields are there."""
        if not request.url.startswith(self._home):
            return await self._transport.open(request)
        signed = await self._signed(request)
        answer = await self._transport.open(signed)
        if answer.status != _REFUSED:
            return answer
        answer.abort()
        return await self._transport.open(await self._signed(request, refused=signed))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    async def _signed(self, request: Request, refused: Request | None = None) -> Request:
        """The request with a token. No frame that may fail later holds one: tracebacks show variables."""
        others = tuple(field for field in request.headers if field[0].lower() != "authorization")
        token = await self._access.token(refused="" if refused is None else _token_of(refused))
        return replace(request, headers=(*others, ("authorization", f"{_SCHEME}{token}")))


def _token_of(signed: Request) -> str:
    return dict(signed.headers)["authorization"].removeprefix(_SCHEME)
