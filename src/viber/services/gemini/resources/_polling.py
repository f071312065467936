"""Waiting for something that the server is still at work on."""

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from typing import TypeVar

from viber.clock import Clock
from viber.errors import TimeoutError
from viber.machines import exponential
from viber.resilience import Deadline

T = TypeVar("T")
_LONGEST = 20.0
_GROWTH = 1.5


async def wait_until(
    look: Callable[[], Awaitable[T]],
    is_over: Callable[[T], bool],
    *,
    within: float | None,
    interval: float,
    clock: Clock,
    what: str,
) -> T:
    """Look until it is over: first at once, then at intervals that grow from `interval` to 20 seconds.

    Raises:
        TimeoutError: it was not within so many seconds, or before the deadline around.
        BaseError: a look failed.
    """
    bound = nullcontext(Deadline.current()) if within is None else Deadline(within, clock=clock)
    looks = 0
    with bound as deadline:
        while not is_over(seen := await look()):
            pause = exponential(looks, initial=interval, multiplier=_GROWTH, maximum=max(interval, _LONGEST))
            remaining = None if deadline is None else deadline.remaining()
            if remaining is not None and pause >= remaining:
                raise _too_long(what)
            await clock.sleep(pause)
            looks += 1
        return seen


def _too_long(what: str) -> TimeoutError:
    return TimeoutError(
        f"{what} is not ready yet, and no time is left",
        code="timeout.waiting",
        service="gemini",
        neutral=True,
        suggestion="give it more time, or look again later",
    )
