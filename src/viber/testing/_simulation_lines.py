"""Where simulated calls wait: the queue of a bulkhead and that of a rate limiter."""

from abc import ABC, abstractmethod
from collections import OrderedDict
from functools import partial
from math import inf, nextafter
from typing import Protocol

from viber.errors import RateLimitError
from viber.machines import RateLog, Reservation
from viber.resilience import Bulkhead, RateLimiter
from viber.testing._clock import NEW_YEAR_2026
from viber.testing._simulation_calendar import Calendar


class Caller(Protocol):
    """Who stands in line."""

    ends: float
    """When its time is over; infinity for never."""

    def placed(self) -> None:
        """The bulkhead has a place for it."""
        ...

    def granted(self, grant: Reservation) -> None:
        """The rate limiter lets it go."""
        ...

    def give_up(self) -> None:
        """There is no point in waiting."""
        ...

    def is_shut_out(self) -> bool:
        """Whether the circuit would turn it away now."""
        ...


class _Line(ABC):
    """Those who wait, first come first served, each until a moment of its own."""

    def __init__(self, calendar: Calendar, *, max_queue: int, max_wait: float | None) -> None:
        self._calendar = calendar
        self._max_queue = max_queue
        self._max_wait = inf if max_wait is None else max_wait
        self._waiting: OrderedDict[Caller, float] = OrderedDict()

    def dismiss(self) -> None:
        """Nobody waits any more."""
        for caller in tuple(self._waiting):
            self._turn_away(caller)

    def _limit(self, caller: Caller) -> float:
        return min(caller.ends, self._calendar.now + self._max_wait)

    def _join(self, caller: Caller, until: float) -> None:
        self._waiting[caller] = until
        self._calendar.ring(until, partial(self._expire, caller))

    def _expire(self, caller: Caller) -> None:
        if self._waiting.get(caller, inf) > self._calendar.now:  # it stands here no more, or again
            return
        self._serve()  # whose turn comes at the very end of the wait is not too late
        if caller in self._waiting:
            self._turn_away(caller)

    def _turn_away(self, caller: Caller) -> None:
        del self._waiting[caller]
        self._calendar.soon(caller.give_up)

    @abstractmethod
    def _serve(self) -> None:
        """Let those go whose turn it is."""


class Places(_Line):
    """The places of a bulkhead."""

    def __init__(self, bulkhead: Bulkhead, calendar: Calendar) -> None:
        super().__init__(calendar, max_queue=bulkhead.max_queue, max_wait=bulkhead.max_wait)
        self._free = bulkhead.max_concurrent

    def enter(self, caller: Caller) -> None:
        """Take a place, or wait for one, or go."""
        if self._free and not self._waiting:
            self._free -= 1
            caller.placed()
        elif len(self._waiting) >= self._max_queue or self._limit(caller) <= self._calendar.now:
            caller.give_up()
        else:
            self._join(caller, self._limit(caller))

    def release(self) -> None:
        """One place more."""
        self._free += 1
        self._serve()

    def _serve(self) -> None:
        while self._free and self._waiting:
            caller, _ = self._waiting.popitem(last=False)
            self._free -= 1
            self._calendar.soon(caller.placed)


class Turns(_Line):
    """The turns that a rate limiter gives."""

    def __init__(self, limiter: RateLimiter, calendar: Calendar, tokens: int) -> None:
        super().__init__(calendar, max_queue=limiter.max_queue, max_wait=limiter.max_wait)
        self._log = RateLog(limiter.limits)
        self._tokens = tokens
        self._timer = 0

    def enter(self, caller: Caller) -> None:
        """Go at once, or wait for the turn, or go without it."""
        if not self._waiting:
            grant = self._take()
            if isinstance(grant, Reservation):
                caller.granted(grant)
                return
        until, ahead = self._limit(caller), len(self._waiting)
        if caller.is_shut_out() or ahead >= self._max_queue or self._is_hopeless(until, ahead=ahead):
            caller.give_up()
            return
        self._join(caller, until)
        if ahead == 0:
            self._serve()

    def give_back(self, grant: Reservation) -> None:
        """It was not used."""
        self._log.give_back(grant)
        self._serve()

    def heed(self, error: Exception, retry_after: float | None) -> None:
        """The service asked to be left alone, or refused for good."""
        if retry_after is not None and retry_after > 0:
            self._pause(retry_after)
        elif retry_after is None and isinstance(error, RateLimitError) and not error.retryable:
            self._pause(inf)

    def _pause(self, seconds: float) -> None:
        """Grant nothing for so long; who could not go in time goes now."""
        self._log.pause(self._calendar.now + seconds)
        ahead = 0
        for caller, until in tuple(self._waiting.items()):
            if self._is_hopeless(until, ahead=ahead):
                self._turn_away(caller)
            else:
                ahead += 1
        self._serve()

    def _take(self) -> Reservation | float:
        now = self._calendar.now
        return self._log.take(self._tokens, now, NEW_YEAR_2026 + now)

    def _is_hopeless(self, until: float, *, ahead: int) -> bool:
        now, tokens = self._calendar.now, self._tokens
        if until == inf and self._log.held_for(now) < inf:
            return tokens > self._log.heaviest
        wait = self._log.wait(
            tokens, now, NEW_YEAR_2026 + now, requests_ahead=ahead, tokens_ahead=ahead * tokens
        )
        return wait == inf or now + wait > until

    def _serve(self) -> None:
        """Grant what may go now, and look again when the next may."""
        self._timer += 1
        while self._waiting:
            grant = self._take()
            if not isinstance(grant, Reservation):
                now = self._calendar.now
                later = max(now + grant, nextafter(now, inf))  # rounding must not stop the time
                self._calendar.ring(later, partial(self._ring, self._timer))
                return
            caller, _ = self._waiting.popitem(last=False)
            self._calendar.soon(partial(caller.granted, grant))

    def _ring(self, timer: int) -> None:
        if timer == self._timer:
            self._serve()
