"""Everything that stands between a caller and a service, as one frozen value."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Final

from viber.clock import SYSTEM_CLOCK, Clock
from viber.machines import Classify, ClassifyResult, RetryBudget, RetryConfig, Rng, judge
from viber.observability import Listeners
from viber.resilience._bulkhead import Bulkhead
from viber.resilience._chaos import Chaos
from viber.resilience._circuit_breaker import CircuitBreaker
from viber.resilience._fallback import Fallback
from viber.resilience._numbers import seconds_of
from viber.resilience._rate_limiter import RateLimiter

KINDS: Final[Mapping[str, tuple[type, str]]] = {
    "name": (str, "a text"),
    "idempotent": (bool, "True or False"),
    "retry": (RetryConfig, "a RetryConfig: RetryConfig(max_attempts=1) is no retry"),
    "budget": (RetryBudget, "a RetryBudget, which pipelines may share"),
    "breaker": (CircuitBreaker, "a CircuitBreaker: CircuitBreaker(name, config)"),
    "bulkhead": (Bulkhead, "a Bulkhead: Bulkhead(10)"),
    "limiter": (RateLimiter, "a RateLimiter: RateLimiter(RateLimit(requests=60, per=60.0))"),
    "fallback": (Fallback, "a Fallback: Fallback(answer, on=CircuitOpenError)"),
    "chaos": (Sequence, "chaos policies: chaos=[ChaosLatency(2.0, rate=0.1)]"),
    "listeners": (Listeners, "Listeners: Listeners(print)"),
}
_FUNCTIONS: Final = {
    "classify": "a function that judges an exception: retry_on(ConnectionError)",
    "classify_result": "a function that judges a result",
    "rng": "a function that returns a number from 0 up to 1: random.random",
}
_OPTIONAL: Final = {"budget", "breaker", "bulkhead", "limiter", "fallback", "classify_result"}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Policies:
    """What each call passes; a policy that is None is left out, and a time that is None has no limit."""

    name: str = ""
    _: KW_ONLY
    retry: RetryConfig = field(default_factory=RetryConfig)
    budget: RetryBudget | None = None
    """Shared by all pipelines of one service; its own, of the size that `retry` says, if none is given."""
    breaker: CircuitBreaker | None = None
    bulkhead: Bulkhead | None = None
    limiter: RateLimiter | None = None
    fallback: Fallback[Any] | None = None
    timeout: float | None = None
    total_timeout: float | None = None
    chaos: Sequence[Chaos] = ()
    idempotent: bool = False
    classify: Classify = judge
    classify_result: ClassifyResult | None = None
    clock: Clock = SYSTEM_CLOCK
    rng: Rng = random.random
    listeners: Listeners = field(default_factory=Listeners)
    has_lines: bool = field(init=False, default=False)
    """Whether a call may have to wait for its turn."""
    first_limit: float | None = field(init=False, default=None)
    """Seconds that a first attempt may take."""
    counted_as: str = field(init=False, default="")
    """Whose calls these are in the metrics: the circuit's, whose name may say the host too."""
    is_plain: bool = field(init=False, default=False)
    """Whether a first attempt is a permit and a time limit, and nothing else."""

    def __post_init__(self) -> None:
        for name, (kind, what) in KINDS.items():
            _require(name, getattr(self, name), kind, what, optional=name in _OPTIONAL)
        for name, what in _FUNCTIONS.items():
            _require(name, getattr(self, name), Callable, what, optional=name in _OPTIONAL)
        object.__setattr__(self, "chaos", tuple(self.chaos))
        for policy in self.chaos:
            _require("chaos", policy, Chaos, KINDS["chaos"][1])
        if len({id(policy) for policy in self.chaos}) < len(self.chaos):
            raise TypeError("the same chaos policy stands here twice: make another one")
        seconds_of("timeout", self.timeout, zero=False)
        seconds_of("total_timeout", self.total_timeout, zero=False)
        if self.budget is None:
            object.__setattr__(self, "budget", self.retry.budget(self.clock.now()))
        limits = [limit for limit in (self.timeout, self.total_timeout) if limit is not None]
        others = (self.bulkhead, self.limiter, self.fallback, self.classify_result, *self.chaos)
        object.__setattr__(self, "has_lines", self.bulkhead is not None or self.limiter is not None)
        object.__setattr__(self, "counted_as", self.name if self.breaker is None else self.breaker.name)
        object.__setattr__(self, "first_limit", min(limits, default=None))
        object.__setattr__(self, "is_plain", all(other is None for other in others))

    @property
    def guards(self) -> tuple[object, ...]:
        """The policies that count calls: none of them may stand on a call's way twice."""
        counting = (self.breaker, self.bulkhead, self.limiter, self.fallback, *self.chaos)
        return tuple(policy for policy in counting if policy is not None)


def _require(name: str, value: object, kind: Any, what: str, *, optional: bool = False) -> None:
    if not (isinstance(value, kind) or (optional and value is None)):
        raise TypeError(f"{name} takes {what}, not {type(value).__name__!r}")
