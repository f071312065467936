"""Every life of a breaker in small worlds keeps every promise.

Each scope is explored to its end: whatever callers, time and operators do, in whatever order, leads to a
place that was visited. A window holds at most as many results as the scope says.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import pytest

from viber.machines import (
    TRANSITIONS,
    Breaker,
    BreakerState,
    CircuitBreakerConfig,
    Grant,
    Rejection,
    Transition,
    Trigger,
    Verdict,
)

CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN
ISOLATED, DISABLED = BreakerState.ISOLATED, BreakerState.DISABLED
BY_HAND: Final = {Trigger.RESET: CLOSED, Trigger.ISOLATE: ISOLATED, Trigger.DISABLE: DISABLED}
TICK: Final = 10.0
RATE: Final[dict[str, Any]] = {"failure_threshold": None, "minimum_calls": 2}
SLOW: Final[dict[str, Any]] = {"slow_call_duration": TICK, "slow_call_rate": 0.5}
OWN_WAYS: Final = {(OPEN, Trigger.ELAPSED), (HALF_OPEN, Trigger.RECOVERED), (HALF_OPEN, Trigger.RELAPSED)}
"""How every circuit moves once it is open."""

World = Any
Explore = Callable[..., Any]


def rules(**fields: Any) -> CircuitBreakerConfig:
    """Rules of a few ticks: for two it is open, for two a probe keeps its place, for two results count."""
    small = {
        "monitor_window": 2 * TICK,
        "reset_timeout": 2 * TICK,
        "max_reset_timeout": 3 * TICK,
        "probe_lease": 2 * TICK,
        "reset_jitter": 0.0,
        "half_open_max_calls": 1,
    }
    return CircuitBreakerConfig(**{**small, **fields})


@dataclass(frozen=True)
class Scope:
    """What is explored, and what opens the circuit there."""

    books: tuple[CircuitBreakerConfig, ...]
    opened_by: set[Trigger]
    callers: int = 4
    results: int = 4

    @property
    def ways(self) -> set[tuple[BreakerState, Trigger]]:
        """Every way that there is in these worlds."""
        own = OWN_WAYS | {(CLOSED, trigger) for trigger in self.opened_by}
        return own if len(self.books) == 1 else own | {way for way in TRANSITIONS if way[1] in BY_HAND}


SCOPES: Final = {
    "one-failure": Scope((rules(failure_threshold=1),), {Trigger.THRESHOLD}),
    "two-failures": Scope((rules(failure_threshold=2, half_open_max_calls=2),), {Trigger.THRESHOLD}),
    "three-failures": Scope(
        (rules(failure_threshold=3, half_open_max_calls=2, success_threshold=3, reset_backoff=1.5),),
        {Trigger.THRESHOLD},
        callers=3,
    ),
    "half-failed": Scope((rules(**RATE, failure_rate=0.5),), {Trigger.FAILURE_RATE}, callers=3),
    "two-thirds-failed": Scope(
        (rules(**{**RATE, "minimum_calls": 3}, failure_rate=2 / 3, half_open_max_calls=2),),
        {Trigger.FAILURE_RATE},
        callers=2,
        results=5,
    ),
    "half-slow": Scope((rules(**RATE, **SLOW),), {Trigger.SLOW_RATE}, callers=2, results=3),
    "every-rule": Scope(
        (rules(failure_threshold=3, failure_rate=0.75, minimum_calls=2, **SLOW),),
        {Trigger.THRESHOLD, Trigger.FAILURE_RATE, Trigger.SLOW_RATE},
        callers=2,
        results=3,
    ),
    "operators": Scope(
        (
            rules(failure_threshold=2, monitor_window=3 * TICK),
            rules(**RATE, failure_rate=0.6, max_reset_timeout=2 * TICK, half_open_max_calls=2),
        ),
        {Trigger.THRESHOLD, Trigger.FAILURE_RATE},
        callers=2,
        results=3,
    ),
}


def numbers_are_right(world: World, again: Callable[[], World]) -> None:
    """A snapshot says what the model says."""
    breaker, model, now = world.breaker, world.model, world.now
    seen = breaker.snapshot(now)
    breaker.snapshot(now + 10 * TICK)
    assert (seen.probes, seen.successes) == (len(model.probes_out(now)), model.era.good_probes)
    assert seen.failures == min(model.failures(now), breaker.config.failure_threshold or 0)
    assert (seen.calls, seen.failure_rate) == (len(model.calls(now)), model.failure_rate(now))
    assert seen.slow_call_rate == model.slow_call_rate(now)


def refusals_are_right(world: World, again: Callable[[], World]) -> None:
    """Refused is who finds it open or isolated, or no place for a probe; nobody else."""
    breaker, seen = world.breaker, world.breaker.snapshot(world.now)
    is_full = seen.state is HALF_OPEN and seen.probes >= breaker.config.half_open_max_calls
    is_refused = breaker.refusal(world.now) is not None
    assert is_refused == (is_full or world.now < breaker.shut_until)
    assert (breaker.standing is not None) == (seen.state in (CLOSED, DISABLED))
    assert isinstance(again().breaker.acquire(world.now), Rejection) == is_refused


def waiting_as_told_helps(world: World, again: Callable[[], World]) -> None:
    """Who comes back when he was told to passes; a moment earlier he is rejected."""
    refusal = world.breaker.refusal(world.now)
    if world.breaker.state is not OPEN or refusal is None:
        assert refusal is None or refusal.retry_after is None
        return
    due = world.now + refusal.retry_after
    assert due == world.breaker.shut_until == world.model.open_until
    assert isinstance(again().breaker.acquire(math.nextafter(due, 0.0)), Rejection)
    assert isinstance(again().breaker.acquire(due), Grant)


def half_open_can_be_left(world: World, again: Callable[[], World]) -> None:
    """When all leases are over, good probes close the circuit, and a bad one opens it."""
    if world.breaker.state is not HALF_OPEN:
        return
    later = world.now + world.breaker.config.probe_lease
    for verdict, state in ((Verdict.SUCCESS, CLOSED), (Verdict.FAILURE, OPEN)):
        breaker = again().breaker
        for _ in range(breaker.config.probes_to_close):
            if breaker.state is HALF_OPEN:
                breaker.settle(breaker.acquire(later), verdict, later)
        assert breaker.state is state


def operators_have_their_way(world: World, again: Callable[[], World]) -> None:
    """What is forced begins with empty books, and makes all that was out stale."""
    for trigger, state in BY_HAND.items():
        there = again()
        breaker, now = there.breaker, there.now
        breaker.force(trigger, now)
        seen = breaker.snapshot(now)
        assert (seen.state, seen.failures, seen.calls, seen.probes) == (state, 0, 0, 0)
        assert not any(breaker.settle(call.grant, Verdict.FAILURE, now) for call in there.out)
        assert breaker.snapshot(now) == seen
        assert isinstance(breaker.acquire(now), Rejection) == (state is ISOLATED)


def look_around(world: World, again: Callable[[], World]) -> None:
    numbers_are_right(world, again)
    refusals_are_right(world, again)
    waiting_as_told_helps(world, again)
    half_open_can_be_left(world, again)
    operators_have_their_way(world, again)


@pytest.mark.parametrize(
    ("name", "places", "steps"),
    [
        ("one-failure", 905, 7616),
        ("two-failures", 3457, 31520),
        ("three-failures", 2456, 18636),
        ("half-failed", 1868, 10443),
        ("two-thirds-failed", 3082, 13662),
        ("half-slow", 2518, 11087),
        ("every-rule", 2195, 10091),
        ("operators", 2312, 19867),
    ],
)
def test_every_place_and_every_step_keeps_the_promises(
    explore: Explore, name: str, places: int, steps: int
) -> None:
    """Machine and model agree everywhere, each way of the table is gone, and there is no other."""
    seen = explore(SCOPES[name], look_around)
    assert seen.ways == SCOPES[name].ways
    assert (len(seen.places), seen.steps) == (places, steps)


class OneProbeTooMany(Breaker):
    """One more than the limit may be out."""

    def refusal(self, now: float) -> Rejection | None:
        limit = self._config.half_open_max_calls
        is_next = self.state is HALF_OPEN and self._out(now) == limit
        return None if is_next else super().refusal(now)


class LateResultsCount(Breaker):
    """What an ordinary call says counts in whatever generation."""

    def _is_current(self, grant: Grant, now: float) -> bool:
        return grant.expires_at is None or super()._is_current(grant, now)


class LapsedProbesDecide(Breaker):
    """A probe that lost its place is heard all the same."""

    def _is_current(self, grant: Grant, now: float) -> bool:
        return grant.generation == self._generation and (grant.expires_at is None or grant in self._probes)


class RelapsesForgotten(Breaker):
    """The open time never grows."""

    def _open_time(self, retry_after: float | None) -> float:
        self._relapses = 0
        return super()._open_time(retry_after)


class ServerUnheard(Breaker):
    """A Retry-After changes nothing."""

    def _open_time(self, retry_after: float | None) -> float:
        return super()._open_time(None)


class FailuresSurviveRecovery(Breaker):
    """A closed circuit remembers why it had opened."""

    def _begin(self, now: float) -> None:
        before = getattr(self, "_failures", None)
        super()._begin(now)
        self._failures = before or self._failures


class SlowFailuresOnly(Breaker):
    """A call that was slow and good is not slow."""

    def _count(self, verdict: Verdict, *rest: Any, is_slow: bool) -> Transition | None:
        return super()._count(verdict, *rest, is_slow=is_slow and verdict is Verdict.FAILURE)


class RateOfMoreCalls(Breaker):
    """A rate of exactly the minimum means nothing yet."""

    def _alarm(self, now: float, *, failed: bool) -> Trigger | None:
        is_early = self._recent is not None and self._recent.sums[0] == self._config.minimum_calls
        return None if is_early else super()._alarm(now, failed=failed)


class OperatorsReset(Breaker):
    """With new rules everything begins anew."""

    def reconfigure(self, config: CircuitBreakerConfig, now: float) -> None:
        super().reconfigure(config, now)
        self._begin(now)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (OneProbeTooMany, "one-failure"),
        (LateResultsCount, "two-failures"),
        (LapsedProbesDecide, "one-failure"),
        (RelapsesForgotten, "three-failures"),
        (ServerUnheard, "one-failure"),
        (FailuresSurviveRecovery, "two-failures"),
        (SlowFailuresOnly, "half-slow"),
        (RateOfMoreCalls, "half-failed"),
        (OperatorsReset, "operators"),
    ],
)
def test_planted_fault_is_found(explore: Explore, kind: type[Breaker], name: str) -> None:
    """A breaker with this fault is caught somewhere."""
    with pytest.raises(AssertionError):
        explore(SCOPES[name], look_around, kind)
