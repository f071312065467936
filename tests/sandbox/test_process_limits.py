"""A process that does not do what it is told, without any server."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from viber.sandbox import SandboxError, _process
from viber.sandbox._child import Command
from viber.sandbox._process import ManagedProcess, ProcessState


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_process, "_READY_SECONDS", 0.2)
    monkeypatch.setattr(_process, "_STOP_SECONDS", 0.2)


def server(tmp_path: Path, script: str, *, is_ready: bool = True) -> ManagedProcess:
    async def answer(_pid: int) -> bool:
        return is_ready or (tmp_path / "ready").exists()

    command = Command(("/bin/sh", "-c", script), {"PATH": "/bin:/usr/bin"}, tmp_path, tmp_path / "log")
    return ManagedProcess("server", command, stop_signal=signal.SIGTERM, is_ready=answer)


async def test_a_server_that_is_never_ready_is_ended(tmp_path: Path) -> None:
    """Starting gives up after a while, and the process does not stay."""
    process = server(tmp_path, "echo warming up; exec sleep 600", is_ready=False)
    with pytest.raises(SandboxError, match=r"server did not start:\nwarming up"):
        await process.start()
    assert process.state is ProcessState.STOPPED


async def test_a_server_that_dies_at_once_is_an_error(tmp_path: Path) -> None:
    """The error says what it wrote."""
    with pytest.raises(SandboxError, match=r"server did not start:\nno port"):
        await server(tmp_path, "echo no port; exit 1", is_ready=False).start()


async def test_a_server_that_does_not_stop_is_killed(tmp_path: Path) -> None:
    """An orderly end has a time limit."""
    process = server(tmp_path, 'trap "" TERM; touch ready; while :; do sleep 0.05; done', is_ready=False)
    await process.start()
    await process.stop()
    assert process.state is ProcessState.STOPPED


async def test_what_never_ran_can_be_stopped(tmp_path: Path) -> None:
    """Stopping, killing and freezing what does not run does nothing."""
    process = server(tmp_path, "true")
    await process.stop()
    await process.kill()
    await process.freeze()
    assert (process.state, process.pid) == (ProcessState.STOPPED, None)
