"""Everything the page shows, as JSON can say it: numbers and names, and no secret."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from math import isfinite
from typing import Any, Final

from viber.dashboard._history import Track
from viber.factory import ServiceFactory
from viber.health import HealthRegistry
from viber.machines import BreakerSnapshot, CircuitBreakerConfig, LimitStatus
from viber.observability import Latency, ServiceMetrics, redact_text
from viber.services.gemini import ModelStatus, UsageTotals

Json = dict[str, Any]
_MOST_OPERATIONS: Final = 12
_MOST_MODELS: Final = 50
_MOST_CODES: Final = 20
_LONGEST: Final = 120


@lru_cache(2048)
def shown(name: str) -> str:
    """A name without what looks like a secret in it, and not too long."""
    return redact_text(name, limit=_LONGEST)


def service_of(
    services: ServiceFactory, name: str, metrics: ServiceMetrics, track: Track, now: float
) -> Json:
    """One service: its circuit, its calls, and what they wait for."""
    circuit = metrics.circuit
    return {
        "name": shown(name),
        "circuit": None
        if circuit is None
        else _circuit(services.get_circuit_breaker(name).config, metrics, circuit, now),
        **_calls(metrics),
        **_ends(track),
        "in_flight": metrics.in_flight,
        "queued": metrics.queued,
        "waits": {gate: _latency(waits) for gate, waits in metrics.waits.items()},
        "limits": [_limit(limit) for limit in metrics.limits],
        "operations": _operations(metrics),
        "more_operations": max(0, len(metrics.operations) - _MOST_OPERATIONS),
    }


def _circuit(
    config: CircuitBreakerConfig, metrics: ServiceMetrics, circuit: BreakerSnapshot, now: float
) -> Json:
    last = metrics.last_change
    is_last = last is not None and last.after is circuit.state
    return {
        "state": circuit.state.value,
        "reason": last.trigger.value if last is not None and is_last else "",
        "for": round(now - circuit.since, 3),
        "retry_after": _seconds(circuit.retry_after),
        "failures": circuit.failures,
        "threshold": config.failure_threshold,
        "window": config.monitor_window,
        "failure_rate": circuit.failure_rate,
        "rate_threshold": config.failure_rate,
        "slow_call_rate": circuit.slow_call_rate,
        "slow_threshold": config.slow_call_rate,
        "probes": circuit.probes,
        "successes": circuit.successes,
        "to_close": config.probes_to_close,
        "changes": metrics.changes,
    }


def _calls(metrics: ServiceMetrics) -> Json:
    return {
        "calls": metrics.calls,
        "attempts": metrics.attempts,
        "errors": _counts(metrics.errors),
        "retries": _counts(metrics.retries),
        "rejections": _counts(metrics.rejections),
        "fallbacks": metrics.fallbacks,
        "recent": _latency(metrics.recent),
    }


def _ends(track: Track) -> Json:
    """How calls ended: all of them, and the last ones."""
    newest, rates = track.newest, track.latest()
    return {
        "succeeded": newest.succeeded,
        "failed": newest.failed,
        "rejected": newest.rejected,
        "rate": round(rates.succeeded + rates.failed + rates.rejected, 2),
        "failing": track.minute().failing,
        "point": track.point(),
    }


def _operations(metrics: ServiceMetrics) -> list[Json]:
    busiest = sorted(metrics.operations.items(), key=lambda pair: pair[1].calls, reverse=True)
    return [
        {
            "name": shown(name) or "call",
            "calls": operation.calls,
            "errors": sum(operation.errors.values()),
            "recent": _latency(operation.recent),
        }
        for name, operation in busiest[:_MOST_OPERATIONS]
    ]


def _counts(counts: Mapping[str, int]) -> Json:
    most = sorted(counts.items(), key=lambda pair: pair[1], reverse=True)
    return {shown(code): number for code, number in most[:_MOST_CODES]}


def _latency(latency: Latency) -> Json:
    figures = {"p50": latency.p50, "p95": latency.p95, "p99": latency.p99, "longest": latency.longest}
    return {"count": latency.count, **{name: round(figure, 6) for name, figure in figures.items()}}


def _limit(status: LimitStatus) -> Json:
    return {
        "name": str(status.limit),
        "used": status.used,
        "amount": status.limit.amount,
        "free_in": _seconds(status.free_in),
    }


def _seconds(seconds: float | None) -> float | None:
    """Never infinity, which JSON does not know."""
    return round(seconds, 3) if seconds is not None and isfinite(seconds) else None


def models_of(services: ServiceFactory) -> list[Json]:
    """Every model: what it took, what that cost, and what is left of its limits."""
    totals: dict[str, UsageTotals] = {}
    standing: dict[str, list[ModelStatus]] = {}
    for gemini in services.gemini_services:
        for row in gemini.usage.rows():
            totals[row.model] = totals.get(row.model, UsageTotals()) + row.totals
    for limits in {id(gemini.limits): gemini.limits for gemini in services.gemini_services}.values():
        for model, status in limits.status().items():
            standing.setdefault(model, []).append(status)
    names = sorted({*totals, *standing})[:_MOST_MODELS]
    return [_model(name, totals.get(name, UsageTotals()), standing.get(name, [])) for name in names]


def _model(name: str, totals: UsageTotals, standing: Iterable[ModelStatus]) -> Json:
    statuses = list(standing)
    held = [status.held_for for status in statuses if status.held_for > 0]
    return {
        "name": shown(name),
        "answers": totals.answers,
        "input": totals.usage.input_tokens,
        "output": totals.usage.output_tokens,
        "cached": totals.usage.cached_tokens,
        "cost": format(totals.known_cost.normalize(), "f"),
        "unpriced": totals.unpriced,
        "circuits": sorted({status.circuit for status in statuses}),
        "waiting": sum(status.waiting for status in statuses),
        "is_held": bool(held),
        "held_for": _seconds(max(held, default=0.0)),
        "limits": [_limit(limit) for status in statuses for limit in status.limits],
    }


def checks_of(health: HealthRegistry) -> list[Json]:
    """The last answer of every health check."""
    return [
        {
            "name": shown(name),
            "healthy": answer.healthy,
            "latency": round(answer.latency, 6),
            "error": redact_text(answer.error, limit=_LONGEST),
        }
        for name, answer in health.latest().items()
    ]
