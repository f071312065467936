from __future__ import annotations

from pathlib import Path

from viber.sandbox._shared_memory import Segment, read_segment, remove_shared_memory, unused_segments

LOCK_FILE = "4242\n/data\n1700000000\n5432\n\n127.0.0.1\n  3909182      32771\nready   \n"
TABLE = """\
       key      shmid perms                  size  cpid  lpid nattch   uid   gid
   3909182      32771   600                    56  4242  4250      0     0     0
   3909183      32772   600                    56  4243  4250      6     0     0
        -1      32773   600                    56  4244  4250      0     0     0
"""


def test_the_segment_is_read_from_the_lock_file() -> None:
    """PostgreSQL's lock file names its segment and who made it."""
    assert read_segment(LOCK_FILE) == Segment(key=3909182, id=32771, creator=4242)


def test_a_server_without_a_postmaster_is_recognised() -> None:
    """A standalone server writes its process id as a negative number."""
    assert read_segment(f"-{LOCK_FILE}") == Segment(key=3909182, id=32771, creator=4242)


def test_an_unfinished_lock_file_names_no_segment() -> None:
    """A server that was killed while it started has nothing to remove."""
    assert read_segment("4242\n/data\n") is None


def test_only_segments_without_users_are_unused() -> None:
    """A segment that a process is attached to is never removed."""
    assert {segment.id for segment in unused_segments(TABLE)} == {32771, 32773}


def test_the_segment_of_a_dead_server_is_unused_while_its_children_die() -> None:
    """They are attached to it for a moment longer, and nobody comes back to look."""
    segments = unused_segments(TABLE, is_dead=lambda pid: pid == 4243)
    assert {segment.id for segment in segments} == {32771, 32772, 32773}


def test_a_key_is_the_same_with_and_without_its_sign() -> None:
    """The kernel prints a key with a sign, PostgreSQL without."""
    assert Segment(key=0xFFFF_FFFF, id=32773, creator=4244) in unused_segments(TABLE)


def test_somebody_elses_segment_stays(tmp_path: Path) -> None:
    """A segment is removed only if id, key and creator are those of the lock file."""
    (tmp_path / "postmaster.pid").write_text(LOCK_FILE)
    assert not remove_shared_memory(tmp_path)


def test_a_folder_without_a_server_has_no_segment(tmp_path: Path) -> None:
    """Without a lock file there is nothing to remove."""
    assert not remove_shared_memory(tmp_path)
