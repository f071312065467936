"""A pipeline in words."""

from collections.abc import Iterator

from viber.machines import CircuitBreakerConfig, RetryBudget, RetryConfig
from viber.resilience._policies import Policies


def describe(policies: Policies) -> str:
    """What each call passes, in order, a line each."""
    lines = [f"  {name:<13}{text}" for name, text in _parts(policies)]
    return "\n".join([f"{policies.name or 'pipeline'}: idempotent={policies.idempotent}", *lines])


def _parts(policies: Policies) -> Iterator[tuple[str, str]]:
    if policies.fallback is not None:
        yield "fallback", repr(policies.fallback)
    if policies.total_timeout is not None:
        yield "deadline", f"{policies.total_timeout:g} s for the whole call, waits included"
    yield "retry", _retry(policies.retry, policies.budget)
    if policies.breaker is not None:
        yield "circuit", f"{_circuit(policies.breaker.config)}; now {policies.breaker.state.value}"
    if policies.bulkhead is not None:
        yield (
            "bulkhead",
            f"{policies.bulkhead.max_concurrent} at once, {policies.bulkhead.max_queue} may wait",
        )
    if policies.limiter is not None:
        yield "rate limit", ", ".join(map(str, policies.limiter.limits))
    if policies.timeout is not None:
        yield "timeout", f"{policies.timeout:g} s for each attempt"
    for policy in policies.chaos:
        yield "chaos", repr(policy)


def _retry(config: RetryConfig, budget: RetryBudget | None) -> str:
    if config.max_attempts == 1:
        return "1 attempt"
    jitter = "no" if config.jitter == "none" else config.jitter
    delays = f"{config.initial_delay:g} s to {config.max_delay:g} s"
    share = "" if budget is None else f", at most {budget.ratio:.0%} of the calls"
    return f"{config.max_attempts} attempts, {jitter} jitter over {delays}{share}"


def _circuit(config: CircuitBreakerConfig) -> str:
    window = f"within {config.monitor_window:g} s"
    rules: list[str] = []
    if config.failure_threshold is not None:
        rules.append(f"{config.failure_threshold} failures {window}")
    if config.failure_rate is not None:
        rules.append(f"{config.failure_rate:.0%} failures {window}")
    if config.slow_call_rate is not None:
        rules.append(
            f"{config.slow_call_rate:.0%} of the calls slower than {config.slow_call_duration:g} s {window}"
        )
    return f"{' or '.join(rules)} open it for {config.reset_timeout:g} s"
