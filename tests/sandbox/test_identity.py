from __future__ import annotations

import os
from pathlib import Path

import pytest

from viber.sandbox import SandboxError, _identity
from viber.sandbox._binaries import postgres_programs
from viber.sandbox._child import Command, Identity, run
from viber.sandbox._identity import Tenant, choose_tenant, own


async def test_an_ordinary_user_runs_postgres_as_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Who is not root needs no other identity."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert await choose_tenant(tmp_path, work=tmp_path) == Tenant(Identity(), tmp_path)


async def test_whoever_we_are_postgres_does_not_see_root(tmp_path: Path) -> None:
    """The chosen identity is never user 0 to the program that runs as it."""
    tenant = await choose_tenant(postgres_programs(), work=tmp_path)
    log = tmp_path / "log"
    identify = Command(("/usr/bin/id", "-u"), {}, Path("/"), log, identity=tenant.identity)
    await run(identify)
    assert int(log.read_text()) != 0


async def test_the_first_way_that_works_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A way that is refused leads to the next one."""
    refused, works = Tenant(Identity(), tmp_path / "nowhere"), Tenant(Identity(), postgres_programs())
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(_identity, "_ways_out_of_root", lambda *_, **__: iter([refused, works]))
    assert await choose_tenant(tmp_path, work=tmp_path) is works


async def test_when_no_way_works_every_refusal_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Root on a machine that allows nothing learns what was tried."""
    ways = [Tenant(Identity(), tmp_path / "one"), Tenant(Identity(), tmp_path / "two")]
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(_identity, "_ways_out_of_root", lambda *_, **__: iter(ways))
    with pytest.raises(SandboxError, match=r"refuses to run as root[\s\S]*one/postgres[\s\S]*two/postgres"):
        await choose_tenant(tmp_path, work=tmp_path)


def test_the_last_way_is_a_copy_that_others_may_enter(tmp_path: Path) -> None:
    """The package and the libraries beside it are copied to the work folder, which is opened for passing."""
    programs = tmp_path / "private" / "server" / "pginstall18" / "bin"
    programs.mkdir(parents=True)
    (programs / "postgres").write_text("program")
    (tmp_path / "private" / "server.libs").mkdir()
    (tmp_path / "private" / "server.libs" / "libpq.so").write_text("library")
    work = tmp_path / "work"
    work.mkdir(mode=0o700)
    last = list(_identity._ways_out_of_root(programs, work=work))[-1]
    assert (last.programs / "postgres").read_text() == "program"
    assert (last.programs.parents[2] / "server.libs" / "libpq.so").exists()
    assert last.identity.user not in {None, 0}
    assert work.stat().st_mode & 0o777 == 0o711


def test_a_folder_is_given_away_with_the_way_to_it(tmp_path: Path) -> None:
    """Another user may pass through the folder above, and no more."""
    tmp_path.chmod(0o700)
    folder = tmp_path / "data"
    folder.mkdir()
    own(folder, Identity(user=os.getuid()))
    assert folder.stat().st_gid == os.getuid()
    assert tmp_path.stat().st_mode & 0o777 == 0o711


def test_our_own_folder_stays_private(tmp_path: Path) -> None:
    """Without another user nothing is opened."""
    tmp_path.chmod(0o700)
    own(tmp_path, Identity())
    assert tmp_path.stat().st_mode & 0o777 == 0o700
