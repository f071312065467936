"""A pipeline in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from viber.errors import CircuitOpenError
from viber.machines import CircuitBreakerConfig, RateLimit, RetryBudget, RetryConfig
from viber.resilience import (
    Bulkhead,
    ChaosFault,
    ChaosLatency,
    CircuitBreaker,
    Fallback,
    Pipeline,
    RateLimiter,
)

MakePipeline = Callable[..., Pipeline]


async def last_known(_: Exception) -> float:
    return 1.08


def line(pipeline: Pipeline, name: str) -> str:
    """What it says of one policy."""
    [text] = [text for text in pipeline.describe().splitlines() if text.startswith(f"  {name} ")]
    return text.removeprefix(f"  {name}").strip()


def test_all_policies_in_the_order_in_which_a_call_passes_them() -> None:
    """One line each, from the outside in."""
    pipeline = Pipeline(
        "quotes",
        timeout=2.0,
        total_timeout=7.5,
        retry=RetryConfig(max_attempts=4, initial_delay=0.1, max_delay=5.0),
        breaker=CircuitBreaker("quotes"),
        bulkhead=Bulkhead(10, max_queue=50),
        limiter=RateLimiter(RateLimit(requests=60, per=60.0), RateLimit(tokens=9000, per="day")),
        fallback=Fallback(last_known, on=CircuitOpenError, name="last known"),
        chaos=[ChaosLatency(2.0, rate=0.1), ChaosFault(ConnectionError, rate=0.05, enabled=False)],
        idempotent=True,
    )
    assert pipeline.describe().splitlines() == [
        "quotes: idempotent=True",
        "  fallback     <Fallback 'last known'>",
        "  deadline     7.5 s for the whole call, waits included",
        "  retry        4 attempts, full jitter over 0.1 s to 5 s, at most 20% of the calls",
        "  circuit      5 failures within 60 s open it for 60 s; now closed",
        "  bulkhead     10 at once, 50 may wait",
        "  rate limit   60 requests per 60 s, 9000 tokens per day (UTC)",
        "  timeout      2 s for each attempt",
        "  chaos        <ChaosLatency of 10%>",
        "  chaos        <ChaosFault of 5%, off>",
    ]


def test_what_is_not_there_is_not_told() -> None:
    """A pipeline without anything is a retry, which is there by default."""
    assert Pipeline().describe().splitlines() == [
        "pipeline: idempotent=False",
        "  retry        3 attempts, full jitter over 1 s to 30 s, at most 20% of the calls",
    ]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"retry": RetryConfig(max_attempts=1)}, "1 attempt"),
        (
            {"retry": RetryConfig(jitter="none", budget_ratio=None)},
            "3 attempts, no jitter over 1 s to 30 s",
        ),
        (
            {"budget": RetryBudget(ratio=0.5, minimum=1)},
            "3 attempts, full jitter over 1 s to 30 s, at most 50% of the calls",
        ),
    ],
)
def test_how_often_it_is_tried(options: dict[str, Any], text: str) -> None:
    """Attempts, their waits, and the share that its budget really has."""
    assert line(Pipeline(**options), "retry") == text


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        ({"failure_threshold": 2, "reset_timeout": 9.0}, "2 failures within 60 s open it for 9 s"),
        (
            {"failure_threshold": None, "failure_rate": 0.5},
            "50% failures within 60 s open it for 60 s",
        ),
        (
            {"slow_call_rate": 0.8, "slow_call_duration": 1.5, "monitor_window": 10.0},
            "5 failures within 10 s or 80% of the calls slower than 1.5 s within 10 s open it for 60 s",
        ),
    ],
)
def test_what_opens_the_circuit(rules: dict[str, Any], text: str) -> None:
    """Every rule that can."""
    breaker = CircuitBreaker("quotes", CircuitBreakerConfig(**rules))
    assert line(Pipeline(breaker=breaker), "circuit") == f"{text}; now closed"


def test_how_the_circuit_stands_now() -> None:
    """It is read when it is asked for, and reading moves nothing."""
    breaker = CircuitBreaker("quotes")
    pipeline = Pipeline(breaker=breaker)
    breaker.isolate()
    assert line(pipeline, "circuit").endswith("; now isolated")


def test_a_view_describes_itself(make_pipeline: MakePipeline) -> None:
    """Other options are other words."""
    view = make_pipeline(timeout=2.0).with_options(timeout=None, total_timeout=9.0, idempotent=True)
    assert view.describe().splitlines()[:2] == [
        "quotes: idempotent=True",
        "  deadline     9 s for the whole call, waits included",
    ]
