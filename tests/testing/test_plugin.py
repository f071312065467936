"""The fixtures that users get."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from viber.testing import FakeClock

TEST = """
import urllib.request

def test_rows(viber_sandbox):
    url, headers = viber_sandbox.supabase_url + "/rest/v1/rpc/add?a=1&b=2", {"apikey": viber_sandbox.anon_key}
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
        assert answer.read() == b"3"
"""


@pytest.mark.sandbox
def test_the_plugin_gives_users_a_sandbox(tmp_path: Path) -> None:
    """With ``-p viber.testing.plugin`` a test asks for the fixture and has a running project."""
    (tmp_path / "test_rows.py").write_text(TEST)
    command = (
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "viber.testing.plugin",
        "-q",
        "--rootdir",
        ".",
        "test_rows.py",
    )
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_the_plugin_needs_no_sandbox_until_it_is_asked_for() -> None:
    """Whoever only wants the other tools does not need the extra."""
    code = "import sys, viber.testing.plugin; assert 'viber.sandbox' not in sys.modules"
    subprocess.run((sys.executable, "-c", code), check=True)


async def test_fake_clock_is_a_new_one_for_each_test(fake_clock: FakeClock) -> None:
    """It begins at zero, and moves when it is told to."""
    assert fake_clock.now() == 0.0
    nap = asyncio.create_task(fake_clock.sleep(5))
    await fake_clock.advance(5)
    assert nap.done()
