"""The circuit of a service: the machine, with a clock, a lock and listeners around it."""

from collections.abc import Callable
from dataclasses import replace
from math import inf
from threading import Lock

from viber.clock import Clock
from viber.errors import CircuitOpenError, Delivery, RateLimitError
from viber.machines import (
    Breaker,
    BreakerSnapshot,
    BreakerState,
    CircuitBreakerConfig,
    Classify,
    Grant,
    Judgement,
    Rejection,
    Rng,
    Transition,
    Verdict,
)
from viber.observability import CallRejected, CircuitChanged, Listeners
from viber.resilience._functions import MisuseError

TurnAway = Callable[[Exception], None]
"""Ends the wait of a caller with this error, from whatever thread."""

_NO_VERDICT = Judgement(Verdict.IGNORED)


class Circuit:
    """What permits, pipelines and lines ask and tell; may be shared by threads and event loops."""

    __slots__ = (
        "__weakref__",
        "_clock",
        "_lock",
        "_machine",
        "_shut_until",
        "_waiting",
        "listeners",
        "name",
        "standing",
    )

    def __init__(
        self, name: str, config: CircuitBreakerConfig, *, clock: Clock, rng: Rng, listeners: Listeners
    ) -> None:
        self.name: str = name
        self.listeners: Listeners = listeners
        self._clock = clock
        self._machine = Breaker(config, rng=rng, now=clock.now())
        self._lock = Lock()
        self._waiting: dict[TurnAway, None] = {}
        self.standing: Grant | None = None
        """The grant that all calls share while every call may pass: then nobody has to ask."""
        self._shut_until = 0.0
        self._mirror()

    @property
    def config(self) -> CircuitBreakerConfig:
        """The rules in force."""
        return self._machine.config

    @property
    def state(self) -> BreakerState:
        """The state; reading it changes nothing, so OPEN stays until the next call may be a probe."""
        return self._machine.state

    def snapshot(self) -> BreakerSnapshot:
        """The breaker as it stands."""
        with self._lock:
            return self._machine.snapshot(self._clock.now())

    def check(self) -> None:
        """Raise if a call would be turned away now; takes nothing.

        Raises:
            CircuitOpenError: as `acquire`.
        """
        if self.standing is None:
            with self._lock:
                refusal = self._machine.refusal(self._clock.now())
            if refusal is not None:
                raise self._rejected(refusal.retry_after)

    def ask(self, lease: float | None) -> Grant:
        """Leave for one call where not every call may pass: what `acquire` and pipelines stand on.

        Raises:
            CircuitOpenError: as `acquire`.
        """
        with self._lock:
            answer = self._machine.acquire(self._clock.now(), lease=lease or 0.0)
            self._mirror()
        if isinstance(answer, Rejection):
            raise self._rejected(answer.retry_after)
        self._announce(answer.change)
        return answer

    def started(self, grant: Grant) -> float | None:
        """When a call begins, if its length will matter."""
        return self._clock.now() if grant.counts and self._machine.config.slow_call_duration else None

    def settle(
        self,
        grant: Grant,
        verdict: Verdict,
        *,
        retry_after: float | None = None,
        started: float | None = None,
    ) -> None:
        """How a granted call ended: what a `Permit` reports."""
        with self._lock:
            now = self._clock.now()
            elapsed = None if started is None else now - started
            change = self._machine.settle(grant, verdict, now, retry_after=retry_after, elapsed=elapsed)
            if change is not None:
                self._mirror()
        if change is not None:
            self._announce(change)

    def conclude(
        self, grant: Grant, error: BaseException, classify: Classify, *, started: float | None = None
    ) -> Judgement:
        """A granted call ended in an error; if `classify` itself raises, that says nothing of the service."""
        try:
            judgement = self._judge(error, classify)
        except BaseException:
            self.settle(grant, Verdict.IGNORED)
            raise
        self.settle(grant, judgement.verdict, retry_after=judgement.retry_after, started=started)
        return judgement

    def interrupt(self, grant: Grant) -> None:
        """A call that was a success broke afterwards: what a `Permit` reports."""
        with self._lock:
            change = self._machine.interrupt(grant, self._clock.now())
            self._mirror()
        self._announce(change)

    def attend(self, turn_away: TurnAway) -> None:
        """Turn this waiting caller away as soon as the circuit opens."""
        self._waiting[turn_away] = None

    def leave(self, turn_away: TurnAway) -> None:
        """This caller waits no more."""
        self._waiting.pop(turn_away, None)

    def _judge(self, error: BaseException, classify: Classify) -> Judgement:
        judgement = judged(error, classify)
        is_told = isinstance(error, RateLimitError) and error.delivery is Delivery.ANSWERED
        if is_told and self._machine.config.count_rate_limits:
            return replace(judgement, verdict=Verdict.FAILURE)
        return judgement

    def _mirror(self) -> None:
        """What most calls need to know stands outside the machine, to be read without the lock."""
        self.standing = self._machine.standing
        self._shut_until = self._machine.shut_until

    def _rejected(self, wait: float | None) -> CircuitOpenError:
        retry_after = None if wait == inf else wait
        if self.listeners.is_heard:
            self.listeners.emit(CallRejected(self.name, "circuit", retry_after, self._clock.now()))
        return CircuitOpenError.reject(self.name, retry_after)

    def _announce(self, change: Transition | None) -> None:
        if change is None:
            return
        if self._waiting and change.after in (BreakerState.OPEN, BreakerState.ISOLATED):
            self._empty()
        if self.listeners:
            self.listeners.emit(
                CircuitChanged(self.name, change.before, change.after, change.trigger, change.at)
            )

    def _empty(self) -> None:
        """Nobody waits in front of an open circuit."""
        with self._lock:
            refusal = self._machine.refusal(self._clock.now())
        wait = 0.0 if refusal is None else refusal.retry_after
        for turn_away in tuple(self._waiting):
            turn_away(self._rejected(wait))


def judged(error: BaseException, classify: Classify) -> Judgement:
    """What an error means; a cancellation or a misuse says nothing, and no `classify` is asked about it."""
    if not isinstance(error, Exception) or isinstance(error, MisuseError):
        return _NO_VERDICT
    return classify(error)
