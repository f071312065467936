"""Goes through every life of a breaker in a small world: a few callers, all interleavings, breadth first.

A world is a machine and a naive model beside it. Worlds that differ in nothing but the date and the names of
the callers are one; time passes in ticks, and every edge of the rules lies on a tick.
"""

from __future__ import annotations

import math
import pickle
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from viber.machines import (
    TRANSITIONS,
    Breaker,
    BreakerState,
    CircuitBreakerConfig,
    Grant,
    Rejection,
    Transition,
    Trigger,
    Verdict,
)
from viber.testing._model import BreakerModel, Issued

CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN
ISOLATED, DISABLED = BreakerState.ISOLATED, BreakerState.DISABLED
BY_HAND: Final = {Trigger.RESET: CLOSED, Trigger.ISOLATE: ISOLATED, Trigger.DISABLE: DISABLED}
TICK: Final = 10.0
ASKED: Final = 3 * TICK
"""What the server says in its Retry-After, if it does."""
LONG_AGO: Final = 3 * TICK
"""No rules look further back than this."""

Event = tuple[Any, ...]
LookAround = Callable[["World", "Callable[[], World]"], None]
"""Checks what holds everywhere, by reading this world, and by trying things out in others like it."""


@dataclass(slots=True)
class Call:
    """A call that is out, or the stream that it has become."""

    grant: Grant
    issued: Issued
    streams: bool = False


@dataclass(slots=True)
class World:
    """A machine and its model at one moment, the rules by number, and the calls that are out."""

    breaker: Breaker
    model: BreakerModel
    now: float = 0.0
    book: int = 0
    out: list[Call] = field(default_factory=list)

    def use(self, config: CircuitBreakerConfig | None) -> None:
        """The rules are the same in many worlds, and are not copied with each."""
        self.breaker._config = self.model.config = config  # type: ignore[assignment]

    def is_stale(self, call: Call) -> bool:
        """Whether this call can move nothing any more."""
        if call.streams:
            return call.issued.credited_to is not self.model.era
        is_lapsed = self.breaker.state is HALF_OPEN and not call.issued.holds_a_place(self.now)
        return call.issued.era is not self.model.era or is_lapsed

    def outlook(self, call: Call) -> tuple[float, ...]:
        """All that may come of a call."""
        is_stale, is_old = self.is_stale(call), call.grant.generation != self.breaker._generation
        if call.streams or is_stale:
            return (call.streams, is_stale, is_old)
        started, is_probe = call.issued.started, self.breaker.state is HALF_OPEN
        lease = call.issued.expires_at - self.now if is_probe else math.inf
        return (lease, -1.0 if started is None else min(LONG_AGO, self.now - started))

    def essence(self) -> str:
        """All that the future depends on."""
        breaker, model, now = self.breaker, self.model, self.now
        calls = sorted((now - call.at, call.failed, call.slow) for call in model.calls(now))
        parts: tuple[object, ...] = (
            (self.book, breaker.state.value, breaker._successes, model.era.good_probes),
            breaker.state is OPEN and (max(0, breaker._open_until - now), max(0, model.open_until - now)),
            (min(3, breaker._relapses), min(3, model.relapses)),
            (ages(breaker._failures._times, now), ages(model.era.failures, now), calls),
            breaker._recent and [*breaker._recent.totals(now), *breaker._recent.totals(now + TICK)],
            sorted(max(0.0, (probe.expires_at or 0.0) - now) for probe in breaker._probes),
            breaker.standing and breaker.standing.counts,
            sorted(map(self.outlook, self.out)),
        )
        return repr(parts)

    def forget(self) -> None:
        """Drop what cannot matter any more, so that the world stays small."""
        model, era, now = self.model, self.model.era, self.now
        for old in model.eras[:-1]:
            old.issued, old.failures, old.calls = [], [], []
        model.eras, era.began_by = [era], None
        era.issued = [call.issued for call in self.out if call.issued.era is era]
        era.failures = [at for at in era.failures if now - at < LONG_AGO]
        era.calls = model.calls(now)


def ages(times: Iterable[float], now: float) -> list[float]:
    return sorted(now - time for time in times if now - time < LONG_AGO)


def no_luck() -> float:
    return 0.0


