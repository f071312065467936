"""The last quarter of an hour of one service, second by second."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from viber.observability import ServiceMetrics

SECONDS: Final = 900
_MINUTE: Final = 60.0
_UNSENT: Final = frozenset(
    {"circuit.open", "bulkhead.full", "bulkhead.wait"}
    | {"rate_limit.queue", "rate_limit.stopped", "rate_limit.too_heavy", "rate_limit.wait"}
)
"""Codes of calls that were turned away before they were sent."""
COLUMNS: Final = ("ago", "succeeded", "failed", "rejected", "p50", "p95", "p99", "state")


@dataclass(frozen=True, slots=True)
class Sample:
    """The counters of a service at one moment, and the latencies of the minute before."""

    at: float
    succeeded: int = 0
    failed: int = 0
    rejected: int = 0
    latencies: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """p50, p95 and p99."""
    state: str = ""

    @classmethod
    def of(cls, metrics: ServiceMetrics, at: float) -> Self:
        """What is to be remembered of these metrics; a call that was cancelled is neither good nor bad."""
        rejected = sum(metrics.errors.get(code, 0) for code in _UNSENT)
        errors = sum(metrics.errors.values())
        recent = metrics.recent
        return cls(
            at,
            metrics.calls - errors,
            errors - rejected - metrics.errors.get("cancelled", 0),
            rejected,
            (recent.p50, recent.p95, recent.p99),
            "" if metrics.circuit is None else metrics.circuit.state.value,
        )


@dataclass(frozen=True, slots=True)
class Rates:
    """Calls per second between two samples, by how they ended."""

    succeeded: float = 0.0
    failed: float = 0.0
    rejected: float = 0.0

    @property
    def failing(self) -> float | None:
        """The share of what was sent that failed; None if nothing was."""
        sent = self.succeeded + self.failed
        return self.failed / sent if sent else None


class Track:
    """Samples of one service, as many as there are seconds in a quarter of an hour.

    Example:
        >>> track = Track()
        >>> track.add(Sample(0.0))
        >>> track.add(Sample(2.0, succeeded=6, failed=2))
        >>> track.latest(), track.latest().failing
        (Rates(succeeded=3.0, failed=1.0, rejected=0.0), 0.25)
    """

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque(maxlen=SECONDS)

    def __len__(self) -> int:
        return len(self._samples)

    def add(self, sample: Sample) -> None:
        """One more; the oldest goes if there are too many."""
        self._samples.append(sample)

    @property
    def newest(self) -> Sample:
        """The last one."""
        return self._samples[-1]

    def latest(self) -> Rates:
        """The rates since the sample before."""
        return _between(self._samples[-2], self._samples[-1]) if len(self._samples) > 1 else Rates()

    def minute(self) -> Rates:
        """The rates of the last minute, or since the first sample."""
        newest = self.newest
        return _between(next(each for each in self._samples if newest.at - each.at <= _MINUTE), newest)

    def point(self) -> list[Any]:
        """The newest sample as the charts show it, but for its age."""
        return list(_point(self.newest, self.latest() if len(self) > 1 else None))

    def columns(self, now: float) -> Mapping[str, list[Any]]:
        """Every sample as the charts show it; `ago` in seconds."""
        rows = list(self._rows(now))
        return {name: [row[column] for row in rows] for column, name in enumerate(COLUMNS)}

    def _rows(self, now: float) -> Iterator[tuple[Any, ...]]:
        before: Sample | None = None
        for sample in self._samples:
            rates = None if before is None else _between(before, sample)
            yield (round(now - sample.at, 3), *_point(sample, rates))
            before = sample


def _point(sample: Sample, rates: Rates | None) -> tuple[Any, ...]:
    """Where nothing is known the charts show nothing."""
    known = (None, None, None) if rates is None else (rates.succeeded, rates.failed, rates.rejected)
    return (
        *(rate if rate is None else round(rate, 2) for rate in known),
        *(round(seconds, 6) or None for seconds in sample.latencies),
        sample.state,
    )


def _between(one: Sample, other: Sample) -> Rates:
    seconds = other.at - one.at
    numbers = (
        other.succeeded - one.succeeded,
        other.failed - one.failed,
        other.rejected - one.rejected,
    )
    return Rates(*(max(0, number) / seconds for number in numbers)) if seconds > 0 else Rates()
