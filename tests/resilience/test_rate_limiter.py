"""A rate limiter by itself: what it grants, refuses, counts and tells."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf

import pytest

from viber.errors import Delivery, RateLimitError
from viber.machines import Allowance, RateLimit
from viber.observability import CallRejected, CallWaited, LimitPaused, Listeners
from viber.resilience import Deadline, RateLimiter
from viber.resilience import _rate_limiter as room
from viber.testing import EventRecorder, FakeClock

MakeLimiter = Callable[..., RateLimiter]


async def answer() -> int:
    return 42


async def exhaust(limiter: RateLimiter) -> None:
    while limiter.try_acquire() is not None:
        pass


async def test_what_fits_goes_at_once(make_limiter: MakeLimiter, clock: FakeClock) -> None:
    """No time passes, and nobody is put in a line."""
    limiter = make_limiter()
    await limiter.acquire()
    await limiter.acquire()
    assert (clock.now(), clock.pending, limiter.status().waiting) == (0.0, 0, 0)


async def test_what_does_not_fit_waits_for_its_moment(make_limiter: MakeLimiter, clock: FakeClock) -> None:
    """The third goes when the first leaves the window, to the moment."""
    limiter = make_limiter()
    await limiter.acquire()
    await clock.sleep(10)
    await limiter.acquire()
    await limiter.acquire()
    assert clock.now() == 60.0


async def test_tokens_are_reserved_and_settled(make_limiter: MakeLimiter, clock: FakeClock) -> None:
    """An estimate is charged at first, and the real number when it is known."""
    limiter = make_limiter(RateLimit(tokens=100, per=60.0))
    grant = await limiter.acquire(tokens=80)
    assert limiter.try_acquire(30) is None
    limiter.settle(grant, tokens=50)
    assert limiter.try_acquire(30) is not None
    assert limiter.status().limits[0].used == 80


@pytest.mark.parametrize("way_in", ["run", "protect", "with"])
async def test_three_ways_in(make_limiter: MakeLimiter, clock: FakeClock, way_in: str) -> None:
    """Each takes one request, and waits for it if it has to."""
    limiter = make_limiter(RateLimit(requests=1, per=60.0))
    protected = limiter.protect(answer)
    for _ in range(2):
        if way_in == "run":
            assert await limiter.run(answer) == 42
        elif way_in == "protect":
            assert await protected() == 42
        else:
            async with limiter as entered:
                assert entered is limiter
    assert clock.now() == 60.0


async def test_arguments_of_any_name_are_handed_on(make_limiter: MakeLimiter) -> None:
    """A keyword of the function's own never gets lost in ours."""

    async def echo(**given: object) -> object:
        return given

    limiter = make_limiter()
    assert await limiter.run(echo, fn=1) == {"fn": 1}
    assert await limiter.protect(echo)(fn=2, self=3) == {"fn": 2, "self": 3}


async def test_what_went_is_not_given_back_when_it_fails(make_limiter: MakeLimiter) -> None:
    """A request that failed was a request."""

    async def fail() -> None:
        raise ConnectionError

    limiter = make_limiter()
    for _ in range(2):
        with pytest.raises(ConnectionError):
            await limiter.run(fail)
    assert limiter.status().limits[0].used == 2


@pytest.mark.parametrize(
    ("max_wait", "within", "deadline"),
    [
        pytest.param(59.0, None, None, id="max-wait"),
        pytest.param(None, 59.0, None, id="within"),
        pytest.param(None, None, 59.0, id="deadline"),
        pytest.param(0, None, None, id="no-wait-at-all"),
        pytest.param(100.0, 100.0, 0.0, id="deadline-over"),
    ],
)
async def test_a_wait_that_would_be_too_long_is_refused_at_once(
    make_limiter: MakeLimiter, max_wait: float | None, within: float | None, deadline: float | None
) -> None:
    """Nobody waits for what cannot come in time; the error says when it could, and that nothing was sent."""
    clock = FakeClock()
    limiter = make_limiter(max_wait=max_wait, clock=clock)
    await exhaust(limiter)
    with Deadline(deadline, clock=clock), pytest.raises(RateLimitError, match="wait 60") as caught:
        await limiter.acquire(within=within)
    error = caught.value
    assert (error.code, error.retry_after, error.delivery) == ("rate_limit.wait", 60.0, Delivery.NOT_SENT)
    assert (error.service, error.retryable) == ("quotes", True)
    assert "2 requests per 60 s" in error.message


async def test_a_wait_that_is_just_short_enough_is_waited(
    make_limiter: MakeLimiter, clock: FakeClock
) -> None:
    """A limit of time is the longest wait that is still taken: who may go at its very end goes."""
    limiter = make_limiter(max_wait=60.0)
    await exhaust(limiter)
    await limiter.acquire()
    assert clock.now() == 60.0


