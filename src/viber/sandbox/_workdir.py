"""The work folder of a sandbox: locked while it lives, swept by the next one when it died without a word."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from viber.sandbox._shared_memory import remove_shared_memory

PREFIX: Final = "viber-sandbox-"
_LOCK: Final = "lock"


@contextmanager
def open_workdir(parent: Path | None = None) -> Generator[Path]:
    """Make a work folder that is removed on leaving, after sweeping those of dead sandboxes.

    The folder appears under its name only once its lock is held, so a sweep elsewhere never takes it for a
    left-over one. The lock belongs to the process: whatever kills it, the kernel opens the lock.
    """
    parent = parent or Path(tempfile.gettempdir())
    sweep(parent)
    hidden = Path(tempfile.mkdtemp(prefix=f".{PREFIX}", dir=parent))
    folder = parent / f"{PREFIX}{hidden.name.removeprefix(f'.{PREFIX}')}"
    with (hidden / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        hidden.rename(folder)
        try:
            yield folder
        finally:
            remove_workdir(folder)


def sweep(parent: Path) -> list[Path]:
    """Remove the work folders of this user's dead sandboxes and return them."""
    left = [folder for folder in parent.glob(f"{PREFIX}*") if _is_mine(folder) and _is_abandoned(folder)]
    for folder in left:
        remove_workdir(folder)
    return left


def remove_workdir(folder: Path) -> None:
    """Remove a work folder and the shared memory that a killed PostgreSQL left in its name."""
    remove_shared_memory(folder / "postgres" / "data")
    shutil.rmtree(folder, ignore_errors=True)


def _is_mine(folder: Path) -> bool:
    with suppress(OSError):
        return not folder.is_symlink() and folder.stat().st_uid == os.geteuid()
    return False


def _is_abandoned(folder: Path) -> bool:
    try:
        with (folder / _LOCK).open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return True  # half removed: the lock goes with the rest
    except OSError:
        return False
    return True
