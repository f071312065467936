"""Access tokens: fetched once for all who need one, kept until they expire or are refused."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from math import inf
from typing import Final

from viber.clock import Clock
from viber.errors import BaseError, Delivery
from viber.resilience import Deadline
from viber.services._config import fault_of_key
from viber.services.gemini._errors import AccessTokenError

_EARLY: Final = 60.0
"""Seconds before its end in which a token is replaced, since a request takes its time."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token, and for how many seconds it is good; None: until it is refused.

    Example:
        >>> AccessToken("ya29.secret", expires_in=3600.0)
        AccessToken(expires_in=3600.0)
    """

    value: str = field(repr=False)
    expires_in: float | None = None


TokenSource = Callable[[], Awaitable[AccessToken | str]]
"""Fetches a token; a bare text is one that is good until it is refused."""


class Access:
    """The token of a service. Who needs one while it is fetched waits for the same one.

    A fetch that nobody waits for any more is cancelled.
    """

    __slots__ = ("_clock", "_flight", "_good_until", "_source", "_value", "_waiting")

    def __init__(self, source: TokenSource, clock: Clock) -> None:
        self._source = source
        self._clock = clock
        self._value = ""
        self._good_until = -inf
        self._flight: asyncio.Task[str] | None = None
        self._waiting = 0

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown."""
        return (self._value,)

    async def token(self, *, refused: str = "") -> str:
        """A token that is good, and not the one that was refused.

        Raises:
            AccessTokenError: the source gave none; nothing was sent.
        """
        if refused and refused == self._value:
            self._good_until = -inf
        if self._clock.now() < self._good_until:
            return self._value
        return await self._fetched()

    async def _fetched(self) -> str:
        if self._flight is None:
            self._flight = asyncio.create_task(self._fetch())
        flight = self._flight
        self._waiting += 1
        try:
            return await asyncio.shield(flight)
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._flight = None
                flight.cancel()

    async def _fetch(self) -> str:
        try:
            with Deadline.none():  # whoever came first does not bound those who wait with him
                told = await self._source()
        except BaseError:
            raise
        except Exception as error:
            raise _failed(f"the token source failed: {type(error).__name__}", error) from error
        token = AccessToken(told) if isinstance(told, str) else told
        if fault := fault_of_key(token.value):
            raise _failed(f"the token source gave no token: {fault}")
        self._value = token.value
        self._good_until = inf if token.expires_in is None else self._clock.now() + _usable(token.expires_in)
        return token.value


def _usable(seconds: float) -> float:
    return seconds - min(_EARLY, seconds / 10)


def _failed(message: str, cause: Exception | None = None) -> AccessTokenError:
    return AccessTokenError(message, retryable=isinstance(cause, OSError), delivery=Delivery.NOT_SENT)
