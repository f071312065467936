"""A state machine that tries to make a circuit breaker break its promises."""

from asyncio import CancelledError
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from viber.errors import CircuitOpenError
from viber.machines import TRANSITIONS, BreakerState, CircuitBreakerConfig, Trigger, Verdict
from viber.observability import CircuitChanged, CircuitReconfigured
from viber.resilience import CircuitBreaker, Permit
from viber.testing._clock import FakeClock
from viber.testing._model import BreakerModel, Issued
from viber.testing._recorder import EventRecorder
from viber.testing._strategies import breaker_configs, verdicts

_ABOUT = 1e-6
"""Seconds that rounding may cost."""
_DURATIONS = ("window", "tenth of the window", "open time", "lease", "slow call", "a long time")
_CROWDS = ("failures", "calls", "bad calls", "slow calls", "all but the bad", "all but the slow")
_LARGEST_CROWD = 100
_FORCED = {
    "reset": (BreakerState.CLOSED, Trigger.RESET),
    "isolate": (BreakerState.ISOLATED, Trigger.ISOLATE),
    "disable": (BreakerState.DISABLED, Trigger.DISABLE),
}


@dataclass(eq=False, slots=True, repr=False)
class Call:
    """One call that is out: the real permit, and the model's."""

    permit: Permit
    issued: Issued


