"""Thousands of cancellations and timeouts, at any moment, nested: nothing is lost and none is swallowed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from random import Random
from typing import Any

import pytest

from viber.errors import BaseError, CircuitOpenError, Delivery, RateLimitError, ServerError, TransportError
from viber.machines import CircuitBreakerConfig, RateLimit, RetryConfig
from viber.observability import CallFinished, Listeners
from viber.resilience import (
    Bulkhead,
    Call,
    Chaos,
    ChaosFault,
    ChaosLatency,
    CircuitBreaker,
    Deadline,
    Fallback,
    Pipeline,
    RateLimiter,
)
from viber.testing import EventRecorder, FakeClock

ACTORS = 30
STORMS = 16
LATEST = 500.0
SECONDS = [0.0, 0.5, 1.0, 1.0, 2.0, 3.0, 5.0]
"""Few, so that much falls into one turn of the loop."""


class Sent(Chaos):
    """Counts the attempts that went out: each of them is a grant that is used."""

    kind = "latency"

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(rate=1.0, clock=clock)
        self.count = 0

    async def _disturb(self, work: Callable[[], Awaitable[Any]]) -> Any:
        with self.counted():
            return await work()

    @contextmanager
    def counted(self) -> Iterator[None]:
        self.count += 1
        try:
            yield
        except BaseError as error:
            self.count -= error.delivery is Delivery.NOT_SENT
            raise


async def instead(_: Exception) -> Callable[[], None]:
    return lambda: None


class Storm:
    """Callers, services and operators that all do something at random, by one seed."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        self.clock = clock = FakeClock(auto=True)
        self.sent = Sent(clock)
        self.recorder = EventRecorder()
        self.begun = 0
        self.told: dict[asyncio.Task[None], int] = {}
        self.breakers = [self._breaker(name) for name in ("outer", "inner")]
        self.bulkheads = [Bulkhead(8, max_queue=20, clock=clock), Bulkhead(2, max_wait=3.0, clock=clock)]
        ever = RateLimit(requests=10**6, per=1e6)
        self.limiter = RateLimiter(RateLimit(requests=20, per=5.0), ever, clock=clock)
        shared = {"retry": RetryConfig(initial_delay=0.5, jitter="none"), "idempotent": True, "clock": clock}
        self.whole = Pipeline(
            "whole",
            breaker=self.breakers[0],
            bulkhead=self.bulkheads[0],
            limiter=self.limiter,
            fallback=Fallback(instead, on=CircuitOpenError),
            chaos=[self.sent, self._chaos(ChaosLatency, 1.0), self._chaos(ChaosFault, ServerError)],
            timeout=self.dice.choice([None, 1.0, 2.0]),
            total_timeout=self.dice.choice([None, 3.0, 8.0]),
            listeners=Listeners(self.recorder),
            **shared,
        )
        self.plain = Pipeline("plain", breaker=self.breakers[0], timeout=2.0, **shared)
        self.inner = Pipeline(
            "inner", breaker=self.breakers[1], bulkhead=self.bulkheads[1], timeout=2.0, **shared
        )

    def _breaker(self, name: str) -> CircuitBreaker:
        config = CircuitBreakerConfig(
            failure_threshold=self.dice.choice([5, 50]),
            failure_rate=self.dice.choice([None, 0.9]),
            half_open_max_calls=2,
            reset_timeout=2.0,
        )
        return CircuitBreaker(name, config, clock=self.clock, rng=self.dice.random)

    def _chaos(self, kind: Callable[..., Chaos], what: object) -> Chaos:
        return kind(what, rate=0.1, seed=self.dice.randrange(99), clock=self.clock)

    async def serve(self) -> None:
        """End, or not, in one of the ways in which services do."""
        assert all(bulkhead.taken <= bulkhead.max_concurrent for bulkhead in self.bulkheads)
        assert all(breaker.snapshot().probes <= 2 for breaker in self.breakers)
        ways = [self._hang, self._impatient, self._slow_to_leave, self._ask_another, self._fail, self._fail]
        await self.dice.choice([*ways, self._answer, self._answer, self._answer])()

    async def _answer(self) -> None:
        await self.clock.sleep(self.dice.choice(SECONDS))

    async def _fail(self) -> None:
        raise self.dice.choice(
            [
                ServerError("broken", retry_after=self.dice.choice([None, 1.0])),
                TransportError("refused", delivery=Delivery.NOT_SENT),
                RateLimitError("slow down", retry_after=1.0),
                ConnectionResetError(),
                LookupError("its own"),
            ]
        )

    async def _hang(self) -> None:
        await asyncio.Event().wait()

    async def _impatient(self) -> None:
        async with self.clock.timeout(1.0):
            await self._hang()

    async def _slow_to_leave(self) -> None:
        try:
            await self._hang()
        finally:
            await self.clock.sleep(0.5)

    async def _ask_another(self) -> None:
        await self.inner.run(self.serve)

    async def call(self) -> None:
        """Make a call in one of the ways there are."""
        way = self.dice.randrange(5)
        self.begun += way > 0
        match way:
            case 0:
                await self.plain.run(self.serve)
            case 1:
                await self.whole.run(self.serve)
            case 2:
                await self.whole.protect(self.serve)()
            case 3:
                await self._loop()
            case _:
                close = await self.whole.execute(self._keep)
                try:
                    await self.clock.sleep(self.dice.choice(SECONDS))
                finally:
                    close()

    async def _loop(self) -> None:
        async for attempt in self.whole.attempts():
            async with attempt:
                with self.sent.counted():
                    await self.serve()

    async def _keep(self, call: Call) -> Callable[[], None]:
        close = call.keep_place()
        try:
            await self.serve()
        except BaseException:
            close()
            raise
        return close

    async def call_within(self, depth: int) -> None:
        """Make a call within limits of the caller, one inside the other."""
        kind = self.dice.choice(["timeout", "deadline", "free", "free"]) if depth else "call"
        if kind == "timeout":
            async with self.clock.timeout(self.dice.choice(SECONDS)):
                await self.call_within(depth - 1)
        elif kind == "deadline":
            with Deadline(self.dice.choice(SECONDS), clock=self.clock):
                await self.call_within(depth - 1)
        elif kind == "free":
            await self.call_within(depth - 1)
        else:
            await self.call()

    async def act(self) -> None:
        """Make calls, and go on after whatever ends them, but for a cancellation."""
        task = asyncio.current_task()
        assert task is not None
        for _ in range(self.dice.randrange(1, 6)):
            await self.clock.sleep(self.dice.choice(SECONDS))
            with suppress(BaseError, OSError, LookupError):
                await self.call_within(depth=3)
            assert task.cancelling() == 0, "a task that goes on was told to stop, or believes so"
            assert Deadline.current() is None

    def cancel(self, task: asyncio.Task[None], turns: int) -> None:
        """Cancel so many turns of the loop later."""
        if turns:
            asyncio.get_running_loop().call_soon(self.cancel, task, turns - 1)
        else:
            self.told[task] += task.cancel()

    def plan(self, task: asyncio.Task[None]) -> Iterator[tuple[float, Callable[[], object]]]:
        """Cancellations, and what operators and servers do meanwhile."""
        for moment in [*self.moments(self.dice.choice([0, 1, 2, 3])), LATEST]:
            yield moment, partial(self.cancel, task, self.dice.randrange(3))
        breaker = self.dice.choice(self.breakers)
        meddling = [
            breaker.isolate,
            breaker.reset,
            breaker.reset,
            breaker.disable,
            partial(self.limiter.pause, 1.0),
        ]
        for moment in self.moments(self.dice.choice([0, 0, 0, 0, 1])):
            yield moment, self.dice.choice(meddling)

    def moments(self, count: int) -> list[float]:
        return [self.dice.randrange(20) / 2 for _ in range(count)]

    async def rage(self) -> None:
        tasks = [asyncio.create_task(self.act()) for _ in range(ACTORS)]
        self.told = dict.fromkeys(tasks, 0)
        timers = [self.clock.call_later(moment, what) for task in tasks for moment, what in self.plan(task)]
        await asyncio.wait(tasks)
        for timer in timers:
            timer.cancel()

    def left(self) -> dict[str, int]:
        """Whatever somebody still holds, or waits for."""
        held = {
            "probes": sum(breaker.snapshot().probes for breaker in self.breakers),
            "places": sum(bulkhead.taken for bulkhead in self.bulkheads),
            "waiting for a place": sum(bulkhead.waiting for bulkhead in self.bulkheads),
            "waiting for the limit": self.limiter.status().waiting,
            "grants": self.limiter.status().limits[1].used - self.sent.count,
            "timers": self.clock.pending,
            "calls": self.begun - len(self.recorder.of(CallFinished)),
        }
        return {what: count for what, count in held.items() if count}


@pytest.mark.parametrize("seed", range(0, 12 * STORMS, STORMS))
def test_nothing_is_lost_and_no_cancellation_is_swallowed(seed: int) -> None:
    """Each cancelled task ends cancelled, each other by itself; all that was taken is given back."""
    for storm in map(Storm, range(seed, seed + STORMS)):
        asyncio.run(storm.rage())
        for task, told in storm.told.items():
            assert (task.cancelled(), task.cancelling()) == (told > 0, told)
            if not told:
                task.result()
        assert storm.left() == {}
