"""The benchmarks still run, and every client in them gives the right answers."""

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.mark.parametrize("script", sorted(FOLDER.glob("bench_*.py")), ids=lambda script: script.stem)
def test_a_benchmark_runs(script: Path) -> None:
    """One short round, which checks every answer and writes no result."""
    before = {path: path.stat().st_mtime_ns for path in FOLDER.glob("results/*")}
    run = subprocess.run([sys.executable, script, "--smoke"], check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "| CPU ratio |" in run.stdout
    assert {path: path.stat().st_mtime_ns for path in FOLDER.glob("results/*")} == before


def test_the_simulation_of_scale_runs() -> None:
    """A tiny crowd meets every policy, and no result and no picture is written."""
    written = [*FOLDER.glob("results/scale.*"), *FOLDER.parent.glob("docs/images/scale-*.svg")]
    before = {path: path.stat().st_mtime_ns for path in written}
    script = FOLDER / "simulate_scale.py"
    run = subprocess.run([sys.executable, script, "--smoke"], check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "| recovered after |" in run.stdout
    assert {path: path.stat().st_mtime_ns for path in before} == before