class BreakerStateMachine(RuleBasedStateMachine):
    """Drives a breaker and a naive model of it through the same made-up life, and compares them.

    Calls begin, last, end well, badly or without news, late or never; streams break; time passes; operators
    interfere and change the rules. Override `config` for your own settings, or `make_breaker` for a breaker
    that you build yourself, on `self.clock` and with `rng=self.chance`.

    Example::

        class MyBreaker(BreakerStateMachine):
            config = CircuitBreakerConfig(failure_threshold=3, reset_timeout=30)


        TestMyBreaker = MyBreaker.TestCase
    """

    config: ClassVar[CircuitBreakerConfig] = CircuitBreakerConfig()

    calls: Bundle[Call] = Bundle("calls")
    streams: Bundle[Call] = Bundle("streams")

    def __init__(self) -> None:
        super().__init__()
        self.clock: FakeClock = FakeClock()
        self.luck: float = 0.0
        self.operated: bool = False
        self.breaker: CircuitBreaker = self.make_breaker()
        self.model: BreakerModel = BreakerModel(self.breaker.config, self.chance)
        self.recorder: EventRecorder = EventRecorder()
        self.breaker.listeners.add(self.recorder)

    def make_breaker(self) -> CircuitBreaker:
        """The breaker under test."""
        return CircuitBreaker("model", self.config, clock=self.clock, rng=self.chance)

    def chance(self) -> float:
        """The source of jitter, the same for breaker and model."""
        return self.luck

    @initialize(luck=st.sampled_from([0.0, 0.5, 0.999]), operated=st.sampled_from([False, False, True]))
    def draw_lot(self, luck: float, *, operated: bool) -> None:
        """What chance says in this life, and whether anybody interferes with it."""
        self.luck = luck
        self.operated = operated

    @rule(target=calls, count=st.integers(1, 4), lease=st.none() | st.floats(0.1, 200.0))
    def begin(self, count: int, lease: float | None) -> "MultipleResults[Call]":
        """Calls ask for leave."""
        return multiple(*self._acquire_some(count, lease))

    @precondition(lambda self: self.model.state is BreakerState.OPEN)
    @rule(target=calls, count=st.integers(1, 4))
    def probe(self, count: int) -> "MultipleResults[Call]":
        """The open time passes, and calls ask for leave."""
        self.clock.jump(self._open_for() + _ABOUT)
        return multiple(*self._acquire_some(count, None))

    @rule(target=streams, call=consumes(calls), verdict=verdicts(), retry_after=st.none() | st.floats(0, 900))
    def end(self, call: Call, verdict: Verdict, retry_after: float | None) -> "Call | MultipleResults[Call]":
        """A call comes back, soon or late."""
        self._settle(call, verdict, retry_after)
        return call if verdict is Verdict.SUCCESS else multiple()

    @rule(stream=consumes(streams))
    def break_stream(self, stream: Call) -> None:
        """A call that was a success is cut off in the middle of its answer."""
        stream.permit.interrupted()
        self.model.interrupt(stream.issued, self.clock.now())

    @rule(
        verdict=verdicts(),
        crowd=st.sampled_from(_CROWDS),
        short=st.sampled_from([0, 0, 1]),
        lasting=st.sampled_from([0.0, 0.0, 0.999, 1.0]),
    )
    def repeat(self, verdict: Verdict, crowd: str, short: int, lasting: float) -> None:
        """As many calls as could move the circuit, or one short of it, take equally long and end alike."""
        left = self._size_of(crowd) - short
        while left > 0 and (calls := self._acquire_some(left, None)):
            self.clock.jump(lasting * (self.breaker.config.slow_call_duration or 0.0))
            for call in calls:
                self._settle(call, verdict, None)
            left -= len(calls)

    @rule(error=st.sampled_from([None, ConnectionResetError, CancelledError]))
    def run(self, error: type[BaseException] | None) -> None:
        """A call goes through `run` and is back at once."""
        issued = self.model.acquire(self.clock.now(), 0.0)
        verdict = Verdict.SUCCESS
        try:
            with suppress(StopIteration):
                self.breaker.run(_answer_with, error).send(None)
        except CircuitOpenError as rejection:
            assert issued is None, "rejected a call that should pass"
            self._check_wait(rejection.retry_after)
            return
        except (ConnectionResetError, CancelledError) as raised:
            verdict = self.breaker.classify(raised).verdict
        assert issued is not None, "let a call pass that should be rejected"
        self.model.settle(issued, verdict, self.clock.now(), None)

    @rule(what=st.sampled_from(_DURATIONS), share=st.sampled_from([0.001, 0.5, 0.999, 1.0]))
    def wait(self, what: str, share: float) -> None:
        """Time passes, until something is over or nearly so."""
        self.clock.jump(share * self._duration_of(what))

    @precondition(lambda self: self.operated)
    @rule(action=st.sampled_from(["reset", "isolate", "disable"]))
    def interfere(self, action: str) -> None:
        """An operator resets, isolates or disables the breaker."""
        by_hand: Callable[[], None] = getattr(self.breaker, action)
        by_hand()
        self.model.force(*_FORCED[action])

    @precondition(lambda self: self.operated)
    @rule(rules=breaker_configs(), same_window=st.booleans())
    def reconfigure(self, rules: CircuitBreakerConfig, *, same_window: bool) -> None:
        """An operator changes the rules."""
        window = self.breaker.config.monitor_window
        config = rules.model_copy(update={"monitor_window": window}) if same_window else rules
        self.breaker.reconfigure(config)
        self.model.reconfigure(config, self.clock.now())
        _compare("new rules", self.recorder.of(CircuitReconfigured)[-1].after, config)

    @invariant()
    def agree(self) -> None:
        """Breaker and model stand in the same place, having gone the same way."""
        now, seen, model = self.clock.now(), self.breaker.snapshot(), self.model
        path = [(change.after, change.trigger) for change in self.recorder.of(CircuitChanged)]
        threshold = self.breaker.config.failure_threshold or 0
        _compare("state", self.breaker.state, model.state)
        _compare("way through the states", path, [(era.state, era.began_by) for era in model.eras[1:]])
        _compare("failures", seen.failures, min(model.failures(now), threshold))
        _compare("calls", seen.calls, len(model.calls(now)))
        _compare("failure rate", seen.failure_rate, model.failure_rate(now))
        _compare("slow-call rate", seen.slow_call_rate, model.slow_call_rate(now))
        _compare("probes", seen.probes, len(model.probes_out(now)))
        _compare("good probes", seen.successes, model.era.good_probes)

    @invariant()
    def keep_promises(self) -> None:
        """What holds whatever the model says: the table, and reading without effect."""
        seen, changes = self.breaker.snapshot(), self.recorder.of(CircuitChanged)
        assert all(TRANSITIONS[c.before, c.trigger] is c.after for c in changes[-2:]), "no such transition"
        _compare("check", self._is_refused(), self.model.refuses(self.clock.now()))
        assert self.breaker.snapshot() == seen, "looking at the breaker changed it"

    def _acquire_some(self, count: int, lease: float | None) -> list[Call]:
        return [call for call in (self._acquire(lease) for _ in range(count)) if call is not None]

    def _acquire(self, lease: float | None) -> Call | None:
        issued = self.model.acquire(self.clock.now(), lease or 0.0)
        try:
            permit = self.breaker.acquire(lease=lease)
        except CircuitOpenError as rejection:
            assert issued is None, "rejected a call that should pass"
            self._check_wait(rejection.retry_after)
            return None
        assert issued is not None, "let a call pass that should be rejected"
        seen = self.breaker.snapshot()
        assert seen.probes <= self.breaker.config.half_open_max_calls, "too many probes are out"
        return Call(permit, issued)

    def _settle(self, call: Call, verdict: Verdict, retry_after: float | None) -> None:
        call.permit.settle(verdict, retry_after=retry_after)
        self.model.settle(call.issued, verdict, self.clock.now(), retry_after)

    def _is_refused(self) -> bool:
        try:
            self.breaker.check()
        except CircuitOpenError as rejection:
            self._check_wait(rejection.retry_after)
            return True
        return False

    def _check_wait(self, told: float | None) -> None:
        if self.model.state is not BreakerState.OPEN:
            assert told is None, "nobody knows how long an operator holds it, or how long probes take"
            return
        due = self._open_for()
        assert told is not None, "a rejection says when to come back"
        assert abs(told - due) < _ABOUT, f"told to wait {told} s instead of {due} s"

    def _size_of(self, crowd: str) -> int:
        config = self.breaker.config
        if self.model.state is BreakerState.HALF_OPEN:
            return config.probes_to_close
        calls = config.minimum_calls
        bad, slow = (ceil((rate or 0.0) * calls) for rate in (config.failure_rate, config.slow_call_rate))
        sizes = {
            "failures": config.failure_threshold or 0,
            "calls": calls,
            "bad calls": bad,
            "slow calls": slow,
            "all but the bad": calls - bad,
            "all but the slow": calls - slow,
        }
        return min(_LARGEST_CROWD, sizes[crowd])

    def _duration_of(self, what: str) -> float:
        config = self.breaker.config
        match what:
            case "window":
                return config.monitor_window
            case "tenth of the window":
                return config.monitor_window / 10
            case "slow call":
                return config.slow_call_duration or 0.0
            case "open time":
                return self._open_for()
            case "lease":
                return self._next_lapse()
            case _:
                return 1000.0

    def _open_for(self) -> float:
        is_open = self.model.state is BreakerState.OPEN
        return max(0.0, self.model.open_until - self.clock.now()) if is_open else 0.0

    def _next_lapse(self) -> float:
        now = self.clock.now()
        return min((probe.expires_at for probe in self.model.probes_out(now)), default=now) - now


async def _answer_with(error: type[BaseException] | None) -> None:
    if error is not None:
        raise error


def _compare(what: str, real: object, model: object) -> None:
    assert real == model, f"{what}: the breaker says {real}, the model says {model}"