async def test_the_error_counts_those_in_front(make_limiter: MakeLimiter, clock: FakeClock) -> None:
    """When to come back depends on who waits already."""
    limiter = make_limiter(RateLimit(requests=1, per=60.0))
    await exhaust(limiter)
    waiting = [asyncio.create_task(limiter.acquire()) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(RateLimitError) as caught:
        await limiter.acquire(within=100.0)
    assert caught.value.retry_after == 180.0
    await asyncio.gather(*waiting)
    assert clock.now() == 120.0


async def test_more_tokens_than_the_limit_are_refused_for_ever(make_limiter: MakeLimiter) -> None:
    """No wait would help, so none is told."""
    limiter = make_limiter(RateLimit(tokens=100, per=60.0), RateLimit(tokens=50, per=1.0))
    with pytest.raises(RateLimitError, match="one request of 51 tokens") as caught:
        await limiter.acquire(tokens=51)
    assert (caught.value.code, caught.value.retry_after, caught.value.retryable) == (
        "rate_limit.too_heavy",
        None,
        False,
    )
    await limiter.acquire(tokens=50)


@pytest.mark.parametrize("max_queue", [0, 2])
async def test_the_queue_is_bounded(make_limiter: MakeLimiter, max_queue: int) -> None:
    """One more than may wait is turned away; those who wait do not notice."""
    limiter = make_limiter(max_queue=max_queue)
    await exhaust(limiter)
    waiting = [asyncio.create_task(limiter.acquire()) for _ in range(max_queue)]
    await asyncio.sleep(0)
    with pytest.raises(RateLimitError, match=f"{max_queue} calls wait already") as caught:
        await limiter.acquire()
    assert caught.value.code == "rate_limit.queue"
    assert len(await asyncio.gather(*waiting)) == max_queue


async def test_a_daily_limit_waits_for_midnight(make_limiter: MakeLimiter, clock: FakeClock) -> None:
    """The wall clock says when; the fake one begins at a midnight in Greenwich."""
    limiter = make_limiter(RateLimit(requests=2, per="day"))
    await clock.sleep(3600)
    await exhaust(limiter)
    await limiter.acquire()
    assert clock.now() == 86_400.0


async def test_a_wall_clock_put_forward_lets_the_next_day_begin(
    make_limiter: MakeLimiter, clock: FakeClock
) -> None:
    """Whoever looks then finds another day."""
    limiter = make_limiter(RateLimit(requests=1, per="day"))
    await limiter.acquire()
    clock.set_wall(clock.wall() + 86_400)
    assert limiter.try_acquire() is not None


async def test_it_keeps_to_what_the_server_allows(make_limiter: MakeLimiter, clock: FakeClock) -> None:
    """So many more in so many seconds, however much the limit itself would let through."""
    limiter = make_limiter(RateLimit(requests=100, per=1.0))
    limiter.heed(Allowance(remaining=1, seconds=30.0))
    await limiter.acquire()
    assert limiter.status().held_for == 30.0
    await limiter.acquire()
    assert clock.now() == 30.0


async def test_a_pause_holds_everybody(make_limiter: MakeLimiter, clock: FakeClock) -> None:
    """Nothing goes before it is over, and `resume` ends it early."""
    limiter = make_limiter()
    limiter.pause(30.0)
    assert (limiter.try_acquire(), limiter.status().held_for) == (None, 30.0)
    await limiter.acquire()
    assert clock.now() == 30.0
    limiter.pause(30.0)
    limiter.resume()
    assert limiter.try_acquire() is not None


async def test_a_pause_for_good_refuses_at_once(make_limiter: MakeLimiter, clock: FakeClock) -> None:
    """There is no time to come back, so nobody waits and nobody should try again."""
    limiter = make_limiter()
    limiter.pause()
    with pytest.raises(RateLimitError, match="takes no more") as caught:
        await limiter.acquire()
    error = caught.value
    assert (error.code, error.retry_after, error.retryable) == ("rate_limit.stopped", None, False)
    assert (clock.now(), limiter.status().held_for) == (0.0, inf)


async def test_giving_back_twice_makes_room_once(make_limiter: MakeLimiter) -> None:
    """As if it had never been granted, and no more than that."""
    limiter = make_limiter()
    grant = await limiter.acquire()
    await limiter.acquire()
    for _ in range(2):
        limiter.give_back(grant)
    assert limiter.status().limits[0].remaining == 1


async def test_events_tell_of_waits_refusals_and_pauses(
    make_limiter: MakeLimiter, recorder: EventRecorder
) -> None:
    """Each with the name of the service; what goes at once is not worth a word."""
    limiter = make_limiter(RateLimit(requests=1, per=60.0), listeners=Listeners(recorder))
    await exhaust(limiter)
    assert recorder.events == []
    await limiter.acquire()
    with pytest.raises(RateLimitError):
        await limiter.acquire(within=5.0)
    limiter.pause(5.0)
    assert recorder.events == [
        CallWaited("quotes", "rate limit", 60.0, 60.0),
        CallRejected("quotes", "rate limit", 60.0, 60.0),
        LimitPaused("quotes", 5.0, 60.0),
    ]


async def test_no_event_is_built_when_nobody_listens(
    make_limiter: MakeLimiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Observing costs nothing until somebody does."""
    for name in ("CallWaited", "CallRejected", "LimitPaused"):
        monkeypatch.delattr(room, name)
    limiter = make_limiter(RateLimit(requests=1, per=60.0))
    await exhaust(limiter)
    await limiter.acquire()
    with pytest.raises(RateLimitError):
        await limiter.acquire(within=0.0)
    limiter.pause(5.0)
