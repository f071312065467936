"""A rate limiter as a machine: it knows what was granted when, and says when the next may go.

Each grant is remembered until its window is over, so "never more than N in any W seconds" is exact; a bucket
that refills would let nearly twice as much through. A grant carries its weight, and may give some of it back
or owe more once the real usage is known.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from operator import attrgetter
from typing import Protocol

from viber.machines._rate_fields import Allowance
from viber.machines._rate_limit import RateLimit, day_around

_DAY = 86_400.0
_SPARE = 64


@dataclass(slots=True, eq=False)
class Reservation:
    """What was granted, and when; a given back one weighs nothing."""

    at: float
    requests: int
    tokens: int


@dataclass(frozen=True, slots=True)
class LimitStatus:
    """How much of one limit is used; `free_in` is the time until one more fits, in seconds."""

    limit: RateLimit
    used: int
    remaining: int
    free_in: float


class _Meter(Protocol):
    """Counts against one limit."""

    used: int

    def take(self, grant: Reservation, wall: float) -> bool: ...
    def undo(self, grant: Reservation) -> None: ...
    def wait(self, weight: int, now: float, wall: float, ahead: int = 0) -> float: ...
    def adjust(self, grant: Reservation, difference: int) -> None: ...
    def drop(self, grant: Reservation) -> None: ...


class RateLog:
    """Several limits as one: what is granted fits all of them, or none is charged.

    Example:
        >>> log = RateLog([RateLimit(requests=2, per=10.0)])
        >>> [isinstance(log.take(0, now=moment), Reservation) for moment in (0.0, 4.0)]
        [True, True]
        >>> log.take(0, now=5.0)
        5.0
    """

    __slots__ = (
        "_allowance",
        "_allowance_ends",
        "_by_tokens",
        "_heeded_at",
        "_held_until",
        "_limits",
        "_meters",
        "_restrained_until",
        "heaviest",
        "is_daily",
    )

    def __init__(self, limits: Sequence[RateLimit]) -> None:
        self._limits = limits
        self._meters: list[_Meter] = [
            _Day(limit) if limit.per == "day" else _Window(limit) for limit in limits
        ]
        self._by_tokens = [limit.counts_tokens for limit in limits]
        self._held_until = -inf
        self._allowance = 0
        self._allowance_ends = -inf
        self._heeded_at = -inf
        self._restrained_until = -inf
        self.heaviest: float = min((limit.amount for limit in limits if limit.counts_tokens), default=inf)
        """More tokens than this can never be granted."""
        self.is_daily: bool = any(limit.per == "day" for limit in limits)
        """Whether the wall clock matters."""

    def take(self, tokens: int, now: float, wall: float = 0.0) -> Reservation | float:
        """A grant for one request of so many tokens, or the seconds until there may be one.

        Infinity means never.
        """
        if now < self._restrained_until:
            wait = self.wait(tokens, now, wall)
            if wait > 0:
                return wait
            self._allowance -= 1
        grant = Reservation(now, 1, tokens)
        for meter in self._meters:
            if not meter.take(grant, wall):
                self._undo(grant, meter)
                return self.wait(tokens, now, wall)
        return grant

    def wait(
        self, tokens: int, now: float, wall: float = 0.0, *, requests_ahead: int = 0, tokens_ahead: int = 0
    ) -> float:
        """Seconds until a request of so many tokens fits, behind so many others: then it is an estimate."""
        if tokens > self.heaviest:
            return inf
        waits = [max(0.0, self._held_until - now)]
        if self._allowance <= requests_ahead:
            waits.append(max(0.0, self._allowance_ends - now))
        for by_tokens, meter in zip(self._by_tokens, self._meters, strict=True):
            weight, ahead = (tokens, tokens_ahead) if by_tokens else (1, requests_ahead)
            waits.append(meter.wait(weight, now, wall, ahead))
        return max(waits)

    def settle(self, grant: Reservation, tokens: int) -> None:
        """The real weight is known: what was reserved too much comes back, what was too little is owed."""
        if not grant.requests:  # given back: it weighs nothing, whatever it would have been
            return
        difference = tokens - grant.tokens
        for by_tokens, meter in zip(self._by_tokens, self._meters, strict=True):
            if by_tokens:
                meter.adjust(grant, difference)
        grant.tokens = tokens

    def give_back(self, grant: Reservation) -> None:
        """It was not used: as if it had never been granted; giving back twice changes nothing."""
        if not grant.requests:
            return
        for meter in self._meters:
            meter.drop(grant)
        if grant.at > self._heeded_at:  # else the server spoke later, and did not count it
            self._allowance += 1
        grant.requests = grant.tokens = 0

    def pause(self, until: float) -> None:
        """The server asked to be left alone until then (infinity: for good); the longest such wish counts."""
        self._held_until = max(self._held_until, until)
        self._restrained_until = max(self._restrained_until, until)

    def resume(self) -> None:
        """Forget what the server asked."""
        self._held_until = self._allowance_ends = self._restrained_until = -inf

    def heed(self, allowance: Allowance, now: float) -> None:
        """The server said how many requests it will still take, and for how long that holds."""
        self._allowance = allowance.remaining
        self._allowance_ends = now + allowance.seconds
        self._heeded_at = now
        self._restrained_until = max(self._held_until, self._allowance_ends)

    def held_for(self, now: float) -> float:
        """Seconds for which the server asked to be left alone."""
        spent = self._allowance_ends if self._allowance <= 0 else -inf
        return max(0.0, self._held_until - now, spent - now)

    def status(self, now: float, wall: float = 0.0) -> tuple[LimitStatus, ...]:
        """Each limit as it stands."""
        pairs = zip(self._limits, self._meters, strict=True)
        return tuple(_status(limit, meter, now, wall) for limit, meter in pairs)

    def _undo(self, grant: Reservation, refusing: _Meter) -> None:
        for meter in self._meters:
            if meter is refusing:
                return
            meter.undo(grant)


def _status(limit: RateLimit, meter: _Meter, now: float, wall: float) -> LimitStatus:
    free_in = meter.wait(1, now, wall)
    return LimitStatus(limit, meter.used, max(0, limit.amount - meter.used), free_in)


class _Window:
    """The last `per` seconds, exactly."""

    __slots__ = ("_amount", "_by_one", "_dropped", "_log", "_seen", "_span", "_weight", "used")

    def __init__(self, limit: RateLimit) -> None:
        self._amount = limit.amount
        self._span = float(limit.per) + limit.guard
        self._by_one = not limit.counts_tokens
        self._weight = attrgetter("requests" if self._by_one else "tokens")
        self._log: deque[Reservation] = deque()
        self._dropped = 0
        self._seen = -inf
        self.used = 0

    def take(self, grant: Reservation, wall: float) -> bool:  # noqa: ARG002 - a day needs it
        log, now = self._log, grant.at
        if log and log[0].at + self._span <= now:
            self._forget(now)
        weight = 1 if self._by_one else grant.tokens
        if self.used + weight > self._amount:
            return False
        log.append(grant)
        self.used += weight
        return True

    def undo(self, grant: Reservation) -> None:
        self.used -= self._weight(grant)
        self._log.pop()

    def wait(self, weight: int, now: float, wall: float, ahead: int = 0) -> float:  # noqa: ARG002 - a day needs it
        self._forget(now)
        lacking = self.used + ahead + weight - self._amount
        if lacking <= 0:
            return 0.0
        if lacking <= self.used:
            return self._leaving(lacking) - now
        # Those ahead go when what was granted leaves, and make room in their turn a window later.
        rounds, place = divmod(lacking - self.used - 1, self._amount)
        free = self._amount - self.used
        makes_room = now if place < free else self._leaving(place - free + 1)
        return makes_room - now + self._span * (1 + rounds)

    def adjust(self, grant: Reservation, difference: int) -> None:
        if grant.at + self._span > self._seen:  # else it has left the window
            self.used += difference

    def drop(self, grant: Reservation) -> None:
        self.adjust(grant, -self._weight(grant))
        self._dropped += 1
        if self._dropped > _SPARE + len(self._log) // 2:  # much of it weighs nothing any more
            self._log = deque(other for other in self._log if other.requests)
            self._dropped = 0

    def _forget(self, now: float) -> None:
        log, span = self._log, self._span
        while log and log[0].at + span <= now:
            self.used -= self._weight(log.popleft())
        self._seen = now

    def _leaving(self, units: int) -> float:
        """When so many units of what was granted have left the window."""
        if self._by_one and self.used == len(self._log):
            return self._log[units - 1].at + self._span
        for grant in self._log:
            units -= self._weight(grant)
            if units <= 0:
                return float(grant.at + self._span)
        return self._seen + self._span


class _Day:
    """The calendar day of a time zone; a wall clock that steps back never opens it again."""

    __slots__ = ("_amount", "_began", "_ends", "_left", "_starts", "_weight", "_zone", "used")

    def __init__(self, limit: RateLimit) -> None:
        self._amount = limit.amount
        self._zone = limit.zone
        self._weight = attrgetter("tokens" if limit.counts_tokens else "requests")
        self._starts = self._ends = self._left = -inf
        self._began = -inf
        self.used = 0

    def take(self, grant: Reservation, wall: float) -> bool:
        weight = self._weight(grant)
        if self.wait(weight, grant.at, wall) > 0:
            return False
        self.used += weight
        return True

    def undo(self, grant: Reservation) -> None:
        self.used -= self._weight(grant)

    def wait(self, weight: int, now: float, wall: float, ahead: int = 0) -> float:
        if not self._starts <= wall < self._ends:
            self._turn(now, wall)
        room = self._amount - self.used
        if ahead + weight <= room:
            return 0.0
        later = max(0, ahead + weight - max(0, room) - 1)  # what was owed is forgotten at midnight
        return self._ends - wall + _DAY * (later // self._amount)

    def adjust(self, grant: Reservation, difference: int) -> None:
        if grant.at >= self._began:  # else it belongs to a day that is over
            self.used += difference

    def drop(self, grant: Reservation) -> None:
        self.adjust(grant, -self._weight(grant))

    def _turn(self, now: float, wall: float) -> None:
        is_later, before = wall >= self._ends, self._ends
        self._starts, self._ends = day_around(wall, self._zone)
        if is_later and self._ends != self._left:  # else the clock had only stepped back from this day
            self._began = now
            self.used = 0
        self._left = before
