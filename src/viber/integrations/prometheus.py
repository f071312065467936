"""Metrics for Prometheus, read when it scrapes: nothing is added to a call. Needs the extra `prometheus`."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector

from viber.health import HealthRegistry
from viber.machines import BreakerState
from viber.observability import LATENCY_BOUNDS, Latency, ServiceMetrics
from viber.services.gemini import GeminiService, UsageTotals

__all__ = ["CONTENT_TYPE", "ViberCollector", "exposition"]

Read = Callable[[], Mapping[str, ServiceMetrics]]
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BY_OPERATION = ("service", "operation")


class ViberCollector(Collector):
    """Turns `services.metrics` into families of metrics; the names begin with `prefix`.

    Labels are service, operation (a method and a table or model, never a URL), code, gate and limit: at most
    some hundred sets, whatever is called. `health` adds the last answers of the checks, and asks none.
    `gemini` gives services, whose tokens and costs of the last day that had answers are added.

    Example:
        >>> from viber import ServiceFactory, Settings
        >>> services = ServiceFactory(Settings())
        >>> registry = CollectorRegistry()
        >>> registry.register(ViberCollector(services.metrics))
    """

    def __init__(
        self,
        read: Read,
        *,
        prefix: str = "viber",
        health: HealthRegistry | None = None,
        gemini: Callable[[], Iterable[GeminiService]] = tuple,
    ) -> None:
        self._read = read
        self._gemini = gemini
        self._prefix = prefix
        self._health = health

    def describe(self) -> Iterable[Metric]:
        """Nothing: the families are known when they are read."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """The families, as everything stands now."""
        services = list(self._read().values())
        yield from self._calls(services)
        yield from self._gates(services)
        yield from self._circuits(services)
        yield self._limits(services)
        if self._health is not None:
            yield self._checks(self._health)
        yield from self._usage()

    def _calls(self, services: list[ServiceMetrics]) -> Iterator[Metric]:
        calls = self._counter("requests", "Logical calls, by how they ended.", *_BY_OPERATION, "outcome")
        attempts = self._counter("attempts", "Attempts of logical calls.", *_BY_OPERATION)
        durations = HistogramMetricFamily(
            f"{self._prefix}_request_duration_seconds",
            "Durations of logical calls, with their waits.",
            labels=_BY_OPERATION,
        )
        for service in services:
            for name, operation in service.operations.items():
                labels = [service.service, name]
                failed = sum(operation.errors.values())
                calls.add_metric([*labels, "success"], operation.calls - failed)
                for code, number in operation.errors.items():
                    calls.add_metric([*labels, code], number)
                attempts.add_metric(labels, operation.attempts)
                durations.add_metric(labels, _buckets(operation.latency), operation.latency.sum)
        yield from (calls, attempts, durations)

    def _gates(self, services: list[ServiceMetrics]) -> Iterator[Metric]:
        retries = self._counter(
            "retries", "Attempts that were repeated, by what failed.", "service", "reason"
        )
        rejected = self._counter("rejected", "Calls that were turned away unsent.", "service", "gate")
        fallbacks = self._counter("fallbacks", "Calls that a fallback answered.", "service")
        waits = SummaryMetricFamily(
            f"{self._prefix}_wait_seconds", "Waits for a turn.", labels=("service", "gate")
        )
        for service in services:
            for reason, number in service.retries.items():
                retries.add_metric([service.service, reason], number)
            for gate, number in service.rejections.items():
                rejected.add_metric([service.service, gate], number)
            for gate, latency in service.waits.items():
                waits.add_metric([service.service, gate], latency.count, latency.sum)
            fallbacks.add_metric([service.service], service.fallbacks)
        yield from (retries, rejected, fallbacks, waits)

    def _circuits(self, services: list[ServiceMetrics]) -> Iterator[Metric]:
        states = self._gauge("breaker_state", "1 for the state that a circuit is in.", "service", "state")
        failures = self._gauge("breaker_failures", "Failures within the window.", "service")
        changes = self._counter("breaker_transitions", "Changes of a circuit's state.", "service")
        for service in services:
            changes.add_metric([service.service], service.changes)
            if (circuit := service.circuit) is not None:
                failures.add_metric([service.service], circuit.failures)
                for state in BreakerState:
                    states.add_metric([service.service, state.value], float(circuit.state is state))
        yield from (states, failures, changes)

    def _limits(self, services: list[ServiceMetrics]) -> Metric:
        remaining = self._gauge("ratelimit_remaining", "What a limit still grants.", "service", "limit")
        for service in services:
            for status in service.limits:
                remaining.add_metric([service.service, str(status.limit)], status.remaining)
        return remaining

    def _checks(self, health: HealthRegistry) -> Metric:
        up = self._gauge("health_up", "1 for a check that was healthy when it was last asked.", "check")
        for name, last in health.latest().items():
            up.add_metric([name], float(last.healthy))
        return up

    def _usage(self) -> Iterator[Metric]:
        tokens = self._gauge("tokens_today", "Tokens of the last day that had answers.", "model", "type")
        costs = self._gauge("cost_today", "Known cost of that day, in the currency of the prices.", "model")
        rows = [row for service in self._gemini() for row in service.usage.rows()]
        last = max((row.day for row in rows), default=None)
        totals: dict[str, UsageTotals] = {}
        for row in rows:
            if row.day == last:
                totals[row.model] = totals.get(row.model, UsageTotals()) + row.totals
        for model, total in totals.items():
            tokens.add_metric([model, "input"], total.usage.input_tokens)
            tokens.add_metric([model, "cached"], total.usage.cached_tokens)
            tokens.add_metric([model, "output"], total.usage.output_tokens)
            costs.add_metric([model], float(total.known_cost))
        yield from (tokens, costs)

    def _counter(self, name: str, text: str, *labels: str) -> CounterMetricFamily:
        return CounterMetricFamily(f"{self._prefix}_{name}", text, labels=labels)

    def _gauge(self, name: str, text: str, *labels: str) -> GaugeMetricFamily:
        return GaugeMetricFamily(f"{self._prefix}_{name}", text, labels=labels)


def exposition(
    read: Read,
    *,
    prefix: str = "viber",
    health: HealthRegistry | None = None,
    gemini: Callable[[], Iterable[GeminiService]] = tuple,
) -> bytes:
    """What a scrape gets, in Prometheus' text format (`CONTENT_TYPE`), from a registry of its own.

    Example:
        >>> from viber import ServiceFactory, Settings
        >>> exposition(ServiceFactory(Settings()).metrics).splitlines()[0]
        b'# HELP viber_requests_total Logical calls, by how they ended.'
    """
    registry = CollectorRegistry()
    registry.register(ViberCollector(read, prefix=prefix, health=health, gemini=gemini))
    return generate_latest(registry)


def _buckets(latency: Latency) -> list[tuple[str, float]]:
    counts = zip(map(str, LATENCY_BOUNDS), map(float, latency.buckets), strict=True)
    return [*counts, ("+Inf", float(latency.count))]
