"""A circuit breaker written down as naively as possible, to compare a clever one with.

Nothing is ever thrown away or counted on the side: everything that happened stands in lists, and each
question is answered by reading them again from the start.
"""

from dataclasses import dataclass

from viber.machines import BreakerState, CircuitBreakerConfig, Rng, Verdict


@dataclass(eq=False, slots=True)
class Issued:
    """A permit as the model sees it."""

    era: int
    """The stay in a state during which it was given; a new state is a new era."""
    is_probe: bool
    expires_at: float
    """When a probe loses its place."""
    settled: bool = False
    credited_to: int | None = None
    """The era that its success counts for."""


@dataclass(frozen=True, slots=True)
class Happening:
    """A result that counted."""

    era: int
    verdict: Verdict
    at: float


class BreakerModel:
    """What a breaker with this configuration must do, by the book."""

    def __init__(self, config: CircuitBreakerConfig, rng: Rng) -> None:
        self.config = config
        self.rng = rng
        self.states: list[BreakerState] = [BreakerState.CLOSED]
        self.permits: list[Issued] = []
        self.results: list[Happening] = []
        self.relapses: int = 0
        self.open_until: float = 0.0

    @property
    def state(self) -> BreakerState:
        """The state now."""
        return self.states[-1]

    @property
    def era(self) -> int:
        """How often the state was entered anew."""
        return len(self.states) - 1

    def acquire(self, now: float, lease: float) -> Issued | None:
        """A permit, or None for a rejection."""
        if self.state is BreakerState.ISOLATED or (self.state is BreakerState.OPEN and now < self.open_until):
            return None
        if self.state is BreakerState.OPEN:
            self.states.append(BreakerState.HALF_OPEN)
        is_probe = self.state is BreakerState.HALF_OPEN
        if is_probe and len(self.probes_out(now)) >= self.config.half_open_max_calls:
            return None
        permit = Issued(self.era, is_probe, now + max(lease, self.config.probe_lease))
        self.permits.append(permit)
        return permit

    def settle(self, permit: Issued, verdict: Verdict, now: float, retry_after: float | None) -> None:
        """A call came back."""
        counts = permit.era == self.era and not (permit.is_probe and now >= permit.expires_at)
        permit.settled = True
        if not counts:
            return
        self.results.append(Happening(self.era, verdict, now))
        self._draw_conclusions(now, retry_after)
        if verdict is Verdict.SUCCESS:
            permit.credited_to = self.era

    def interrupt(self, permit: Issued, now: float) -> None:
        """A stream that had begun well broke."""
        if permit.credited_to == self.era:
            self.results.append(Happening(self.era, Verdict.FAILURE, now))
            self._draw_conclusions(now, None)

    def force(self, state: BreakerState) -> None:
        """An operator put it there."""
        self.states.append(state)
        self.relapses = 0

    def probes_out(self, now: float) -> list[Issued]:
        """Probes of this era that are neither back nor lapsed."""
        return [p for p in self.permits if p.era == self.era and _is_out(p, now)]

    def failures(self, now: float) -> int:
        """Failures of this era within the window."""
        window = self.config.monitor_window
        return sum(now - result.at < window for result in self._of_this_era(Verdict.FAILURE))

    def successes(self) -> int:
        """Successes of this era."""
        return len(self._of_this_era(Verdict.SUCCESS))

    def _of_this_era(self, verdict: Verdict) -> list[Happening]:
        return [result for result in self.results if (result.era, result.verdict) == (self.era, verdict)]

    def _draw_conclusions(self, now: float, retry_after: float | None) -> None:
        if self.state is BreakerState.HALF_OPEN:
            if self._of_this_era(Verdict.FAILURE):
                self.relapses += 1
                self._open(now, retry_after)
            elif self.successes() >= self.config.probes_to_close:
                self.relapses = 0
                self.states.append(BreakerState.CLOSED)
        elif self.state is BreakerState.CLOSED and self._is_too_much(now):
            self._open(now, retry_after)

    def _is_too_much(self, now: float) -> bool:
        is_news = self.results[-1].verdict is Verdict.FAILURE
        threshold = self.config.failure_threshold
        return is_news and threshold is not None and self.failures(now) >= threshold

    def _open(self, now: float, retry_after: float | None) -> None:
        config = self.config
        self.states.append(BreakerState.OPEN)
        base = min(config.reset_timeout * config.reset_backoff**self.relapses, config.max_reset_timeout)
        wait = max(base * (1 + config.reset_jitter * self.rng()), retry_after or 0.0)
        self.open_until = now + min(wait, config.max_reset_timeout)


def _is_out(permit: Issued, now: float) -> bool:
    return permit.is_probe and not permit.settled and now < permit.expires_at
