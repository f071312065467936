"""Whether to repeat a failed attempt, and when."""

from enum import Enum
from typing import Annotated, Self

from pydantic import Field, PositiveFloat

from viber._config import Config
from viber.machines._backoff import Jitter, Rng, exponential, jittered
from viber.machines._budget import RetryBudget
from viber.machines._verdict import Judgement


class RetryConfig(Config):
    """When and how often a failed attempt is repeated; every time in seconds.

    The wait before attempt n + 1 is `initial_delay * multiplier ** (n - 1)`, at most `max_delay`, spread by
    `jitter`, or what the server asked for if that is longer. A server that asks for more than
    `max_retry_after` is not waited for. Of the calls of the last ten seconds at most the share `budget_ratio`
    may be retries, or `budget_minimum` of them where that is more: so a failing service is not stormed.

    Example:
        >>> RetryConfig(max_attempts=5, jitter="none").max_attempts
        5
    """

    max_attempts: Annotated[int, Field(ge=1)] = 3
    """Attempts in all; 1 means no retry."""
    initial_delay: Annotated[float, Field(ge=0)] = 1.0
    multiplier: Annotated[float, Field(ge=1)] = 2.0
    max_delay: PositiveFloat = 30.0
    jitter: Jitter = "full"
    retryable_statuses: frozenset[Annotated[int, Field(ge=300, le=599)]] = frozenset(
        {408, 429, 500, 502, 503, 504}
    )
    """HTTP statuses worth another attempt where the service's own error code does not decide."""
    retryable_codes: frozenset[str] = frozenset()
    """Codes of errors (`BaseError.code`) that are worth another attempt besides those that say so."""
    max_retry_after: Annotated[float, Field(ge=0)] = 60.0
    budget_ratio: Annotated[float, Field(ge=0, le=1)] | None = 0.2
    """The share of recent calls that may be retries; None is no limit."""
    budget_minimum: Annotated[int, Field(ge=0)] = 10
    """Retries that are allowed in ten seconds however few calls there are."""

    @classmethod
    def aggressive(cls) -> Self:
        """Five attempts, waits up to 30 seconds."""
        return cls(max_attempts=5)

    @classmethod
    def conservative(cls) -> Self:
        """Two attempts, the second within half a second."""
        return cls(max_attempts=2, initial_delay=0.5, max_delay=5.0)

    def budget(self, now: float = 0.0) -> RetryBudget | None:
        """A new budget of this size; None where there is no limit."""
        if self.budget_ratio is None:
            return None
        return RetryBudget(ratio=self.budget_ratio, minimum=self.budget_minimum, now=now)


class Stop(Enum):
    """Why there is no other attempt; the text becomes a note on the error."""

    NOT_RETRYABLE = "another attempt would end the same way"
    UNSAFE = "not repeated: the server may have acted, and the operation is not idempotent"
    ATTEMPTS = "no attempts left"
    DEADLINE = "not repeated: the next attempt could not start in time"
    SERVER_DELAY = "not repeated: the server asks for a longer wait than max_retry_after"
    BUDGET = "not repeated: the retry budget is spent, most calls fail"
    CIRCUIT = "not repeated: the circuit has opened"
    QUEUE = "not repeated: the next attempt would have had to wait too long"


def decide(
    config: RetryConfig,
    judgement: Judgement,
    *,
    attempt: int,
    idempotent: bool,
    remaining: float | None,
    rng: Rng,
    budget: RetryBudget | None = None,
    now: float = 0.0,
) -> float | Stop:
    """Seconds to wait before the next attempt, or why there is none.

    `attempt` counts from 1 and has just failed; `remaining` is the time left for the whole call. The budget
    is asked last, and pays for the retry.
    """
    if obstacle := _obstacle(config, judgement, attempt=attempt, idempotent=idempotent):
        return obstacle
    delay = max(_scheduled(config, attempt, rng), judgement.retry_after or 0.0)
    if remaining is not None and delay >= remaining:
        return Stop.DEADLINE
    if budget is not None and not budget.withdraw(now):
        return Stop.BUDGET
    return delay


def _obstacle(config: RetryConfig, judgement: Judgement, *, attempt: int, idempotent: bool) -> Stop | None:
    if not judgement.retryable:
        return Stop.NOT_RETRYABLE
    if not (idempotent or judgement.safe):
        return Stop.UNSAFE
    if attempt >= config.max_attempts:
        return Stop.ATTEMPTS
    if judgement.retry_after is not None and judgement.retry_after > config.max_retry_after:
        return Stop.SERVER_DELAY
    return None


def _scheduled(config: RetryConfig, attempt: int, rng: Rng) -> float:
    ceiling = exponential(
        attempt - 1, initial=config.initial_delay, multiplier=config.multiplier, maximum=config.max_delay
    )
    return jittered(ceiling, config.jitter, rng)
