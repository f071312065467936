from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from viber.sandbox import SandboxError
from viber.sandbox._postgres import _finish, is_accepting

LOCK_FILE = "4242\n/data\n1700000000\n5432\n\n127.0.0.1\n  3909182      32771\n{status}   \n"


async def test_initdb_is_let_finish_when_the_start_is_given_up() -> None:
    """Killed half-way it would leave shared memory behind; the cancellation goes on afterwards."""
    begun, may_end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        await may_end.wait()
        ended.set()

    finishing = asyncio.create_task(_finish(work()))
    await begun.wait()
    finishing.cancel()
    asyncio.get_running_loop().call_soon(may_end.set)
    with pytest.raises(asyncio.CancelledError):
        await finishing
    assert ended.is_set()


async def test_a_failing_initdb_is_an_error() -> None:
    """What goes wrong is raised as it is."""

    async def work() -> None:
        raise SandboxError("no space")

    with pytest.raises(SandboxError, match="no space"):
        await _finish(work())


def test_a_server_accepts_once_its_lock_file_says_so(tmp_path: Path) -> None:
    """The status of this very server counts, not what a killed one left."""
    assert not is_accepting(tmp_path, pid=4242)
    (tmp_path / "postmaster.pid").write_text(LOCK_FILE.format(status="starting"))
    assert not is_accepting(tmp_path, pid=4242)
    (tmp_path / "postmaster.pid").write_text(LOCK_FILE.format(status="ready"))
    assert is_accepting(tmp_path, pid=4242)
    assert not is_accepting(tmp_path, pid=4243)
