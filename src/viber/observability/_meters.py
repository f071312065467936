"""What is counted of one service while it works; cheap to write, read rarely."""

from asyncio import CancelledError
from collections import Counter

from viber.errors import BaseError
from viber.machines import Histogram, RecentHistogram
from viber.observability._events import CircuitChanged

MAX_OPERATIONS = 200
OTHER = "other operations"
"""Where calls are counted whose operation came after the 200th."""


class OperationMeter:
    """Counts the calls of one operation."""

    __slots__ = ("attempts", "calls", "durations", "errors")

    def __init__(self) -> None:
        self.durations = RecentHistogram()
        self.errors: Counter[str] = Counter()
        self.calls: int = 0
        self.attempts: int = 0


class ServiceMeter:
    """Counts what happens to the calls of one service."""

    __slots__ = (
        "changes",
        "fallbacks",
        "last_change",
        "latest",
        "operations",
        "rejections",
        "retries",
        "waits",
    )

    def __init__(self) -> None:
        self.operations: dict[str, OperationMeter] = {}
        self.retries: Counter[str] = Counter()
        self.rejections: Counter[str] = Counter()
        self.waits: dict[str, Histogram] = {}
        self.fallbacks: int = 0
        self.changes: int = 0
        self.last_change: CircuitChanged | None = None
        self.latest: float = 0.0
        """When the last call ended."""

    def finished(
        self, operation: str, attempts: int, duration: float, error: BaseException | None, now: float
    ) -> None:
        """A logical call is over; one that was turned away unsent is counted, and has no duration."""
        meter = self.operations.get(operation)
        if meter is None:
            meter = self._meter(operation)
        self.latest = now
        meter.calls += 1
        if attempts:
            meter.attempts += attempts
            meter.durations.record(now, duration)
        if error is not None:
            meter.errors[code_of(error)] += 1

    def repeated(self, error: BaseException | None) -> None:
        """An attempt is followed by another one; without an error it was not good enough."""
        self.retries["unsatisfied" if error is None else code_of(error)] += 1

    def waited(self, gate: str, seconds: float) -> None:
        """A call had to wait for its turn."""
        if gate not in self.waits:
            self.waits[gate] = Histogram()
        self.waits[gate].record(seconds)

    def _meter(self, operation: str) -> OperationMeter:
        name = operation if len(self.operations) < MAX_OPERATIONS else OTHER
        return self.operations.setdefault(name, OperationMeter())


def code_of(error: BaseException | None) -> str:
    """The code that errors are counted by: few, stable, and never a text of the server."""
    if isinstance(error, BaseError):
        return error.code
    return "cancelled" if isinstance(error, CancelledError) else type(error).__name__
