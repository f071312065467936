"""A crowd of clients and the one service that they share: the model behind `simulate_scale.py`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, count, takewhile
from math import inf
from random import Random
from typing import Literal

from viber import Pipeline, ServerError, TransportError
from viber.machines import Transition
from viber.testing._simulation_calendar import Calendar
from viber.testing._simulation_call import Client
from viber.testing._simulation_service import Outcome

Failure = Literal["stall", "crash"]

WELL = 30
"""Seconds for which all is well at first."""
BACK = 90
"""When the service works again."""
END = 240
"""When the last call is made."""
LATENCY = 0.05
SPARE = 1.5
"""Capacity in units of the normal load."""
DEEP = 30.0
"""Seconds of work that the service keeps waiting before it refuses more."""
STRETCH = 10
"""Seconds over which calls have to succeed for the service to count as recovered."""
ENOUGH = 0.95
BURST = slice(BACK * 10 - 20, BACK * 10 + 100)

FULL = ServerError("the queue is full", status=503)
RESET = TransportError("connection reset")


class Service:
    """One queue in front of a steady pace; it also works on what its clients have given up.

    A stall stops the work and keeps the queue. A crash answers nobody, and at its end resets all connections
    at once and starts with an empty queue.
    """

    def __init__(self, capacity: float, failure: Failure, depth: float) -> None:
        self._cost = 1 / capacity
        self._depth = depth
        self._crashes = failure == "crash"
        self._done = 0.0  # the work accepted so far is done at this moment of working time

    def __call__(self, now: float, _load: int) -> Outcome:
        if self._crashes and WELL <= now < BACK:
            return Outcome(BACK - now, RESET)
        worked = working_time(now)
        backlog = self._done - worked
        if backlog > self._depth:
            return Outcome(LATENCY, FULL)
        self._done = worked + max(0.0, backlog) + self._cost
        if self._crashes and now < WELL < self._done:
            return Outcome(BACK - now, RESET)
        return Outcome(moment_of(self._done) - now + LATENCY)


def working_time(now: float) -> float:
    """For how long the service has worked until then."""
    return now if now < WELL else WELL + max(0.0, now - BACK)


def moment_of(worked: float) -> float:
    """When it will have worked for so long."""
    return worked if worked <= WELL else worked - WELL + BACK


class Tally:
    """Counts what happens, in tenths of a second."""

    def __init__(self) -> None:
        self.called, self._sent, self._succeeded = ([0] * 10 * (END + 120) for _ in range(3))
        self.failures = 0
        self.rejections = 0

    def sent(self, now: float) -> None:
        self._sent[int(now * 10)] += 1

    def succeeded(self, now: float) -> None:
        self._succeeded[int(now * 10)] += 1

    def failed(self, _now: float) -> None:
        self.failures += 1

    def rejected(self, _now: float) -> None:
        self.rejections += 1

    def changed(self, _transition: Transition) -> None:
        pass

    def figures(self, clients: int, normal: float) -> "Figures":
        calls, attempts, successes = map(sum, (self.called, self._sent, self._succeeded))
        called, sent, succeeded = map(seconds, (self.called, self._sent, self._succeeded))
        return Figures(
            clients=clients,
            calls=calls,
            attempts=attempts,
            succeeded=successes / calls,
            failed=self.failures / calls,
            rejected=self.rejections / calls,
            wasted=1 - successes / attempts,
            peak=max(sent) / normal,
            recovery=recovery(called, succeeded),
            series=Series(
                load=[number / normal for number in sent[:END]],
                success=[good / made if made else 1.0 for good, made in rolling(succeeded, called)],
                burst=[number * 10 / normal for number in self._sent[BURST]],
            ),
        )


@dataclass(frozen=True, slots=True)
class Figures:
    """What one crowd lived through; shares are of its calls, `wasted` is of its attempts."""

    clients: int
    calls: int
    attempts: int
    succeeded: float
    failed: float
    rejected: float
    wasted: float
    peak: float
    """The load of the worst second, in units of the normal load."""
    recovery: float | None
    """Seconds from the end of the failure until all was well for good."""
    series: "Series"


@dataclass(frozen=True, slots=True)
class Series:
    """The same in the course of time."""

    load: Sequence[float]
    """Per second, in units of the normal load."""
    success: Sequence[float]
    """Successes of the five seconds around each second, per call made then."""
    burst: Sequence[float]
    """Load per tenth of a second, from two seconds before the end of the failure until ten after it."""


def live(
    pipeline: Pipeline, *, clients: int, rate: float, failure: Failure = "stall", depth: float = DEEP
) -> Figures:
    """Let so many clients make `rate` calls a second each, at random, until the end."""
    calendar, tally, dice = Calendar(), Tally(), Random(1)
    service = Service(SPARE * clients * rate, failure, depth)
    crowd = [
        Client(pipeline, service, calendar=calendar, chance=dice.random, log=tally) for _ in range(clients)
    ]
    traffic = Random(2)

    def call() -> None:
        tally.called[int(calendar.now * 10)] += 1
        crowd[int(traffic.random() * clients)].call()

    calendar.wake_each(moments(traffic, clients * rate), call)
    calendar.run()
    return tally.figures(clients, clients * rate)


def moments(dice: Random, rate: float) -> Iterator[float]:
    """Many clients that call at random are one that does so as often as all of them together."""
    return takewhile(lambda moment: moment < END, accumulate(dice.expovariate(rate) for _ in count()))


def seconds(tenths: Sequence[int]) -> list[int]:
    return [sum(tenths[start : start + 10]) for start in range(0, len(tenths), 10)]


def rolling(succeeded: Sequence[int], called: Sequence[int]) -> list[tuple[int, int]]:
    spans = [slice(max(0, second - 2), second + 3) for second in range(END - 2)]
    return [(sum(succeeded[span]), sum(called[span])) for span in spans]


def recovery(called: Sequence[int], succeeded: Sequence[int]) -> float | None:
    """The first second after the failure from which on every stretch saw enough of its calls succeed."""
    last_bad = -inf
    for start in range(BACK, END - STRETCH):
        span = slice(start, start + STRETCH)
        if sum(succeeded[span]) < ENOUGH * sum(called[span]):
            last_bad = start
    if last_bad == END - STRETCH - 1:
        return None
    return max(0.0, last_bad + 1 - BACK)
