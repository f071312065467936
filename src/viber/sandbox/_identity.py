"""Who PostgreSQL runs as. It refuses root, so root has to appear as somebody else."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from viber.sandbox._child import Command, Identity, run
from viber.sandbox._error import SandboxError

_CLONE_NEWUSER: Final = 0x1000_0000
_APPARENT: Final = 1000  # any id but 0
_NOBODY: Final = 65_534
_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Tenant:
    """An identity and the folder of PostgreSQL's programs that it can run."""

    identity: Identity
    programs: Path


async def choose_tenant(programs: Path, *, work: Path) -> Tenant:
    """Return an identity that PostgreSQL accepts: ours, or when we are root the first way that works.

    Raises:
        SandboxError: root, and neither a user namespace nor another user could run the programs.
    """
    if os.geteuid() != 0:
        return Tenant(Identity(), programs)
    refusals: list[str] = []
    for tenant in _ways_out_of_root(programs, work=work):
        try:
            await _try_out(tenant, work=work)
        except (SandboxError, OSError, subprocess.SubprocessError) as error:
            refusals.append(str(error))
        else:
            return tenant
    raise SandboxError(
        "PostgreSQL refuses to run as root, and no other identity works: " + "; ".join(refusals)
    )


def own(path: Path, identity: Identity) -> None:
    """Give a file or folder to the identity, and let it pass through the folder above."""
    if identity.user is not None:
        os.chown(path, identity.user, identity.user)
        path.parent.chmod(path.parent.stat().st_mode | 0o011)


def enter_user_namespace() -> None:  # pragma: no cover - in the child, before exec
    """Appear as an ordinary user while the kernel still sees root: private folders stay readable."""
    uid, gid = os.getuid(), os.getgid()
    if _LIBC.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "no user namespace")
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{_APPARENT} {uid} 1")
    _write("/proc/self/gid_map", f"{_APPARENT} {gid} 1")


def _ways_out_of_root(programs: Path, *, work: Path) -> Iterator[Tenant]:
    yield Tenant(Identity(enter=enter_user_namespace), programs)
    yield Tenant(Identity(user=_NOBODY), programs)
    yield Tenant(Identity(user=_NOBODY), _copy(programs, to=work / "programs"))


def _copy(programs: Path, *, to: Path) -> Path:
    """Copy the package and the libraries beside it to where another user may enter."""
    package = programs.parents[1]
    for folder in (package, package.with_name(f"{package.name}.libs")):
        if folder.exists():
            shutil.copytree(folder, to / folder.name, symlinks=True)
    to.parent.chmod(0o711)
    return to / package.name / programs.relative_to(package)


async def _try_out(tenant: Tenant, *, work: Path) -> None:
    command = Command(
        argv=(str(tenant.programs / "postgres"), "--version"),
        environment={},
        cwd=Path("/"),
        log=work / "identity.log",
        identity=tenant.identity,
    )
    await run(command, timeout=10)


def _write(path: str, text: str) -> None:  # pragma: no cover - in the child, before exec
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)
