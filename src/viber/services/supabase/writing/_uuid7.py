"""Identifiers that a client makes: unique without asking anybody, and in the order of their making."""

import os
import threading
import time
from secrets import randbits
from uuid import UUID

_COUNTER_BITS = 42
_TAIL_BITS = 32
_LIMIT = 1 << _COUNTER_BITS


class _Sequence:
    """The last identifier of this process: the next one is greater, also within a millisecond."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._millisecond = 0
        self._counter = 0

    def advance(self, millisecond: int) -> tuple[int, int]:
        """The millisecond and the counter of the next one; time that went back is not used."""
        with self._lock:
            if millisecond > self._millisecond:
                # The highest bit stays free, so that a new millisecond has room to count.
                self._millisecond, self._counter = millisecond, randbits(_COUNTER_BITS - 1)
            else:
                self._counter += 1
                if self._counter == _LIMIT:
                    self._millisecond, self._counter = self._millisecond + 1, 0
            return self._millisecond, self._counter

    def forget(self) -> None:
        """A child of a fork begins anew, or it would count where its parent counts."""
        self.__init__()  # type: ignore[misc]  # the lock too: the parent may have held it


_sequence = _Sequence()
os.register_at_fork(after_in_child=_sequence.forget)


def uuid7() -> UUID:
    """A new UUID of version 7 (RFC 9562): milliseconds, a counter from a random start, a random tail.

    Those of one process are in the order of their making, which keeps an index on them compact. Make the key
    of a row before you insert it, and the insert can be repeated safely.

    Example:
        >>> first, second = uuid7(), uuid7()
        >>> first < second, first.version
        (True, 7)
    """
    millisecond, counter = _sequence.advance(time.time_ns() // 1_000_000)
    high, low = counter >> 30, counter & ((1 << 30) - 1)
    bits = (millisecond & ((1 << 48) - 1)) << 80
    bits |= 7 << 76 | high << 64
    bits |= 0b10 << 62 | low << _TAIL_BITS | randbits(_TAIL_BITS)
    return UUID(int=bits)
