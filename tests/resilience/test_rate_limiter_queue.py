"""Those who wait for a rate limit: their order, their leaving, and who is told what."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from viber.errors import RateLimitError
from viber.machines import Allowance, RateLimit, Reservation
from viber.resilience import Deadline, RateLimiter
from viber.testing import FakeClock

MakeLimiter = Callable[..., RateLimiter]
ONE = RateLimit(requests=1, per=10.0)
TEN_TOKENS = RateLimit(tokens=10, per=10.0)


@pytest.fixture
def clock() -> FakeClock:
    """A clock that moves when it is told to, so that a test can look at those who wait."""
    return FakeClock()


class Crowd:
    """Callers of one limiter, who note when their turn came."""

    def __init__(self, limiter: RateLimiter, clock: FakeClock) -> None:
        self.limiter = limiter
        self.clock = clock
        self.turns: list[tuple[str, float]] = []

    def use(self, tokens: int = 0) -> Reservation:
        """Take what is there."""
        grant = self.limiter.try_acquire(tokens)
        assert grant is not None
        return grant

    async def join(
        self, name: str, tokens: int = 0, *, within: float | None = None
    ) -> asyncio.Task[Reservation]:
        """A new caller, who has asked by now."""

        async def call() -> Reservation:
            grant = await self.limiter.acquire(tokens, within=within)
            self.turns.append((name, self.clock.now()))
            return grant

        task = asyncio.create_task(call())
        await asyncio.sleep(0)
        return task

    @property
    def is_tidy(self) -> bool:
        """Nobody waits, and no timer is left."""
        return (self.limiter.status().waiting, self.clock.pending) == (0, 0)


Gather = Callable[..., Crowd]


@pytest.fixture
def gather(make_limiter: MakeLimiter, clock: FakeClock) -> Gather:
    """Callers in front of these limits."""
    return lambda *limits: Crowd(make_limiter(*limits), clock)


async def test_first_come_first_served(gather: Gather, clock: FakeClock) -> None:
    """In the order of their coming, one a window."""
    queue = gather(ONE)
    queue.use()
    for name in "abc":
        await queue.join(name)
    await clock.advance(30)
    assert queue.turns == [("a", 10.0), ("b", 20.0), ("c", 30.0)]


async def test_a_heavy_one_holds_the_lighter_ones_behind_it(gather: Gather, clock: FakeClock) -> None:
    """Otherwise it would starve: nobody overtakes, also not a newcomer for whom there would be room."""
    queue = gather(TEN_TOKENS)
    queue.use(5)
    await clock.advance(5)
    queue.use(5)
    await queue.join("heavy", 9)
    await queue.join("light", 1)
    await clock.advance(9)
    assert (queue.turns, queue.limiter.try_acquire(0)) == ([], None)
    await clock.advance(1)
    assert queue.turns == [("heavy", 15.0), ("light", 15.0)]


async def test_a_cancelled_heavy_head_lets_the_lighter_ones_pass(gather: Gather, clock: FakeClock) -> None:
    """Whom only the head held goes in the moment in which the head has gone."""
    queue = gather(TEN_TOKENS)
    queue.use(5)
    heavy = await queue.join("heavy", 9)
    await queue.join("light", 5)
    heavy.cancel()
    await clock.settle()
    assert queue.turns == [("light", 0.0)]
    assert queue.is_tidy


async def test_a_newcomer_in_the_turn_of_a_cancellation_holds_nobody_up(
    gather: Gather, clock: FakeClock
) -> None:
    """The head is gone before its task has heard of it: whoever comes just then sees to those behind it."""
    queue = gather(TEN_TOKENS)
    queue.use(5)
    heavy = await queue.join("heavy", 9)
    await queue.join("light", 5)
    newcomer = asyncio.create_task(queue.limiter.acquire(3))
    heavy.cancel()
    await clock.settle()
    assert queue.turns == [("light", 0.0)]
    await clock.advance(10)
    assert newcomer.done()


async def test_a_cancelled_one_in_the_middle_leaves_no_hole(gather: Gather, clock: FakeClock) -> None:
    """The next ones move up."""
    queue = gather(ONE)
    queue.use()
    tasks = [await queue.join(name) for name in "abc"]
    tasks[1].cancel()
    await clock.advance(20)
    assert queue.turns == [("a", 10.0), ("c", 20.0)]
    assert queue.is_tidy


@pytest.mark.parametrize("first", ["cancellation", "grant"])
async def test_a_grant_in_the_turn_of_the_cancellation_goes_on_to_the_next(
    gather: Gather, clock: FakeClock, first: str
) -> None:
    """Granted and cancelled at once: it is cancelled, and the grant is as if it had never been given."""
    queue = gather(ONE)
    queue.use()
    task, _ = [await queue.join(name) for name in "ab"]
    if first == "cancellation":
        task.cancel()
    clock.jump(10)
    task.cancel()
    await clock.settle()
    assert task.cancelled()
    assert queue.turns == [("b", 10.0)]
    assert queue.limiter.status().limits[0].used == 1
    assert queue.is_tidy


async def test_a_timeout_of_the_caller_gives_its_grant_back(gather: Gather, clock: FakeClock) -> None:
    """A limit of time around the wait that ends in the very moment of the grant loses nothing."""
    queue = gather(ONE)
    queue.use()

    async def bounded() -> None:
        async with clock.timeout(10):
            await queue.limiter.acquire()

    task = asyncio.create_task(bounded())
    await asyncio.sleep(0)
    clock.jump(10)
    with pytest.raises(TimeoutError):
        await task
    assert queue.limiter.status().limits[0].used == 0
    assert queue.is_tidy


@pytest.mark.parametrize("within", [None, 1e6], ids=["without-limits", "each-with-a-limit"])
async def test_one_timer_for_all(make_limiter: MakeLimiter, clock: FakeClock, within: float | None) -> None:
    """However many wait: one timer for whose turn is next, and one for whose time is over first."""
    limiter = make_limiter(ONE)
    limiter.try_acquire()
    tasks = [asyncio.create_task(limiter.acquire(within=within)) for _ in range(500)]
    await clock.settle()
    assert clock.pending <= 2
    for task in tasks:
        task.cancel()
    await clock.settle()
    assert (limiter.status().waiting, clock.pending) == (0, 0)


async def test_a_wait_that_turns_out_too_long_ends_in_time(gather: Gather, clock: FakeClock) -> None:
    """What others owed in the end nobody could know before; the error says how long it would be now."""
    queue = gather(RateLimit(tokens=10, per=100.0))
    queue.use(4)
    await clock.advance(50)
    running = queue.use(6)
    await clock.advance(10)
    task = await queue.join("late", 4, within=45.0)
    queue.limiter.settle(running, tokens=9)
    await clock.advance(44.5)
    assert not task.done()
    await clock.advance(0.5)
    error = task.exception()
    assert isinstance(error, RateLimitError)
    assert (error.code, error.retry_after) == ("rate_limit.wait", 45.0)
    assert queue.is_tidy


async def test_who_ran_out_of_time_is_told_of_those_who_still_wait(gather: Gather, clock: FakeClock) -> None:
    """It would stand behind them if it came back, however little it wants."""
    queue = gather(TEN_TOKENS)
    queue.use(6)
    for name in ("b", "c"):
        await queue.join(name, 6)
    light = await queue.join("light", 1, within=15.0)
    await clock.advance(15)
    error = light.exception()
    assert isinstance(error, RateLimitError)
    assert (queue.turns, error.retry_after) == ([("b", 10.0)], 5.0)


async def test_giving_back_lets_the_next_one_go(gather: Gather, clock: FakeClock) -> None:
    """A grant that is not used is used by whoever waits, at once."""
    queue = gather(ONE)
    unused = queue.use()
    await queue.join("next")
    queue.limiter.give_back(unused)
    await clock.settle()
    assert queue.turns == [("next", 0.0)]
    assert queue.is_tidy


async def test_a_small_bill_lets_the_next_ones_go(gather: Gather, clock: FakeClock) -> None:
    """What was reserved too much is used by those who wait, at once and in order."""
    queue = gather(TEN_TOKENS)
    running = queue.use(10)
    for name in "abc":
        await queue.join(name, 3)
    queue.limiter.settle(running, tokens=4)
    await clock.settle()
    assert queue.turns == [("a", 0.0), ("b", 0.0)]


async def test_a_large_bill_makes_the_next_ones_wait(gather: Gather, clock: FakeClock) -> None:
    """What is owed has to leave the window first."""
    queue = gather(TEN_TOKENS)
    queue.use(9)
    await clock.advance(5)
    running = queue.use(1)
    await queue.join("next", 5)
    queue.limiter.settle(running, tokens=12)
    await clock.advance(10)
    assert queue.turns == [("next", 15.0)]


async def test_a_pause_turns_away_at_once_who_could_not_go_in_time(gather: Gather, clock: FakeClock) -> None:
    """They learn it when it is known and not when their time is over; the others wait on."""
    queue = gather(ONE)
    queue.use()
    with Deadline(25.0, clock=clock):
        hurried = [await queue.join("a"), await queue.join("b", within=100.0)]
    await queue.join("patient", within=100.0)
    queue.limiter.pause(30.0)
    await clock.settle()
    for task in hurried:
        error = task.exception()
        assert isinstance(error, RateLimitError)
        assert error.retry_after == 30.0
    await clock.advance(30)
    assert queue.turns == [("patient", 30.0)]


async def test_the_servers_word_turns_away_as_a_pause_does(gather: Gather, clock: FakeClock) -> None:
    """One more within a minute: the second of those who cannot wait so long is sent away."""
    queue = gather(ONE)
    queue.use()
    first, second = [await queue.join(name, within=30.0) for name in "ab"]
    queue.limiter.heed(Allowance(remaining=1, seconds=60.0))
    await clock.settle()
    error = second.exception()
    assert isinstance(error, RateLimitError)
    assert (error.retry_after, first.done()) == (60.0, False)


async def test_a_stop_for_good_empties_the_queue(gather: Gather, clock: FakeClock) -> None:
    """Nobody waits for what will not come, however patient."""
    queue = gather(ONE)
    queue.use()
    tasks = [await queue.join(name) for name in "abc"]
    queue.limiter.pause()
    await clock.settle()
    errors = [task.exception() for task in tasks]
    assert [getattr(error, "code", "") for error in errors] == ["rate_limit.stopped"] * 3
    assert queue.is_tidy


async def test_resuming_lets_them_go(gather: Gather, clock: FakeClock) -> None:
    """Who waited for the end of a pause waits no more."""
    queue = gather(RateLimit(requests=5, per=1.0))
    queue.limiter.pause(60.0)
    await queue.join("a")
    queue.limiter.resume()
    await clock.settle()
    assert queue.turns == [("a", 0.0)]
    assert queue.is_tidy
