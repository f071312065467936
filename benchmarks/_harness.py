"""Compares candidates honestly: interleaved rounds in shuffled order, medians, ratios within one run."""

import argparse
import gc
import os
import platform
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

Run = Callable[[int], Awaitable[object]]
"""Does that many operations and checks every answer: a fast wrong answer is a defect.

The whole run is measured, unless it returns a sample of its own.
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to do the work."""

    name: str
    run: Run


@dataclass(frozen=True, slots=True)
class Sample:
    """Nanoseconds per operation in one round."""

    wall: float
    cpu: float


class Watch:
    """Measures a part of each operation."""

    def __init__(self) -> None:
        self._wall = self._cpu = 0

    def start(self) -> None:
        self._wall -= time.perf_counter_ns()
        self._cpu -= time.process_time_ns()

    def stop(self) -> None:
        self._wall += time.perf_counter_ns()
        self._cpu += time.process_time_ns()

    def sample(self, count: int) -> Sample:
        """All that was measured, per operation."""
        return Sample(self._wall / count, self._cpu / count)


@dataclass(slots=True)
class Row:
    """What one candidate cost, round by round."""

    name: str
    samples: list[Sample] = field(default_factory=list[Sample])

    def ratios(self, yardstick: "Row", kind: str = "cpu") -> list[float]:
        """Time in units of the yardstick's in the same round, sorted; kind is "cpu" or "wall"."""
        pairs = zip(self.samples, yardstick.samples, strict=True)
        return sorted(getattr(own, kind) / getattr(its, kind) for own, its in pairs)


@dataclass(frozen=True, slots=True)
class Table:
    """Candidates that did the same work in the same rounds; ratios are to the row called `yardstick`."""

    title: str
    yardstick: str
    operations: int
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure; a smoke run only shows that everything works."""

    rounds: int
    scale: float
    smoke: bool

    @classmethod
    def parse(cls, arguments: Sequence[str] | None = None) -> "Effort":
        """Read the command line."""
        parser = argparse.ArgumentParser()
        parser.add_argument("--rounds", type=int, default=9)
        parser.add_argument("--smoke", action="store_true", help="one short round; writes no result")
        chosen = parser.parse_args(arguments)
        return cls(1, 0.02, smoke=True) if chosen.smoke else cls(chosen.rounds, 1.0, smoke=False)


async def compare(
    title: str, candidates: Iterable[Candidate], *, yardstick: str, operations: int, effort: Effort
) -> Table:
    """Run every candidate once a round, in a new order each round, after one round that does not count."""
    count = max(1, round(operations * effort.scale))
    rows = {candidate: Row(candidate.name) for candidate in candidates}
    for candidate in rows:
        await candidate.run(max(1, count // 4))
    for _ in range(effort.rounds):
        for candidate in random.sample(list(rows), len(rows)):
            rows[candidate].samples.append(await measured(candidate.run, count))
    return Table(title, yardstick, count, tuple(rows.values()))


async def measured(run: Run, count: int) -> Sample:
    """One sample; the garbage of others is collected before the clock starts."""
    gc.collect()
    watch = Watch()
    watch.start()
    result = await run(count)
    watch.stop()
    return result if isinstance(result, Sample) else watch.sample(count)


def machine() -> str:
    """Where it ran, as far as it decides the result."""
    return f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores"


def middle(row: Row, kind: str) -> tuple[float, float]:
    """Median and minimum of "wall" or "cpu"."""
    values = [getattr(sample, kind) for sample in row.samples]
    return median(values), min(values)
