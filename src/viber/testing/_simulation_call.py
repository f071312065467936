"""A simulated process that calls a service, and each of its calls: policies stand as in a pipeline."""

from dataclasses import replace
from functools import partial
from math import inf
from typing import Protocol

from viber.errors import BaseError, CircuitOpenError, Delivery, RateLimitError, TimeoutError
from viber.machines import (
    Breaker,
    BreakerState,
    Grant,
    Judgement,
    Rejection,
    Reservation,
    Rng,
    Stop,
    Transition,
    Verdict,
    decide,
)
from viber.resilience import Pipeline
from viber.testing._simulation_calendar import Calendar
from viber.testing._simulation_lines import Places, Turns
from viber.testing._simulation_service import SimulatedService

_LATE = TimeoutError("no answer in time", code="timeout.attempt")
_LATE_IN_ALL = TimeoutError("no answer in time", code="timeout.total")


class Log(Protocol):
    """Is told what happens, and when."""

    def sent(self, now: float, /) -> object:
        """An attempt reaches the service."""
        ...

    def succeeded(self, now: float, /) -> object:
        """A call ended well."""
        ...

    def failed(self, now: float, /) -> object:
        """A call ended in the error of its last attempt."""
        ...

    def rejected(self, now: float, /) -> object:
        """A call ended before anything was sent."""
        ...

    def changed(self, transition: Transition, /) -> object:
        """The circuit changed its state."""
        ...


class Client:
    """A process with machines of its own, of the kind and size that the pipeline has."""

    __slots__ = (
        "_judged",
        "breaker",
        "budget",
        "calendar",
        "chance",
        "load",
        "log",
        "pipeline",
        "places",
        "service",
        "turns",
    )

    def __init__(
        self,
        pipeline: Pipeline,
        service: SimulatedService,
        *,
        calendar: Calendar,
        chance: Rng,
        log: Log,
        tokens: int = 0,
    ) -> None:
        breaker, bulkhead, limiter = pipeline.breaker, pipeline.bulkhead, pipeline.limiter
        self.pipeline = pipeline
        self.service = service
        self.calendar = calendar
        self.chance = chance
        self.log = log
        self.load = 0
        """Attempts under way."""
        self.budget = pipeline.retry.budget(calendar.now)
        self.breaker = None if breaker is None else Breaker(breaker.config, rng=chance, now=calendar.now)
        self.places = None if bulkhead is None else Places(bulkhead, calendar)
        self.turns = None if limiter is None else Turns(limiter, calendar, tokens)
        self._judged: tuple[Exception, Judgement] | None = None

    def call(self) -> None:
        """Call the service, now."""
        if self.budget is not None:
            self.budget.calls += 1
        total = self.pipeline.total_timeout
        SimulatedCall(self, inf if total is None else self.calendar.now + total).line_up()

    def judge(self, error: Exception) -> Judgement:
        """What the error means; the same error is judged once."""
        if self._judged is None or self._judged[0] is not error:
            self._judged = error, self._judge(error)
        return self._judged[1]

    def announce(self, change: Transition | None) -> None:
        """The circuit changed: nobody waits in front of an open one."""
        if change is None:
            return
        self.log.changed(change)
        if change.after is BreakerState.OPEN:
            if self.places is not None:
                self.places.dismiss()
            if self.turns is not None:
                self.turns.dismiss()

    def _judge(self, error: Exception) -> Judgement:
        pipeline = self.pipeline
        judgement = pipeline.classify(error)
        if not isinstance(error, BaseError):
            return judgement
        is_told = isinstance(error, RateLimitError) and error.delivery is Delivery.ANSWERED
        if is_told and pipeline.breaker is not None and pipeline.breaker.config.count_rate_limits:
            judgement = replace(judgement, verdict=Verdict.FAILURE)
        if _is_final(error):
            return replace(judgement, retryable=False)
        is_named = error.code in pipeline.retry.retryable_codes
        return judgement.made_retryable() if is_named else judgement


