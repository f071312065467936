from __future__ import annotations

import fcntl
import os
from pathlib import Path

from viber.sandbox._workdir import PREFIX, open_workdir, sweep


def test_a_work_folder_lives_as_long_as_its_sandbox(tmp_path: Path) -> None:
    """Leaving the block removes the folder and everything in it."""
    with open_workdir(tmp_path) as folder:
        (folder / "postgres").mkdir()
        (folder / "postgres" / "data").write_text("rows")
    assert list(tmp_path.iterdir()) == []


def test_a_work_folder_is_private(tmp_path: Path) -> None:
    """Other users of the machine cannot look into it."""
    with open_workdir(tmp_path) as folder:
        assert folder.stat().st_mode & 0o077 == 0


def test_a_left_over_folder_is_swept(tmp_path: Path) -> None:
    """A folder whose lock nobody holds belongs to a dead sandbox."""
    left = tmp_path / f"{PREFIX}left"
    left.mkdir()
    (left / "lock").touch()
    assert sweep(tmp_path) == [left]
    assert not left.exists()


def test_a_half_removed_folder_is_swept(tmp_path: Path) -> None:
    """A folder that lost its lock file was being removed."""
    left = tmp_path / f"{PREFIX}half"
    left.mkdir()
    assert sweep(tmp_path) == [left]


def test_the_folder_of_a_living_sandbox_stays(tmp_path: Path) -> None:
    """A held lock protects its folder, also from a second sandbox that starts."""
    with open_workdir(tmp_path) as first, open_workdir(tmp_path) as second:
        assert sweep(tmp_path) == []
        assert first.exists()
        assert second.exists()


def test_the_start_of_a_sandbox_sweeps(tmp_path: Path) -> None:
    """What a killed sandbox left is gone once the next one starts."""
    left = tmp_path / f"{PREFIX}left"
    left.mkdir()
    with open_workdir(tmp_path):
        assert not left.exists()


def test_the_lock_is_held_by_the_process_alone(tmp_path: Path) -> None:
    """The lock's descriptor is not handed to child processes, which may outlive us for a moment."""
    with open_workdir(tmp_path) as folder:
        held = [fd for fd in Path("/proc/self/fd").iterdir() if _points_to(fd, folder / "lock")]
        assert held
        assert not any(os.get_inheritable(int(fd.name)) for fd in held)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """A link with the name of a work folder leads nowhere that may be removed."""
    precious = tmp_path / "precious"
    precious.mkdir()
    (tmp_path / f"{PREFIX}link").symlink_to(precious)
    assert sweep(tmp_path) == []
    assert precious.exists()


def test_a_foreign_lock_protects(tmp_path: Path) -> None:
    """Whoever holds the lock is alive, even if it is not a sandbox of ours."""
    folder = tmp_path / f"{PREFIX}held"
    folder.mkdir()
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert sweep(tmp_path) == []


def _points_to(descriptor: Path, path: Path) -> bool:
    try:
        return descriptor.readlink() == path
    except OSError:
        return False
