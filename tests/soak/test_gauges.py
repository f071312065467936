"""When a process counts as flat."""

import importlib
import socket
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def gauges(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return importlib.import_module("gauges")


def broken(gauges: ModuleType, **series: list[int]) -> list[str]:
    """The rules that nine rests break, each gauge standing still unless it is said what it showed."""
    still = {"calls": 1, "files": 12, "tasks": 1, "threads": 1, "objects": 50_000, "memory": 50_000_000}
    readings = [
        gauges.Reading(at=at, **{**still, **{name: values[at] for name, values in series.items()}})
        for at in range(9)
    ]
    return [verdict.rule for verdict in gauges.judge(readings) if not verdict.held]


def test_what_stands_still_is_flat(gauges: ModuleType) -> None:
    """Nothing is broken."""
    assert broken(gauges) == []


@pytest.mark.parametrize(
    ("gauge", "rule"),
    [("files", "file descriptors are the same at every rest"), ("tasks", "no task outlives the traffic")],
)
def test_one_that_stays_behind_is_seen(gauges: ModuleType, gauge: str, rule: str) -> None:
    """At any rest, the last included."""
    still = 12 if gauge == "files" else 1
    assert broken(gauges, **{gauge: [*[still] * 8, still + 1]}) == [rule]


@pytest.mark.parametrize(
    ("gauge", "step", "rule"),
    [("objects", 200, "the number of objects is flat"), ("memory", 1_000_000, "memory is flat")],
)
def test_steady_growth_is_seen(gauges: ModuleType, gauge: str, step: int, rule: str) -> None:
    """From the middle third to the last."""
    start = 50_000 if gauge == "objects" else 50_000_000
    assert broken(gauges, **{gauge: [start + step * rest for rest in range(9)]}) == [rule]


def test_warming_up_is_no_leak(gauges: ModuleType) -> None:
    """What grows in the first third only is a cache."""
    assert broken(gauges, memory=[30_000_000, 40_000_000, *[50_000_000] * 7]) == []


def test_a_few_rests_are_judged_too(gauges: ModuleType) -> None:
    """As few as there may be."""
    reading = gauges.Reading(at=0, calls=1, files=1, tasks=1, threads=1, objects=1, memory=1)
    assert all(verdict.held for count in (1, 2, 3) for verdict in gauges.judge([reading] * count))


async def test_the_gauges_show_this_process(gauges: ModuleType) -> None:
    """Files, tasks and memory are those of whoever asks."""
    before = gauges.read(0.0, 0)
    with socket.socket():
        during = gauges.read(1.0, 5)
    assert (during.files - before.files, during.tasks, during.calls) == (1, 1, 5)
    assert during.memory > 1_000_000
    assert during.objects > 1_000
