"""Nothing survives: whoever is killed, however hard, the processes go and the folder is removed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from viber.sandbox import Sandbox
from viber.sandbox._workdir import PREFIX, sweep

pytestmark = pytest.mark.sandbox

OWNER = """
import json, sys, time
from viber.sandbox import Sandbox
sandbox = Sandbox().start()
if sys.argv[1:]:
    sandbox.process(sys.argv[1]).freeze()
pids = [sandbox.process(name).pid for name in ("postgres", "postgrest")]
print(json.dumps([sandbox._supervisor.pid, pids, sandbox._report.workdir]), flush=True)
time.sleep(600)
"""


@dataclass(frozen=True)
class Victim:
    """A sandbox in another process, and everything that belongs to it."""

    owner: subprocess.Popen[str]
    supervisor: int
    pids: frozenset[int]
    workdir: Path

    def kill(self, who: str) -> None:
        targets = {"owner": [self.owner.pid], "supervisor": [self.supervisor]}
        for pid in targets.get(who, [self.supervisor, self.owner.pid]):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def start_victim(tmp_path: Path):  # noqa: ANN201
    owners: list[subprocess.Popen[str]] = []

    def start(*frozen: str) -> Victim:
        environment = {**os.environ, "TMPDIR": str(tmp_path)}
        command = (sys.executable, "-c", OWNER, *frozen)
        owner = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        owners.append(owner)
        assert owner.stdout is not None
        supervisor, servers, workdir = json.loads(owner.stdout.readline())
        pids = {supervisor, *servers, *(child for pid in servers for child in children(pid))}
        return Victim(owner, supervisor, frozenset(pids), Path(workdir))

    yield start
    for owner in owners:
        owner.kill()
        owner.communicate()


def children(pid: int) -> list[int]:
    running = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [child for child in running if stat(child)[1] == pid]


def stat(pid: int) -> tuple[str, int]:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "X", 0
    return fields[0], int(fields[1])


def alive(pids: frozenset[int]) -> set[int]:
    # A zombie is dead: in a container nobody may collect it.
    return {pid for pid in pids if stat(pid)[0] not in "XZ"}


def await_truth(said: Callable[[], bool], *, within: float = 10.0) -> bool:
    deadline = time.monotonic() + within
    while not said() and time.monotonic() < deadline:
        time.sleep(0.01)
    return said()


StartVictim = Callable[..., Victim]


def test_a_killed_owner_takes_everything_along(start_victim: StartVictim) -> None:
    """The supervisor notices, ends its processes and removes the folder."""
    victim = start_victim()
    victim.kill("owner")
    assert await_truth(lambda: not alive(victim.pids)), alive(victim.pids)
    assert not victim.workdir.exists()


@pytest.mark.parametrize("who", ["supervisor", "both"])
def test_a_killed_supervisor_takes_its_processes_along(start_victim: StartVictim, who: str) -> None:
    """The kernel ends the processes; the folder is left for the next sweep."""
    victim = start_victim()
    victim.kill(who)
    assert await_truth(lambda: not alive(victim.pids)), alive(victim.pids)
    assert victim.workdir.exists()

    def is_swept() -> bool:
        sweep(victim.workdir.parent)
        return not victim.workdir.exists()

    # A child that PostgreSQL had forked just then may hold the folder for a moment longer.
    assert await_truth(is_swept)


def test_a_frozen_process_dies_too(start_victim: StartVictim) -> None:
    """PostgreSQL that stands still is woken to die; it gives its children five seconds."""
    victim = start_victim("postgres")
    victim.kill("both")
    assert await_truth(lambda: not alive(victim.pids), within=15), alive(victim.pids)


def test_a_pipe_kept_open_does_not_keep_the_sandbox(tmp_path: Path) -> None:
    """A process that the owner forked may hold the pipe; the owner's death still ends everything."""
    fork = "import os\n" + OWNER.replace("time.sleep(600)", "os.fork() or time.sleep(30)\ntime.sleep(600)")
    owner = subprocess.Popen(
        (sys.executable, "-c", fork),
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        start_new_session=True,
    )
    try:
        assert owner.stdout is not None
        supervisor = json.loads(owner.stdout.readline())[0]
        await_truth(lambda: len(children(owner.pid)) == 2)
        owner.kill()
        assert await_truth(lambda: not alive(frozenset({supervisor})))
    finally:
        os.killpg(owner.pid, signal.SIGKILL)
        owner.communicate()


def test_stopping_after_the_supervisor_was_killed_clears_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner removes the folder that the supervisor could not."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with Sandbox() as sandbox:
        assert sandbox._supervisor is not None
        assert list(tmp_path.glob(f"{PREFIX}*"))
        os.kill(sandbox._supervisor.pid, signal.SIGKILL)
    assert not list(tmp_path.glob(f"{PREFIX}*"))


def test_a_killed_postgres_leaves_no_shared_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The segment of a server that never came back is removed with its folder."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with Sandbox() as sandbox:
        pid = sandbox.process("postgres").pid
        sandbox.process("postgres").kill()
        assert pid in segment_creators()
    assert pid not in segment_creators()


def segment_creators() -> set[int]:
    head, *rows = (line.split() for line in Path("/proc/sysvipc/shm").read_text().splitlines())
    return {int(row[head.index("cpid")]) for row in rows}
