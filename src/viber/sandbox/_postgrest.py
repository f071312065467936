"""PostgREST: the genuine program, configured as a hosted project has it."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from viber.sandbox._child import Command
from viber.sandbox._ports import LOOPBACK
from viber.sandbox._process import ManagedProcess

MAX_ROWS: Final = 1000
_PROBE_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Api:
    """Where PostgREST listens and what it serves."""

    program: Path
    work: Path
    database_uri: str
    jwt_secret: str
    port: int
    admin_port: int

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"


def postgrest_process(api: Api, *, database: ManagedProcess) -> ManagedProcess:
    """Return the server, not yet started.

    It needs its database to start: without one PostgREST 12 takes connections and answers nothing, and looks
    for the database ever more rarely. Once it is up it survives without.
    """

    async def is_ready(_pid: int) -> bool:
        return await _answers(api.admin_port, "/ready")

    server = _server(api)
    return ManagedProcess("postgrest", server, stop_signal=signal.SIGTERM, is_ready=is_ready, needs=database)


def postgrest_environment(api: Api) -> dict[str, str]:
    """Return PostgREST's configuration, which it reads from the environment alone."""
    settings = {
        "DB_URI": api.database_uri,
        "DB_SCHEMAS": "public, audit",
        "DB_ANON_ROLE": "anon",
        "DB_MAX_ROWS": str(MAX_ROWS),
        "DB_TX_END": "commit-allow-override",
        "DB_AGGREGATES_ENABLED": "true",
        "DB_PLAN_ENABLED": "true",
        "JWT_SECRET": api.jwt_secret,
        "SERVER_HOST": LOOPBACK,
        "SERVER_PORT": str(api.port),
        "ADMIN_SERVER_PORT": str(api.admin_port),
        "LOG_LEVEL": "error",
    }
    return {"LANG": "C.UTF-8", **{f"PGRST_{name}": value for name, value in settings.items()}}


def _server(api: Api) -> Command:
    return Command(
        argv=(str(api.program),),
        environment=postgrest_environment(api),
        cwd=api.work,
        log=api.work / "postgrest.log",
        death_signal=signal.SIGKILL,
    )


async def _answers(port: int, path: str) -> bool:
    """Say whether a GET on the admin port is answered with 200."""
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(_PROBE_SECONDS):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            try:
                writer.write(f"GET {path} HTTP/1.0\r\n\r\n".encode())
                return b" 200 " in await reader.readline()
            finally:
                writer.close()
    return False
