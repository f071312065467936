"""Requests with an access token."""

from dataclasses import replace
from typing import Final

from viber.http import Request, Response, ResponseStream, Transport
from viber.services._channel import Channel
from viber.services.gemini._access import Access
from viber.services.gemini._config import GeminiConfig

_REFUSED: Final = 401


def signed(config: GeminiConfig, channel: Channel) -> Channel:
    """The channel, with tokens where the configuration has a source of them."""
    if config.token is None or isinstance(channel.transport, SignedTransport):
        return channel
    access = Access(config.token, channel.pipeline.clock)
    return replace(channel, transport=SignedTransport(channel.transport, access, config.base_url))


class SignedTransport:
    """Sends what goes home with a token; a refused one is replaced, and the request sent again, once."""

    def __init__(self, transport: Transport, access: Access, home: str) -> None:
        self._transport = transport
        self._access = access
        self._home = f"{home}/"

    async def send(self, request: Request) -> Response:
        """Send, and read the whole answer."""
        if not request.url.startswith(self._home):
            return await self._transport.send(request)
        token = await self._access.token()
        answer = await self._transport.send(_signed(request, token))
        if answer.status != _REFUSED:
            return answer
        return await self._transport.send(_signed(request, await self._access.token(refused=token)))

    async def open(self, request: Request) -> ResponseStream:
        """Send, and return as soon as the header fields are there."""
        if not request.url.startswith(self._home):
            return await self._transport.open(request)
        token = await self._access.token()
        answer = await self._transport.open(_signed(request, token))
        if answer.status != _REFUSED:
            return answer
        answer.abort()
        return await self._transport.open(_signed(request, await self._access.token(refused=token)))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()


def _signed(request: Request, token: str) -> Request:
    others = tuple(field for field in request.headers if field[0].lower() != "authorization")
    return replace(request, headers=(*others, ("authorization", f"Bearer {token}")))