class SimulatedCall:
    """One call, attempt after attempt; each of its methods is what happens at one moment."""

    __slots__ = ("_began", "_client", "_grant", "_holds_place", "_number", "_reservation", "ends")

    def __init__(self, client: Client, ends: float) -> None:
        self.ends = ends
        self._client = client
        self._number = 0
        self._began = 0.0
        self._grant: Grant | None = None
        self._reservation: Reservation | None = None
        self._holds_place = False

    def line_up(self) -> None:
        """Wait for a place and a turn, in front of a circuit that lets us pass."""
        client = self._client
        self._reservation = None  # that of an earlier attempt was used, and never goes back
        has_lines = client.places is not None or client.turns is not None
        if has_lines and self.is_shut_out():
            self.give_up()
        elif client.places is not None:
            client.places.enter(self)
        else:
            self._queue()

    def placed(self) -> None:
        """The bulkhead has a place for it."""
        self._holds_place = True
        self._queue()

    def granted(self, grant: Reservation) -> None:
        """The rate limiter lets it go."""
        self._reservation = grant
        self._begin()

    def give_up(self) -> None:
        """No attempt may follow: the refusal ends the call, or the error of the attempt before it."""
        log = self._client.log
        self._leave(unsent=True)
        end = log.failed if self._number else log.rejected
        end(self._client.calendar.now)

    def _queue(self) -> None:
        turns = self._client.turns
        if turns is None:
            self._begin()
        else:
            turns.enter(self)

    def is_shut_out(self) -> bool:
        """Whether the circuit would turn it away now."""
        client = self._client
        return client.breaker is not None and client.breaker.refusal(client.calendar.now) is not None

    def _begin(self) -> None:
        """An attempt begins, with leave of the circuit."""
        client = self._client
        now = client.calendar.now
        timeout = client.pipeline.timeout
        limit = self.ends - now
        if timeout is not None and timeout < limit:
            limit = timeout
        if limit <= 0 or not self._is_permitted(now, limit):
            self.give_up()
            return
        self._number += 1
        self._began = now
        self._send(now, limit)

    def _is_permitted(self, now: float, limit: float) -> bool:
        client = self._client
        breaker = client.breaker
        if breaker is None:
            return True
        grant = breaker.standing or breaker.acquire(now, lease=0.0 if limit == inf else limit)
        if isinstance(grant, Rejection):
            return False
        self._grant = grant
        client.announce(grant.change)
        return True

    def _send(self, now: float, limit: float) -> None:
        client = self._client
        client.load += 1
        client.log.sent(now)
        outcome = client.service(now, client.load)
        if outcome.latency < limit:
            error = outcome.error
            end = self._succeed if error is None else partial(self._fail, error)
            client.calendar.wake(now + outcome.latency, end)
        else:
            late = _LATE if limit == client.pipeline.timeout else _LATE_IN_ALL
            client.calendar.wake(now + limit, partial(client.calendar.soon, partial(self._fail, late)))

    def _succeed(self) -> None:
        client, grant = self._client, self._grant
        client.load -= 1
        if grant is not None and grant.counts:
            self._settle(grant, Verdict.SUCCESS, None)
        self._leave()
        client.log.succeeded(client.calendar.now)

    def _fail(self, error: Exception) -> None:
        client = self._client
        client.load -= 1
        judgement = client.judge(error)
        unsent = isinstance(error, BaseError) and error.delivery is Delivery.NOT_SENT
        if self._grant is not None:
            self._settle(self._grant, judgement.verdict, judgement.retry_after)
        self._leave(unsent=unsent)
        if client.turns is not None and not unsent:
            client.turns.heed(error, judgement.retry_after)
        step = self._decide(judgement)
        now = client.calendar.now
        if isinstance(step, Stop):
            client.log.failed(now)
        else:
            client.calendar.wake(now + step, self.line_up)

    def _settle(self, grant: Grant, verdict: Verdict, retry_after: float | None) -> None:
        client = self._client
        if client.breaker is not None:
            now = client.calendar.now
            elapsed = now - self._began
            client.announce(
                client.breaker.settle(grant, verdict, now, retry_after=retry_after, elapsed=elapsed)
            )

    def _decide(self, judgement: Judgement) -> float | Stop:
        client = self._client
        pipeline, now = client.pipeline, client.calendar.now
        return decide(
            pipeline.retry,
            judgement,
            attempt=self._number,
            idempotent=pipeline.idempotent,
            remaining=None if self.ends == inf else self.ends - now,
            rng=client.chance,
            budget=client.budget,
            now=now,
        )

    def _leave(self, *, unsent: bool = False) -> None:
        """Give back the place, and what was granted for something that was never sent."""
        places, turns = self._client.places, self._client.turns
        if places is not None and self._holds_place:
            self._holds_place = False
            places.release()
        if turns is not None and self._reservation is not None and unsent:
            turns.give_back(self._reservation)


def _is_final(error: BaseError) -> bool:
    """Refused by a policy, or a defect: never repeated, whatever a classification says of it."""
    is_local_limit = isinstance(error, RateLimitError) and error.delivery is Delivery.NOT_SENT
    return is_local_limit or isinstance(error, CircuitOpenError) or not error.operational
