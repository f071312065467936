from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from viber.sandbox import SandboxError
from viber.sandbox._child import Command, Identity, family, quote_log, run, spawn


def command(tmp_path: Path, script: str, *, identity: Identity | None = None) -> Command:
    return Command(
        argv=("/bin/sh", "-c", script),
        environment={"PATH": os.environ["PATH"]},
        cwd=tmp_path,
        log=tmp_path / "log",
        identity=identity or Identity(),
    )


async def test_a_program_that_fails_is_quoted(tmp_path: Path) -> None:
    """The error has the exit code and what the program wrote."""
    with pytest.raises(SandboxError, match=r"sh ended with exit code 3:\nno luck"):
        await run(command(tmp_path, "echo no luck; exit 3"))


async def test_a_program_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    """The time limit ends the program and what it started."""
    with pytest.raises(SandboxError, match=r"sh took more than 0.2 s:\nhere"):
        await run(command(tmp_path, "echo here; sleep 600 & echo $! > pid; wait"), timeout=0.2)
    pid = int((tmp_path / "pid").read_text())
    assert await asyncio.to_thread(comes_true, lambda: not is_alive(pid))


async def test_a_program_gets_the_environment_it_was_given_and_no_other(tmp_path: Path) -> None:
    """Nothing of ours leaks into a server."""
    await run(command(tmp_path, "env"))
    names = {line.partition("=")[0] for line in (tmp_path / "log").read_text().splitlines()}
    assert names <= {"PATH", "PWD", "SHLVL", "_"}


async def test_the_family_is_the_process_and_its_children(tmp_path: Path) -> None:
    """PostgreSQL's connections are its children."""
    process = await spawn(command(tmp_path, "sleep 600 & sleep 600 & wait"))
    try:
        assert await asyncio.to_thread(comes_true, lambda: len(family(process.pid)) == 3)
    finally:
        os.killpg(process.pid, 9)
        await process.wait()


def test_an_empty_log_is_not_quoted(tmp_path: Path) -> None:
    """Neither a log that is not there nor one without a word adds to a message."""
    assert quote_log(tmp_path / "log") == ""
    (tmp_path / "log").write_text(" \n")
    assert quote_log(tmp_path / "log") == ""


def comes_true(said: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 5
    while not said() and time.monotonic() < deadline:
        time.sleep(0.01)
    return said()


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "XZ"
    except OSError:
        return False
