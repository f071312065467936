"""The key of a project, and the token that says who asks; a user's token may be renewed while calls run."""

import asyncio
from collections.abc import Awaitable, Callable

from viber.clock import Clock
from viber.resilience import Deadline
from viber.services._config import fault_of_key
from viber.services.supabase._errors import SupabaseAuthenticationError

Refresh = Callable[[], Awaitable[str]]
"""Gives a user's new access token."""
Fields = tuple[tuple[str, str], ...]


class Credentials:
    """What one view of a project sends with each request; shared by the views that are derived from it.

    With `refresh`, a token that was refused can be renewed: once for all calls that wait for it.
    """

    __slots__ = ("_refresh", "_renewal", "fields", "key", "token")

    def __init__(self, key: str, token: str, refresh: Refresh | None = None) -> None:
        self.key: str = key
        self._refresh = refresh
        self._renewal: asyncio.Task[str] | None = None
        self._bear(token)

    @property
    def can_renew(self) -> bool:
        """Whether somebody knows how to get another token."""
        return self._refresh is not None

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown."""
        return tuple({self.key, self.token})

    async def renew(
        self, stale: str, refusal: SupabaseAuthenticationError, clock: Clock, seconds: float | None
    ) -> bool:
        """Replace the stale token, unless another call has done it already; False if there is no other.

        A call that is cancelled while it waits leaves the refresh to the others.

        Raises:
            SupabaseAuthenticationError: `refresh` raised, took more than so many seconds, or gave no token.
        """
        if self._refresh is not None and self.token == stale:
            if self._renewal is None or self._renewal.done():
                self._renewal = asyncio.create_task(self._refreshed(self._refresh, clock, seconds))
                self._renewal.add_done_callback(_look)
            renewal = self._renewal
            await _wait(renewal, refusal, clock)
            _require_done(renewal, refusal)
        return self.token != stale

    async def _refreshed(self, refresh: Refresh, clock: Clock, seconds: float | None) -> str:
        """Take the new token; what is wrong with it, if something is.

        Not bounded by the deadline of the call that came first, since others wait for it too.
        """
        with Deadline.none():
            async with clock.timeout(seconds):
                token = await refresh()
        if not (fault := _fault_of(token)):
            self._bear(token)
        return fault

    def _bear(self, token: str) -> None:
        self.token: str = token
        self.fields: Fields = (("apikey", self.key), ("authorization", f"Bearer {token}"))

    def __repr__(self) -> str:
        return "<Credentials>"


def _look(renewal: asyncio.Task[str]) -> None:
    """Nobody may be left to see how it failed; asyncio would report that as forgotten."""
    if not renewal.cancelled():
        renewal.exception()


async def _wait(renewal: asyncio.Task[str], refusal: SupabaseAuthenticationError, clock: Clock) -> None:
    """Until it is done, or the caller's time is over; either way of leaving lets it run on."""
    deadline = Deadline.current()
    try:
        async with clock.timeout(deadline.remaining() if deadline else None):
            await asyncio.wait([renewal])
    except TimeoutError:
        raise _failure("no new one came in time", refusal) from None


def _require_done(renewal: asyncio.Task[str], refusal: SupabaseAuthenticationError) -> None:
    if renewal.cancelled():
        raise _failure("its refresh was cancelled", refusal)
    if error := renewal.exception():
        raise _failure(f"its refresh raised {type(error).__name__}", refusal) from error
    if fault := renewal.result():
        raise _failure(f"what its refresh gave is {fault}", refusal)


def _fault_of(token: object) -> str:
    return fault_of_key(token) if isinstance(token, str) else f"a {type(token).__name__}"


def _failure(reason: str, refusal: SupabaseAuthenticationError) -> SupabaseAuthenticationError:
    return SupabaseAuthenticationError(
        f"the user's token was refused ({refusal.message}), and {reason}",
        code="supabase.token_refresh",
        status=refusal.status,
        service=refusal.service,
        operation=refusal.operation,
        request_id=refusal.request_id,
        attempts=refusal.attempts,
        details=refusal.details,
        unapplied=True,
        suggestion="sign the user in again, or look at the refresh function",
    )
