"""What all calls to one place share."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from viber.clock import Clock
from viber.machines import CircuitBreakerConfig, RateLimit, RetryBudget, RetryConfig, Rng
from viber.observability import Listeners, ServiceMetrics
from viber.resilience._bulkhead import Bulkhead
from viber.resilience._circuit_breaker import CircuitBreaker
from viber.resilience._rate_limiter import RateLimiter


@dataclass(frozen=True, slots=True)
class Guards:
    """The circuit breaker, retry budget, rate limiter and bulkhead of one place, whoever calls it."""

    breaker: CircuitBreaker
    budget: RetryBudget | None
    limiter: RateLimiter | None
    bulkhead: Bulkhead | None

    @classmethod
    def create(
        cls,
        name: str,
        *,
        breaker: CircuitBreakerConfig | None,
        retry: RetryConfig,
        rate_limits: Sequence[RateLimit],
        max_concurrent: int | None,
        max_queue: int,
        clock: Clock,
        rng: Rng,
        listeners: Listeners,
    ) -> Self:
        """Those that are asked for: no limiter without limits, no bulkhead without a width."""
        limiter = bulkhead = None
        if rate_limits:
            limiter = RateLimiter(*rate_limits, name=name, clock=clock, listeners=listeners)
        if max_concurrent is not None:
            bulkhead = Bulkhead(
                max_concurrent, max_queue=max_queue, name=name, clock=clock, listeners=listeners
            )
        circuit = CircuitBreaker(name, breaker, clock=clock, rng=rng, listeners=listeners)
        return cls(circuit, retry.budget(clock.now()), limiter, bulkhead)

    def added_to(self, metrics: ServiceMetrics) -> ServiceMetrics:
        """The numbers of the calls, and how these stand."""
        bulkhead = self.bulkhead
        limiter = None if self.limiter is None else self.limiter.status()
        return replace(
            metrics,
            circuit=self.breaker.snapshot(),
            limits=() if limiter is None else limiter.limits,
            in_flight=None if bulkhead is None else bulkhead.taken,
            queued=(bulkhead.waiting if bulkhead else 0) + (limiter.waiting if limiter else 0),
        )
