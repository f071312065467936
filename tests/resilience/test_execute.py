from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import viber.errors
from viber.errors import CircuitOpenError
from viber.machines import Judgement, RetryConfig, Verdict
from viber.resilience import CircuitBreaker, execute_with_resilience
from viber.testing import FakeClock

MakeScript = Callable[..., Any]
STEADY = RetryConfig(jitter="none")


async def test_the_result_comes_back(script: MakeScript) -> None:
    """The function is awaited once."""
    fn = script("there")
    assert (await execute_with_resilience(fn), len(fn.calls)) == ("there", 1)


async def test_an_attempt_has_ten_seconds_unless_told_otherwise(clock: FakeClock) -> None:
    """No call without a limit, unless None is said."""
    with pytest.raises(viber.errors.TimeoutError):
        await execute_with_resilience(lambda: clock.sleep(60), clock=clock)
    assert clock.now() == 10
    await execute_with_resilience(lambda: clock.sleep(60), clock=clock, timeout=None)


async def test_the_whole_call_can_be_bounded(clock: FakeClock) -> None:
    """`total_timeout` bounds all attempts together."""
    with pytest.raises(viber.errors.TimeoutError):
        await execute_with_resilience(lambda: clock.sleep(60), clock=clock, timeout=None, total_timeout=3.0)
    assert clock.now() == 3


async def test_a_failure_is_repeated_only_if_that_is_safe(clock: FakeClock, script: MakeScript) -> None:
    """Whether it is, the caller has to say."""
    fn = script(OSError(), "there", OSError("once"))
    assert await execute_with_resilience(fn, clock=clock, retry=STEADY, idempotent=True) == "there"
    assert fn.calls == [0.0, 1.0]
    with pytest.raises(OSError, match="once"):
        await execute_with_resilience(fn, clock=clock)


async def test_the_circuit_is_the_caller_s(clock: FakeClock, script: MakeScript) -> None:
    """A breaker is handed in, and names the service in errors."""
    breaker = CircuitBreaker("quotes", clock=clock)
    breaker.isolate()
    with pytest.raises(CircuitOpenError, match="the circuit of quotes is open"):
        await execute_with_resilience(script("never"), breaker=breaker, clock=clock)


async def test_exceptions_can_be_given_a_meaning(clock: FakeClock, script: MakeScript) -> None:
    """`classify` says what an exception of the function means."""
    passing = Judgement(Verdict.FAILURE, retryable=True, safe=True)
    fn = script(LookupError(), "there")
    assert await execute_with_resilience(fn, classify=lambda _: passing, clock=clock) == "there"