@dataclass(slots=True)
class Explorer:
    """Goes everywhere, and looks at every step and every place; `places` and `ways` tell where it was."""

    books: tuple[CircuitBreakerConfig, ...]
    callers: int
    results: int
    look_around: LookAround
    steps: int = 0
    places: dict[str, BreakerState] = field(default_factory=dict)
    ways: set[tuple[BreakerState, Trigger]] = field(default_factory=set)

    def explore(self, breaker: Breaker) -> None:
        """Visit every world that can be reached from this new breaker."""
        frontier = deque([self.arrive(World(breaker, BreakerModel(self.books[0], no_luck)))])
        while frontier:
            image = frontier.popleft()
            for event in self.events(self.thaw(image)):
                world = self.thaw(image)
                self.take(world, *event)
                if world.essence() not in self.places:
                    frontier.append(self.arrive(world))

    def arrive(self, world: World) -> bytes:
        """Note a new place, and look around in it; looking changes nothing."""
        self.places[world.essence()] = world.breaker.state
        image = self.freeze(world)
        self.look_around(world, lambda: self.thaw(image))
        assert self.freeze(world) == image
        return image

    def freeze(self, world: World) -> bytes:
        """The world as bytes, equal ones if nothing in it has changed."""
        world.use(None)
        image = pickle.dumps(world)
        world.use(self.books[world.book])
        return image

    def thaw(self, image: bytes) -> World:
        """The world again, all its own."""
        world: World = pickle.loads(image)
        world.use(self.books[world.book])
        return world

    def events(self, world: World) -> list[Event]:
        """All that can happen next; of calls with the same outlook one stands for all."""
        events: list[Event] = [("wait",)]
        if len(world.out) < self.callers:
            events.append(("acquire",))
        if len(self.books) > 1:
            events += [("reconfigure",), *(("force", trigger) for trigger in BY_HAND)]
        unlike = {world.outlook(call): place for place, call in enumerate(world.out)}
        return events + [event for place in unlike.values() for event in self.ends(world, place)]

    def ends(self, world: World, place: int) -> list[Event]:
        """The ways in which a call can end; none that counts once as many count as are explored."""
        era = world.model.era
        if max(len(era.failures), len(era.calls)) >= self.results:
            return [] if world.out[place].streams else [("settle", place, Verdict.IGNORED)]
        if world.out[place].streams:
            return [("interrupt", place)]
        good, *others = Verdict.SUCCESS, Verdict.FAILURE, Verdict.IGNORED
        asking = ("settle", place, Verdict.FAILURE, ASKED)
        return [
            ("settle", place, good),
            ("stream", place),
            asking,
            *(("settle", place, bad) for bad in others),
        ]

    def take(self, world: World, name: str, *details: Any) -> None:
        """One step, after which machine and model stand in the same place, by a way that there is."""
        self.steps += 1
        before, generation = world.breaker.state, world.breaker._generation
        change: Transition | None = getattr(self, name)(world, *details)
        breaker, model = world.breaker, world.model
        assert (change.trigger if change else None) is (model.era.began_by if model.eras[1:] else None)
        assert breaker._generation - generation == (change is not None)
        assert breaker.state is (TRANSITIONS[before, change.trigger] if change else before) is model.state
        if change is not None:
            assert (change.before, change.after, change.at) == (before, breaker.state, world.now)
            self.ways.add((before, change.trigger))
        world.forget()

    def wait(self, world: World) -> None:
        world.now += TICK

    def force(self, world: World, trigger: Trigger) -> Transition:
        world.model.force(BY_HAND[trigger], trigger)
        return world.breaker.force(trigger, world.now)

    def reconfigure(self, world: World) -> None:
        world.book = (world.book + 1) % len(self.books)
        world.model.reconfigure(self.books[world.book], world.now)
        world.breaker.reconfigure(self.books[world.book], world.now)

    def acquire(self, world: World) -> Transition | None:
        """A call passes exactly when the machine said so and the model has a place for it."""
        breaker, now = world.breaker, world.now
        refusal, answer, issued = breaker.refusal(now), breaker.acquire(now), world.model.acquire(now, 0.0)
        assert (answer == refusal) == (issued is None) == isinstance(answer, Rejection)
        if isinstance(answer, Rejection) or issued is None:
            return None
        world.out.append(Call(answer, issued))
        assert breaker.snapshot(now).probes <= breaker.config.half_open_max_calls
        return answer.change if world.model.eras[1:] else None

    def stream(self, world: World, place: int) -> Transition | None:
        """A call is a success, and goes on as a stream."""
        call = world.out[place]
        change = self.settle(world, place, Verdict.SUCCESS)
        world.out.append(Call(call.grant, call.issued, streams=True))
        return change

    def interrupt(self, world: World, place: int) -> Transition | None:
        """A stream breaks; where its success counts no more, that moves nothing."""
        call = world.out.pop(place)
        before = world.essence() if world.is_stale(call) else None
        world.model.interrupt(call.issued, world.now)
        change = world.breaker.interrupt(call.grant, world.now)
        assert before in (None, world.essence())
        return change

    def settle(
        self, world: World, place: int, verdict: Verdict, asked: float | None = None
    ) -> Transition | None:
        """A call comes back; if it is stale or brings no news it moves nothing, but may give a place back."""
        call, breaker, now = world.out.pop(place), world.breaker, world.now
        is_stale = world.is_stale(call)
        frees = breaker.state is HALF_OPEN and not is_stale
        probes, before = breaker.snapshot(now).probes, world.essence() if is_stale else None
        elapsed = None if call.issued.started is None else now - call.issued.started
        world.model.settle(call.issued, verdict, now, asked)
        change = breaker.settle(call.grant, verdict, now, retry_after=asked, elapsed=elapsed)
        assert before in (None, world.essence())
        if verdict is Verdict.IGNORED:
            assert change is None
            assert breaker.snapshot(now).probes == probes - frees
        return change


@pytest.fixture
def explore() -> Callable[..., Explorer]:
    """Explore a breaker in a scope; where it has several books, operators exchange them and force states."""

    def run(scope: Any, look_around: LookAround, kind: type[Breaker] = Breaker) -> Explorer:
        explorer = Explorer(scope.books, scope.callers, scope.results, look_around)
        explorer.explore(kind(scope.books[0], rng=no_luck))
        return explorer

    return run
