"""Numbers of everything that was called: how often, how long, how it ended."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import singledispatchmethod

from viber.machines import BreakerSnapshot, Histogram, LimitStatus
from viber.observability._events import (
    CallFinished,
    CallRejected,
    CallWaited,
    CircuitChanged,
    Event,
    FallbackUsed,
    RetryScheduled,
)
from viber.observability._meters import OperationMeter, ServiceMeter

Counts = Mapping[str, int]
LATENCY_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Seconds: the buckets of a latency for systems that want few."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Durations in seconds; percentiles within 2 %, the rest exact."""

    count: int = 0
    sum: float = 0.0
    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0
    longest: float = 0.0
    buckets: tuple[int, ...] = ()
    """How many took at most as long as each of `LATENCY_BOUNDS`."""

    @property
    def mean(self) -> float:
        """The mean; 0 when there was none."""
        return self.sum / self.count if self.count else 0.0


@dataclass(frozen=True, slots=True)
class OperationMetrics:
    """The logical calls of one operation since the beginning; `errors` by code, cancelled ones too.

    Latencies are of calls that were sent: a rejection takes microseconds, and would hide how slow they are.
    """

    calls: int = 0
    attempts: int = 0
    errors: Counts = field(default_factory=dict[str, int])
    latency: Latency = Latency()
    recent: Latency = Latency()
    """Of the last minute."""


@dataclass(frozen=True, slots=True)
class ServiceMetrics:
    """The calls of one service since the beginning."""

    service: str
    calls: int = 0
    attempts: int = 0
    errors: Counts = field(default_factory=dict[str, int])
    """Calls that failed, by code."""
    retries: Counts = field(default_factory=dict[str, int])
    """Attempts that were repeated, by the code of what they failed with."""
    rejections: Counts = field(default_factory=dict[str, int])
    """Calls that were turned away before they were sent, by gate: circuit, bulkhead, rate limit."""
    waits: Mapping[str, Latency] = field(default_factory=dict[str, Latency])
    """Calls that waited for their turn, by gate."""
    fallbacks: int = 0
    latency: Latency = Latency()
    recent: Latency = Latency()
    """Of the last minute."""
    operations: Mapping[str, OperationMetrics] = field(default_factory=dict[str, OperationMetrics])
    changes: int = 0
    """How often the circuit changed its state."""
    last_change: CircuitChanged | None = None
    circuit: BreakerSnapshot | None = None
    """The circuit breaker as it stands, where the service has one."""
    limits: tuple[LimitStatus, ...] = ()
    """How much of each rate limit is used."""
    in_flight: int | None = None
    """Calls that are under way, where their number is bounded."""
    queued: int = 0
    """Calls that wait for their turn, at whatever gate."""


class Metrics:
    """A listener that counts; `snapshot()` reads what it has counted.

    Counting a call takes less than a microsecond. Memory is bounded: an operation takes some 60 kB, and those
    after the 200th of a service are counted as one.

    Example:
        >>> metrics = Metrics()
        >>> metrics(CallFinished("quotes", "fetch", "r-1", 2, 0.25, None, at=10.0))
        >>> quotes = metrics.snapshot()["quotes"]
        >>> quotes.calls, quotes.attempts, quotes.latency.p50
        (1, 2, 0.25)
    """

    def __init__(self, now: Callable[[], float] | None = None) -> None:
        self._now = now
        self.meters: dict[str, ServiceMeter] = {}

    def __call__(self, event: Event) -> None:
        """Count the event."""
        self._count(event)

    def meter(self, service: str) -> ServiceMeter:
        """What is counted of a service."""
        meter = self.meters.get(service)
        if meter is None:
            meter = self.meters[service] = ServiceMeter()
        return meter

    def snapshot(self) -> Mapping[str, ServiceMetrics]:
        """Everything as it stands, by service; what happens later changes nothing in it."""
        return {
            service: _metrics_of(service, meter, meter.latest if self._now is None else self._now())
            for service, meter in self.meters.items()
        }

    @singledispatchmethod
    def _count(self, event: Event) -> None:
        """What has no number."""

    @_count.register
    def _(self, event: CallFinished) -> None:
        meter = self.meter(event.service)
        meter.finished(event.operation, event.attempts, event.duration, event.error, event.at)

    @_count.register
    def _(self, event: CircuitChanged) -> None:
        meter = self.meter(event.service)
        meter.changes += 1
        meter.last_change = event

    @_count.register
    def _(self, event: RetryScheduled) -> None:
        self.meter(event.service).repeated(event.error)

    @_count.register
    def _(self, event: CallRejected) -> None:
        self.meter(event.service).rejections[event.gate] += 1

    @_count.register
    def _(self, event: CallWaited) -> None:
        self.meter(event.service).waited(event.gate, event.seconds)

    @_count.register
    def _(self, event: FallbackUsed) -> None:
        self.meter(event.service).fallbacks += 1


def _metrics_of(service: str, meter: ServiceMeter, now: float) -> ServiceMetrics:
    operations = dict(meter.operations)
    totals = {name: each.durations.total() for name, each in operations.items()}
    recents = {name: each.durations.recent(now) for name, each in operations.items()}
    return ServiceMetrics(
        service,
        calls=sum(each.calls for each in operations.values()),
        attempts=sum(each.attempts for each in operations.values()),
        errors=_summed(each.errors for each in operations.values()),
        retries=dict(meter.retries),
        rejections=dict(meter.rejections),
        waits={gate: latency_of(waits) for gate, waits in meter.waits.items()},
        fallbacks=meter.fallbacks,
        latency=latency_of(_together(totals.values())),
        recent=latency_of(_together(recents.values())),
        changes=meter.changes,
        last_change=meter.last_change,
        operations={name: _operation(each, totals[name], recents[name]) for name, each in operations.items()},
    )


def _operation(meter: OperationMeter, total: Histogram, recent: Histogram) -> OperationMetrics:
    return OperationMetrics(
        meter.calls, meter.attempts, dict(meter.errors), latency_of(total), latency_of(recent)
    )


def latency_of(histogram: Histogram) -> Latency:
    """The numbers of a histogram that people ask for."""
    p50, p95, p99 = histogram.percentiles(0.5, 0.95, 0.99)
    buckets = tuple(histogram.at_most(*LATENCY_BOUNDS))
    return Latency(histogram.count, histogram.sum, p50, p95, p99, histogram.greatest, buckets)


def _together(histograms: Iterable[Histogram]) -> Histogram:
    together = Histogram()
    for each in histograms:
        together.add(each)
    return together


def _summed(counters: Iterable[Counter[str]]) -> Counts:
    total: Counter[str] = Counter()
    for each in counters:
        total.update(each)
    return dict(total)
