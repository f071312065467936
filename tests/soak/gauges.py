"""What a soak measures while nothing is under way, and when that counts as flat."""

import asyncio
import gc
import resource
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

MEMORY = 0.03
OBJECTS = 0.005
"""Growth that is no leak yet, from the middle third of the rests to the last."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One rest."""

    at: float
    """Seconds since the start."""
    calls: int
    files: int
    tasks: int
    threads: int
    objects: int
    """Those that the garbage collector follows."""
    memory: int
    """Resident bytes of the process."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule, whether it held, and the figures it rests on."""

    rule: str
    held: bool
    evidence: str


def read(at: float, calls: int) -> Reading:
    """Read every gauge, after the garbage is gone."""
    gc.collect()
    return Reading(
        at=at,
        calls=calls,
        files=open_files(),
        tasks=len(asyncio.all_tasks()),
        threads=threading.active_count(),
        objects=len(gc.get_objects()),
        memory=int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize(),
    )


def open_files() -> int:
    """Files and sockets that this process holds."""
    return len(list(Path("/proc/self/fd").iterdir()))


def judge(readings: Sequence[Reading]) -> list[Verdict]:
    """File descriptors and tasks: the same at every rest. Objects and memory: hardly more in the last third.

    The first third is left out: caches fill, and the allocator takes what it will keep.
    """
    return [
        _same("file descriptors are the same at every rest", [one.files for one in readings]),
        _same("no task outlives the traffic", [one.tasks for one in readings]),
        _flat("the number of objects is flat", [one.objects for one in readings], OBJECTS),
        _flat("memory is flat", [one.memory for one in readings], MEMORY),
    ]


def _same(rule: str, values: Sequence[int]) -> Verdict:
    return Verdict(rule, len(set(values)) == 1, f"{min(values)} to {max(values)}")


def _flat(rule: str, values: Sequence[int], allowed: float) -> Verdict:
    third = max(1, len(values) // 3)
    middle, last = median(values[third:-third] or values[:third]), median(values[-third:])
    growth = last / middle - 1
    return Verdict(rule, growth <= allowed, f"{growth:+.1%}, allowed are {allowed:.0%}")
