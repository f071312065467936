"""The one System V segment that PostgreSQL leaves when it is killed."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_IPC_RMID: Final = 0
_SEGMENTS = Path("/proc/sysvipc/shm")
_PID_LINE, _SEGMENT_LINE = 0, 6  # of postmaster.pid
_UNSIGNED: Final = 0xFFFF_FFFF  # PostgreSQL writes the key without a sign, the kernel with one


@dataclass(frozen=True, slots=True)
class Segment:
    key: int
    id: int
    creator: int


def remove_shared_memory(data: Path) -> bool:
    """Remove the segment named in ``data/postmaster.pid`` if it is still that server's and that one is gone.

    Children that are still dying with it lose nothing: the kernel keeps a removed segment for whoever has it.
    """
    try:
        wanted = read_segment((data / "postmaster.pid").read_text())
        unused = unused_segments(_SEGMENTS.read_text(), is_dead=_is_dead)
    except OSError:
        return False
    if wanted is None or wanted not in unused:
        return False
    return bool(ctypes.CDLL(None).shmctl(wanted.id, _IPC_RMID, None) == 0)


def read_segment(lock_file: str) -> Segment | None:
    """Read the segment from the text of ``postmaster.pid``; None while the server has not written it yet."""
    lines = lock_file.splitlines()
    try:
        key, segment = lines[_SEGMENT_LINE].split()
        # A server without a postmaster, as initdb uses it, writes its process id as a negative number.
        return Segment(key=int(key) & _UNSIGNED, id=int(segment), creator=abs(int(lines[_PID_LINE])))
    except (IndexError, ValueError):
        return None


def unused_segments(table: str, *, is_dead: Callable[[int], bool] = lambda _: False) -> set[Segment]:
    """Read the segments without users, or of dead creators, from the text of ``/proc/sysvipc/shm``.

    Key and creator are compared too: after a restart of the machine the same id may be somebody else's.
    """
    head, *rows = (line.split() for line in table.splitlines())
    at = {name: column for column, name in enumerate(head)}
    return {
        _read_row(row, at=at) for row in rows if row[at["nattch"]] == "0" or is_dead(int(row[at["cpid"]]))
    }


def _is_dead(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return True
    return state in ("Z", "X")


def _read_row(row: list[str], *, at: dict[str, int]) -> Segment:
    key, segment, creator = (int(row[at[name]]) for name in ("key", "shmid", "cpid"))
    return Segment(key=key & _UNSIGNED, id=segment, creator=creator)
