"""`viber demo`: the main job, end to end, as a program would run it."""

import json
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(120)]


def test_every_promise_holds_while_the_database_dies() -> None:
    """The demo ends with exit code 0 only because every invariant was checked and held."""
    ended = subprocess.run(
        [sys.executable, "-m", "viber.cli", "demo", "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    report = json.loads(ended.stdout)
    assert report["ok"]
    assert all(check["held"] for check in report["checks"])
    assert report["counts"]["circuit open"] >= 1
    assert report["counts"]["circuit closed"] >= 1
    assert report["counts"]["retries"] >= 2
