from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from viber.machines import Breaker, CircuitBreakerConfig, Grant, Transition, Verdict

MakeBreaker = Callable[..., Breaker]
Fail = Callable[..., Transition | None]


@pytest.fixture
def make_breaker() -> MakeBreaker:
    """A breaker of small, round numbers: 3 failures in 10 s open it for 60 s, 2 probes close it."""

    def make(*, rng: Callable[[], float] = lambda: 0.5, **fields: Any) -> Breaker:
        small = {
            "failure_threshold": 3,
            "monitor_window": 10.0,
            "half_open_max_calls": 2,
            "reset_jitter": 0.0,
            "probe_lease": 30.0,
        }
        return Breaker(CircuitBreakerConfig(**{**small, **fields}), rng=rng)

    return make


@pytest.fixture
def fail() -> Fail:
    """Let calls be granted and fail at one moment; returns what the last one changed."""

    def do(breaker: Breaker, now: float, *, times: int = 1, **hint: Any) -> Transition | None:
        change = None
        for _ in range(times):
            grant = breaker.acquire(now)
            assert isinstance(grant, Grant)
            change = breaker.settle(grant, Verdict.FAILURE, now, **hint)
        return change

    return do
