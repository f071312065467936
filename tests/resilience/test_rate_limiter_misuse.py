"""What a rate limiter refuses before it counts anything."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from math import inf, nan
from typing import Any

import pytest

from viber.machines import RateLimit
from viber.resilience import RateLimiter
from viber.testing import FakeClock

PER_MINUTE = RateLimit(requests=2, per=60.0)
MakeLimiter = Callable[..., RateLimiter]


def test_another_event_loop_is_refused(clock: FakeClock) -> None:
    """It belongs to the loop that used it first; the error says what to do."""
    limiter = RateLimiter(PER_MINUTE)

    async def use() -> None:
        limiter.try_acquire()

    asyncio.run(use())
    with pytest.raises(RuntimeError, match="make one per event loop"):
        asyncio.run(limiter.acquire())


async def test_another_thread_is_refused(make_limiter: MakeLimiter) -> None:
    """Two loops at the same time are two loops as well."""
    limiter = make_limiter()
    await limiter.acquire()
    refused: list[str] = []

    def elsewhere() -> None:
        with pytest.raises(RuntimeError, match="event loop that used it first") as caught:
            asyncio.run(limiter.acquire())
        refused.append(str(caught.value))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    await asyncio.to_thread(thread.join)
    assert len(refused) == 1


@pytest.mark.parametrize(
    ("limits", "error", "words"),
    [
        pytest.param((), TypeError, "at least one RateLimit", id="none"),
        pytest.param((60,), TypeError, "not 'int'", id="a-number"),
        pytest.param((PER_MINUTE, PER_MINUTE), ValueError, "twice", id="twice"),
        pytest.param((PER_MINUTE, RateLimit(requests=2)), ValueError, "twice", id="equal"),
    ],
)
def test_limits_that_make_no_sense_are_refused(
    limits: tuple[Any, ...], error: type[Exception], words: str
) -> None:
    """None, something else, or the same one twice."""
    with pytest.raises(error, match=words):
        RateLimiter(*limits)


@pytest.mark.parametrize(
    ("option", "values"),
    [("max_wait", [-1, nan, inf, True, "5"]), ("max_queue", [-1, 1.0, nan, inf, True, None])],
)
def test_options_that_make_no_sense_are_refused(option: str, values: list[Any]) -> None:
    """The error names the option."""
    for value in values:
        with pytest.raises((TypeError, ValueError), match=option):
            RateLimiter(PER_MINUTE, **{option: value})


@pytest.mark.parametrize("tokens", [-1, 1.0, nan, inf, True, None, "1"], ids=repr)
async def test_tokens_are_a_whole_number(make_limiter: MakeLimiter, tokens: Any) -> None:
    """Anything else is refused before it is counted, whichever the way, and nothing is charged."""
    limiter = make_limiter(RateLimit(tokens=100, per=60.0))
    grant = await limiter.acquire(tokens=5)
    with pytest.raises((TypeError, ValueError), match="tokens"):
        await limiter.acquire(tokens)
    with pytest.raises((TypeError, ValueError), match="tokens"):
        limiter.try_acquire(tokens)
    with pytest.raises((TypeError, ValueError), match="tokens"):
        limiter.settle(grant, tokens=tokens)
    assert limiter.status().limits[0].used == 5


@pytest.mark.parametrize("seconds", [-1, nan, -inf], ids=repr)
def test_a_pause_is_a_time(seconds: float) -> None:
    """Negative is none, and neither is what is no number."""
    with pytest.raises(ValueError, match="seconds"):
        RateLimiter(PER_MINUTE).pause(seconds)


def test_it_says_what_it_is() -> None:
    """Name, limits, and how many wait."""
    assert repr(RateLimiter(PER_MINUTE, name="db")) == "<RateLimiter 'db' 2 requests per 60 s, waiting=0>"
