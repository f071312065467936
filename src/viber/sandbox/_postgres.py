"""PostgreSQL: a fresh cluster on loopback TCP, filled from ``schema.sql``."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from viber.sandbox._child import Command, Identity, run
from viber.sandbox._identity import Tenant, own
from viber.sandbox._ports import LOOPBACK
from viber.sandbox._process import ManagedProcess

_SCHEMA = Path(__file__).with_name("schema.sql")
_INITDB_SECONDS: Final = 60.0
SUPERUSER: Final = "postgres"
_STATUS_LINE: Final = 7  # of postmaster.pid
_SETTINGS: Final[Mapping[str, str]] = {
    "fsync": "off",  # a commit still reaches the kernel: what is acknowledged outlives a killed server
    "full_page_writes": "off",
    "timezone": "UTC",
    "dynamic_shared_memory_type": "mmap",  # nothing in /dev/shm to leave behind
    "unix_socket_directories": "",
    "listen_addresses": LOOPBACK,
    "max_connections": "60",
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where a cluster lives, who runs it, and the passwords that keep other users of the machine out."""

    work: Path
    tenant: Tenant
    port: int
    superuser_password: str
    authenticator_password: str

    @property
    def data(self) -> Path:
        return self.work / "postgres" / "data"

    @property
    def authenticator_uri(self) -> str:
        """The address that PostgREST connects to, password included."""
        return f"postgresql://authenticator:{self.authenticator_password}@{LOOPBACK}:{self.port}/postgres"


async def create_cluster(cluster: Cluster) -> None:
    """Run ``initdb``.

    A password even on loopback: with trust any user of this machine could become superuser, and so us.
    """
    home, identity = cluster.data.parent, cluster.tenant.identity
    home.mkdir(mode=0o700)
    own(home, identity)
    password = home / "password"
    password.touch(mode=0o600)
    password.write_text(cluster.superuser_password)
    own(password, identity)
    await _finish(run(_initdb(cluster, password=password), timeout=_INITDB_SECONDS))
    password.unlink()


async def _finish(work: Coroutine[None, None, None]) -> None:
    """Let work that has begun come to its end, and pass a cancellation on only then.

    Killed half-way, the PostgreSQL inside initdb would leave its shared memory, and name it nowhere.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def postgres_process(cluster: Cluster) -> ManagedProcess:
    """Return the server, not yet started."""

    async def is_ready(pid: int) -> bool:
        return is_accepting(cluster.data, pid=pid)

    return ManagedProcess("postgres", _server(cluster), stop_signal=signal.SIGINT, is_ready=is_ready)


async def load_schema(cluster: Cluster) -> None:
    """Run ``schema.sql`` in the cluster, which must be running."""
    await run(_psql(cluster, str(_SCHEMA)), timeout=60)


def is_accepting(data: Path, *, pid: int) -> bool:
    """Say whether this server has written into its ``postmaster.pid`` that it takes connections.

    The file of a server that was killed still says so, hence the process id.
    """
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) > _STATUS_LINE and lines[0] == str(pid) and lines[_STATUS_LINE].strip() == "ready"


def _initdb(cluster: Cluster, *, password: Path) -> Command:
    options = ("-A", "scram-sha-256", "-E", "UTF8", "--no-locale", "--no-sync", f"--pwfile={password}")
    return _command(cluster, "initdb", "-D", str(cluster.data), "-U", SUPERUSER, *options)


def _server(cluster: Cluster) -> Command:
    settings = (part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}"))
    return _command(cluster, "postgres", "-D", str(cluster.data), "-p", str(cluster.port), *settings)


def _psql(cluster: Cluster, script: str) -> Command:
    where = ("-h", LOOPBACK, "-p", str(cluster.port), "-U", SUPERUSER, "-d", "postgres")
    # Passwords by environment: every user of the machine may read another's arguments.
    secrets = {
        "PGPASSWORD": cluster.superuser_password,
        "AUTHENTICATOR_PASSWORD": cluster.authenticator_password,
    }
    command = _command(cluster, "psql", "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", *where, "-f", script)
    return replace(
        command, environment={**command.environment, **secrets}, identity=Identity(), cwd=cluster.work
    )


def _command(cluster: Cluster, program: str, *arguments: str) -> Command:
    return Command(
        argv=(str(cluster.tenant.programs / program), *arguments),
        environment={"LC_ALL": "C", "TZ": "UTC", "PATH": str(cluster.tenant.programs)},
        cwd=cluster.data.parent,
        log=cluster.work / f"{program}.log",
        # SIGQUIT ends PostgreSQL at once and still removes its shared memory; SIGKILL would leave it.
        death_signal=signal.SIGQUIT if program == "postgres" else signal.SIGKILL,
        identity=cluster.tenant.identity,
    )
