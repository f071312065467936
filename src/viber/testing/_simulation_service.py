"""Services that exist in a script only: when they are down, slow or faulty."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from viber.errors import ServerError
from viber.machines import Rng


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of an attempt: success, or `error`, after `latency` seconds; infinity is never.

    Example:
        >>> from viber import Pipeline
        >>> from viber.testing import simulate
        >>> def crowded(now: float, load: int) -> Outcome:
        ...     return Outcome(latency=0.4 * load)
        >>> simulate(Pipeline(timeout=1.0), crowded, rate=5.0, duration=60.0).failures > 0
        True
    """

    latency: float = 0.0
    error: Exception | None = None


SimulatedService = Callable[[float, int], Outcome]
"""Given the moment of an attempt and how many are under way, this one included: what becomes of it."""


class Fault(Protocol):
    """What is wrong with a service from `start` until `end`, in seconds."""

    @property
    def start(self) -> float:
        """When it begins."""
        ...

    @property
    def end(self) -> float:
        """When it is over."""
        ...

    def strike(self, usual: Outcome, chance: Rng) -> Outcome:
        """What becomes of an attempt that without it would have ended so."""
        ...


_DOWN = ServerError("the service is down", status=503)
_FAULTY = ServerError("the service failed", status=500)


@dataclass(frozen=True, slots=True)
class Outage:
    """Every attempt ends in `error` after `latency` seconds; if that is infinite, nothing ever answers."""

    start: float
    end: float
    latency: float = 0.0
    error: Exception = _DOWN

    def __post_init__(self) -> None:
        _check(self, latency=self.latency)

    def strike(self, usual: Outcome, chance: Rng) -> Outcome:  # noqa: ARG002 - it strikes everybody
        """The error."""
        return Outcome(self.latency, self.error)


@dataclass(frozen=True, slots=True)
class Slow:
    """Every attempt takes `latency` seconds."""

    start: float
    end: float
    latency: float

    def __post_init__(self) -> None:
        _check(self, latency=self.latency)

    def strike(self, usual: Outcome, chance: Rng) -> Outcome:  # noqa: ARG002 - it strikes everybody
        """The same, later."""
        return Outcome(self.latency, usual.error)


@dataclass(frozen=True, slots=True)
class Errors:
    """The share `rate` of all attempts ends in `error`, after the usual time."""

    start: float
    end: float
    rate: float
    error: Exception = _FAULTY

    def __post_init__(self) -> None:
        _check(self)
        if not 0 <= self.rate <= 1:
            raise ValueError(f"rate is a share from 0 to 1, not {self.rate!r}")

    def strike(self, usual: Outcome, chance: Rng) -> Outcome:
        """The error, or what it would have been anyway."""
        return Outcome(usual.latency, self.error) if chance() < self.rate else usual


class ScriptedService:
    """Answers in the usual time except while a fault lasts; of several at once, each strikes in turn."""

    __slots__ = ("_chance", "_faults", "_usual")

    def __init__(self, faults: Sequence[Fault], *, latency: float, chance: Rng) -> None:
        self._faults = tuple(faults)
        self._usual = Outcome(latency)
        self._chance = chance

    def __call__(self, now: float, load: int) -> Outcome:  # noqa: ARG002 - a service with capacity needs it
        outcome = self._usual
        for fault in self._faults:
            if fault.start <= now < fault.end:
                outcome = fault.strike(outcome, self._chance)
        return outcome


def _check(fault: Fault, *, latency: float = 0.0) -> None:
    if not 0 <= fault.start < fault.end:
        raise ValueError(f"a fault lasts from 0 or later until later, not {fault.start!r} to {fault.end!r}")
    if not latency >= 0:
        raise ValueError(f"latency is seconds from 0 on, not {latency!r}")
