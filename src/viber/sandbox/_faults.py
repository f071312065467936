"""The book of faults: which request suffers which fault, and how often it has happened.

Pure: no input or output, no time. The servers ask `FaultBook.take` once per request and carry out the answer.
"""

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from hashlib import blake2b
from typing import Final, TypeVar

from viber.sandbox._fault import STREAM_KINDS, Fault, FaultKind
from viber.sandbox._fault_header import (
    FAULT_HEADER,
    KEY_HEADER,
    format_fault_header,
    parse_fault_header,
    validate_fault,
)

__all__ = [
    "FAULT_HEADER",
    "KEY_HEADER",
    "STREAM_KINDS",
    "Fault",
    "FaultBook",
    "FaultEntry",
    "FaultKind",
    "FaultRequest",
    "format_fault_header",
    "parse_fault_header",
    "validate_fault",
]

_REMEMBERED: Final = 10_000  # counters kept for keys that clients make up; the oldest go first
_ANY_KEY: Final = "*"
_K = TypeVar("_K")


@dataclass(frozen=True, slots=True)
class FaultRequest:
    """What a server tells about a request: ``path`` without query, the two headers if they are there."""

    method: str
    path: str
    key: str | None = None
    header: str | None = None


@dataclass(frozen=True, slots=True)
class FaultEntry:
    """One fault of the book: how many requests it matched and how many of them suffered it."""

    id: str
    fault: Fault
    matched: int
    inflicted: int


@dataclass(slots=True)
class _Tally:
    matched: int = 0
    inflicted: int = 0

    def strikes(self, fault: Fault) -> bool:
        if fault.times is not None and self.inflicted >= fault.times:
            return False
        self.matched += 1
        if fault.rate is not None and _draw(fault.seed, self.matched) >= fault.rate:
            return False
        self.inflicted += 1
        return True


@dataclass(slots=True)
class _Page:
    fault: Fault
    tallies: dict[str | None, _Tally] = field(default_factory=dict[str | None, _Tally])

    def strikes(self, request: FaultRequest) -> bool:
        if self.fault.key not in {None, _ANY_KEY, request.key} or not _is_meant(self.fault, request):
            return False
        if self.fault.key != _ANY_KEY:
            return _tally(self.tallies, None).strikes(self.fault)
        return request.key is not None and _tally(self.tallies, request.key).strikes(self.fault)

    def entry(self, fault_id: str) -> FaultEntry:
        return FaultEntry(
            id=fault_id,
            fault=self.fault,
            matched=sum(tally.matched for tally in self.tallies.values()),
            inflicted=sum(tally.inflicted for tally in self.tallies.values()),
        )


class FaultBook:
    """The faults in force, asked in the order in which they were added.

    Example:
        >>> book = FaultBook()
        >>> book.add(Fault(kind=FaultKind.STATUS, status=503, times=1))
        'f1'
        >>> request = FaultRequest(method="GET", path="/rest/v1/orders")
        >>> [book.take(request) is None for _ in range(2)]
        [False, True]
    """

    def __init__(self) -> None:
        self._pages: dict[str, _Page] = {}
        self._added = 0
        self._by_header: dict[tuple[str | None, str], _Tally] = {}

    def add(self, fault: Fault) -> str:
        """Put a fault in force behind those already there; the id removes it again."""
        self._added += 1
        fault_id = f"f{self._added}"
        self._pages[fault_id] = _Page(fault)
        return fault_id

    def remove(self, fault_id: str) -> bool:
        """Take a fault out of force; False when there is none with this id."""
        return self._pages.pop(fault_id, None) is not None

    def clear(self) -> None:
        """Forget every fault, and every count kept for faults that came in a header."""
        self._pages.clear()
        self._by_header.clear()

    def list(self) -> tuple[FaultEntry, ...]:
        """Return the faults in force, in the order in which they are asked."""
        return tuple(page.entry(fault_id) for fault_id, page in self._pages.items())

    def take(self, request: FaultRequest) -> Fault | None:
        """Return the fault this request suffers and count it; the first match wins.

        A fault in the request's own header is asked before the book. It is counted by its text together with
        its ``key`` (or the key header), so ``times=2; key=abc`` fails the first two attempts of one call.

        Raises:
            ValueError: the header is no fault; the message says why.
        """
        if request.header is not None:
            fault = parse_fault_header(request.header)
            if _is_meant(fault, request) and self._tally_of_header(fault, request).strikes(fault):
                return fault
        return next((page.fault for page in self._pages.values() if page.strikes(request)), None)

    def _tally_of_header(self, fault: Fault, request: FaultRequest) -> _Tally:
        return _tally(self._by_header, (fault.key or request.key, request.header or ""))


def _is_meant(fault: Fault, request: FaultRequest) -> bool:
    if fault.method is not None and fault.method.upper() != request.method.upper():
        return False
    return fault.path is None or _is_under(fault.path, request.path)


def _is_under(pattern: str, path: str) -> bool:
    if any(wild in pattern for wild in "*?["):
        return fnmatchcase(path, pattern)
    return path == pattern or path.startswith((pattern.rstrip("/") + "/", pattern + ":"))


def _tally(tallies: dict[_K, _Tally], key: _K) -> _Tally:
    if key not in tallies:
        if len(tallies) >= _REMEMBERED:
            del tallies[next(iter(tallies))]
        tallies[key] = _Tally()
    return tallies[key]


def _draw(seed: int, turn: int) -> float:
    digest = blake2b(f"{seed}:{turn}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64
