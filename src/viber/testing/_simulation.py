"""Hours of traffic through a pipeline's machines in milliseconds."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, count, takewhile
from math import inf
from random import Random
from typing import Literal

from viber.machines import Rng, Transition
from viber.resilience import Pipeline
from viber.testing._simulation_calendar import Calendar
from viber.testing._simulation_call import Client
from viber.testing._simulation_service import Fault, ScriptedService, SimulatedService
from viber.testing._simulation_timeline import Timeline

_ARRIVALS = ("even", "poisson")


def simulate(
    pipeline: Pipeline,
    service: Sequence[Fault] | SimulatedService = (),
    *,
    rate: float,
    duration: float,
    arrivals: Literal["even", "poisson"] = "even",
    latency: float = 0.05,
    tokens: int = 0,
    seed: int = 0,
) -> Timeline:
    """What becomes of `rate` calls a second for `duration` seconds, without a loop, a task or a wait.

    The pipeline is yours. Only its configuration is read, nothing of it is moved: retry (with a new budget),
    circuit, bulkhead, rate limits, `timeout`, `total_timeout`, `classify` and `idempotent`. A fallback plays
    no part: what it stands in for is a failure here. The service answers after `latency` seconds except while
    something is wrong with it (`Outage`, `Slow`, `Errors`, or a `Fault` of yours); or it is a function from
    the moment of an attempt, and the number of attempts under way, to an `Outcome`. Each call weighs
    `tokens`. All times are in seconds, and the same seed makes the same life.

    Raises:
        TypeError: this is no pipeline.
        ValueError: a number is out of range, or the pipeline changes or judges results: there are none here.

    Example:
        >>> from viber import CircuitBreaker, CircuitBreakerConfig
        >>> from viber.testing import Outage
        >>> breaker = CircuitBreaker("quotes", CircuitBreakerConfig(reset_timeout=30.0, reset_jitter=0.0))
        >>> quotes = Pipeline("quotes", breaker=breaker, timeout=2.0, idempotent=True)
        >>> timeline = simulate(quotes, [Outage(600, 900)], rate=1.0, duration=7200.0)
        >>> timeline.calls, timeline.successes, timeline.failures, timeline.rejections
        (7200, 6898, 12, 290)
        >>> timeline.time_to_recover(after=900.0) < 35
        True
    """
    _check(pipeline, arrivals, rate=rate, duration=duration, latency=latency)
    traffic, fate, chance = (_dice(f"{part} {seed}") for part in ("traffic", "service", "client"))
    if not callable(service):
        service = ScriptedService(service, latency=latency, chance=fate.random)
    moments = _even(rate) if arrivals == "even" else _poisson(rate, traffic)
    return play(pipeline, service, moments, duration=duration, chance=chance.random, tokens=tokens)


def play(
    pipeline: Pipeline,
    service: SimulatedService,
    arrivals: Iterable[float],
    *,
    duration: float,
    chance: Rng,
    tokens: int = 0,
) -> Timeline:
    """Make a call at each of these moments, in order, as far as they lie before `duration`."""
    calendar, log = Calendar(), _Moments()
    called = tuple(takewhile(lambda moment: moment < duration, arrivals))
    client = Client(pipeline, service, calendar=calendar, chance=chance, log=log, tokens=tokens)
    calendar.wake_each(iter(called), client.call)
    calendar.run()
    return log.timeline(duration, called)


class _Moments:
    """Remembers when each thing happened."""

    def __init__(self) -> None:
        self._sent, self._succeeded, self._failed, self._rejected = (list[float]() for _ in range(4))
        self._transitions = list[Transition]()
        self.sent = self._sent.append
        self.succeeded = self._succeeded.append
        self.failed = self._failed.append
        self.rejected = self._rejected.append
        self.changed = self._transitions.append

    def timeline(self, duration: float, called: Sequence[float]) -> Timeline:
        return Timeline(
            duration,
            called=called,
            sent=tuple(self._sent),
            succeeded=tuple(self._succeeded),
            failed=tuple(self._failed),
            rejected=tuple(self._rejected),
            transitions=tuple(self._transitions),
        )


def _dice(seed: str) -> Random:
    return Random(seed)  # noqa: S311 - to be repeatable, not to be secret


def _even(rate: float) -> Iterator[float]:
    return (turn / rate for turn in count())


def _poisson(rate: float, chance: Random) -> Iterator[float]:
    return accumulate(chance.expovariate(rate) for _ in count())


def _check(pipeline: object, arrivals: str, **numbers: float) -> None:
    if not isinstance(pipeline, Pipeline):
        raise TypeError(f"simulate takes a Pipeline, not {type(pipeline).__name__!r}")
    if pipeline.chaos or pipeline.classify_result is not None:
        raise ValueError("a simulation has no results to change or to judge: let the service end in errors")
    if arrivals not in _ARRIVALS:
        raise ValueError(f"arrivals are {' or '.join(_ARRIVALS)}, not {arrivals!r}")
    for name, number in numbers.items():
        if not 0 < number < inf:
            raise ValueError(f"{name} takes a number above 0, not {number!r}")
