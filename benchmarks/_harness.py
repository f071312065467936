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
"""Does that many operations and checks every answer: a fast wrong answer is a defect."""


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


@dataclass(slots=True)
class Row:
    """What one candidate cost, round by round."""

    name: str
    samples: list[Sample] = field(default_factory=list[Sample])

    def ratios(self, yardstick: "Row") -> list[float]:
        """CPU time in units of the yardstick's in the same round, sorted."""
        return sorted(own.cpu / its.cpu for own, its in zip(self.samples, yardstick.samples, strict=True))


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
    wall, cpu = time.perf_counter_ns(), time.process_time_ns()
    await run(count)
    return Sample((time.perf_counter_ns() - wall) / count, (time.process_time_ns() - cpu) / count)


def machine() -> str:
    """Where it ran, as far as it decides the result."""
    return f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores"


def middle(row: Row, kind: str) -> tuple[float, float]:
    """Median and minimum of "wall" or "cpu"."""
    values = [getattr(sample, kind) for sample in row.samples]
    return median(values), min(values)
