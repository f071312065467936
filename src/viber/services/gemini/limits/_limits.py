"""What each model of a project allows, kept to and learned."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final

from pydantic import Field, PositiveInt

from viber._config import Config
from viber.errors import RateLimitError
from viber.machines import LimitStatus, RateLimit
from viber.resilience import CircuitBreaker, Pipeline, RateLimiter
from viber.services._channel import Channel
from viber.services.gemini.content._quota import LearnedQuota, quotas_of
from viber.services.gemini.generating._estimate import Calibration
from viber.services.gemini.limits._calendar import PACIFIC

_MINUTE: Final = 60.0
_MOST_LEARNED: Final = 20


class _Boundless(RateLimit):
    """Stands in a limiter that has no limit of its own, and only does what the server asks."""

    def __str__(self) -> str:
        return "as the server asked"


BOUNDLESS: Final = _Boundless.model_construct(requests=10**15, per=0.001)  # needs no time zone data


class ModelLimits(Config):
    """Requests and input tokens per minute, and requests per day, of each model whose name fits `model`.

    The first that fits counts. Days begin at midnight in California, for which the system needs time zone
    data. `guard` lengthens the minute by some seconds: the server sees when requests arrive, and not when
    they were sent.

    Raises:
        ConfigurationError: a value is refused; it lists each.

    Example:
        >>> [str(limit) for limit in ModelLimits(model="gemini-*", rpm=10, rpd=500).rate_limits]
        ['10 requests per 60 s', '500 requests per day (America/Los_Angeles)']
    """

    model: Annotated[str, Field(min_length=1)] = "*"
    rpm: PositiveInt | None = None
    tpm: PositiveInt | None = None
    rpd: PositiveInt | None = None
    guard: Annotated[float, Field(ge=0)] = 0.5

    @property
    def rate_limits(self) -> tuple[RateLimit, ...]:
        """The same as limits of a limiter."""
        limits: list[RateLimit] = []
        if self.rpm is not None:
            limits.append(RateLimit(requests=self.rpm, per=_MINUTE, guard=self.guard))
        if self.tpm is not None:
            limits.append(RateLimit(tokens=self.tpm, per=_MINUTE, guard=self.guard))
        if self.rpd is not None:
            limits.append(RateLimit(requests=self.rpd, per="day", zone=PACIFIC))
        return tuple(limits)


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """A model at one moment.

    `held_for` seconds it is left alone, as its server asked (infinity: for good); `learned` are the limits
    that refusals named; `estimates` is what an estimated prompt is multiplied by, as answers taught.
    """

    limits: tuple[LimitStatus, ...]
    waiting: int
    held_for: float
    learned: tuple[LearnedQuota, ...]
    estimates: float
    circuit: str


class ModelGuard:
    """What stands in front of one model: its limiter, and its circuit where another may stand in for it."""

    __slots__ = ("_fitted", "_learned", "_most", "breaker", "calibration", "limiter")

    def __init__(self, limits: Sequence[RateLimit], limiter: RateLimiter, breaker: CircuitBreaker) -> None:
        self.limiter: RateLimiter = limiter
        self.breaker: CircuitBreaker = breaker
        self.calibration: Calibration = Calibration()
        self._most = min((limit.amount for limit in limits if limit.counts_tokens), default=None)
        self._learned: dict[str, LearnedQuota] = {}
        self._fitted: dict[bool, tuple[Channel, Channel]] = {}

    @property
    def counts_tokens(self) -> bool:
        """Whether it matters how long a prompt is."""
        return self._most is not None

    @property
    def stands_in(self) -> bool:
        """Whether its own circuit was ever needed."""
        return False in self._fitted

    def weight(self, estimated: int) -> int:
        """Tokens to reserve for a prompt; one that looks longer than the limit takes all of it."""
        return 0 if self._most is None else min(self._most, self.calibration.scaled(estimated))

    def learn(self, error: RateLimitError) -> None:
        """A refusal named limits."""
        for quota in quotas_of(error.details or {}):
            if quota.id in self._learned or len(self._learned) < _MOST_LEARNED:
                self._learned[quota.id] = quota

    def fit(self, channel: Channel, *, alone: bool) -> Channel:
        """A channel with these guards; a model that stands `alone` has the circuit of its service."""
        before, fitted = self._fitted.get(alone) or (None, channel)
        if before is not channel:
            is_alike = before is not None and before.pipeline is channel.pipeline
            pipeline = fitted.pipeline if is_alike else self._made(channel.pipeline, alone=alone)
            fitted = replace(channel, pipeline=pipeline)
            self._fitted[alone] = channel, fitted
        return fitted

    def status(self) -> ModelStatus:
        """The model as it stands."""
        standing = self.limiter.status()
        return ModelStatus(
            limits=tuple(status for status in standing.limits if status.limit is not BOUNDLESS),
            waiting=standing.waiting,
            held_for=standing.held_for,
            learned=tuple(self._learned.values()),
            estimates=self.calibration.factor,
            circuit=self.breaker.state.value,
        )

    def _made(self, pipeline: Pipeline, *, alone: bool) -> Pipeline:
        limiter = pipeline.limiter or self.limiter
        return replace(pipeline, limiter=limiter, breaker=pipeline.breaker if alone else self.breaker)
