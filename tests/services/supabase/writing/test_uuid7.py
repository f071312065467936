from __future__ import annotations

import threading
import time
from uuid import RFC_4122, UUID

import pytest

from viber.services.supabase import uuid7
from viber.services.supabase.writing import _uuid7 as module


@pytest.fixture
def sequence(monkeypatch: pytest.MonkeyPatch) -> module._Sequence:
    """A sequence of its own, whose random start is known."""
    monkeypatch.setattr(module, "randbits", lambda bits: 5)
    sequence = module._Sequence()
    monkeypatch.setattr(module, "_sequence", sequence)
    return sequence


def test_it_is_a_uuid_of_version_7() -> None:
    """With the variant of the RFC, and the milliseconds of now in front."""
    before = time.time_ns() // 1_000_000
    made = uuid7()
    after = time.time_ns() // 1_000_000
    assert (made.version, made.variant) == (7, RFC_4122)
    assert before <= made.int >> 80 <= after + 1


def test_the_parts_stand_where_the_rfc_has_them(
    sequence: module._Sequence, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The example of RFC 9562 (A.6), taken apart and put together again."""
    example = UUID("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")
    counter = 0xCC3 << 30 | (0x18C4DC0C0C07398F >> 32)
    monkeypatch.setattr(sequence, "advance", lambda _: (0x017F22E279B0, counter))
    monkeypatch.setattr(module, "randbits", lambda _: 0x0C07398F)
    assert uuid7() == example


def test_they_are_in_the_order_of_their_making() -> None:
    """Also those of one millisecond."""
    made = [uuid7() for _ in range(5000)]
    assert made == sorted(made)
    assert len(set(made)) == 5000


def test_within_a_millisecond_it_counts(sequence: module._Sequence) -> None:
    """From a random start; the next millisecond starts anew."""
    assert [sequence.advance(9) for _ in range(3)] == [(9, 5), (9, 6), (9, 7)]
    assert sequence.advance(10) == (10, 5)


def test_a_clock_that_goes_back_changes_no_order(sequence: module._Sequence) -> None:
    """The last millisecond is counted on."""
    sequence.advance(9)
    assert sequence.advance(3) == (9, 6)


def test_a_full_counter_borrows_from_the_next_millisecond(sequence: module._Sequence) -> None:
    """It does not begin anew below the last one."""
    sequence.advance(9)
    sequence._counter = (1 << 42) - 1
    assert sequence.advance(9) == (10, 0)
    assert sequence.advance(9) == (10, 1)


def test_threads_share_one_sequence() -> None:
    """No two get the same."""
    made: list[list[UUID]] = []
    threads = [threading.Thread(target=lambda: made.append([uuid7() for _ in range(500)])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({each for some in made for each in some}) == 2000


def test_a_child_of_a_fork_counts_on_its_own(sequence: module._Sequence) -> None:
    """What the parent counted is forgotten, or both would count the same."""
    sequence.advance(9)
    sequence.forget()
    assert (sequence._millisecond, sequence._counter) == (0, 0)
