"""Whether to repeat a failed attempt, and when."""

from enum import Enum
from typing import Annotated, Self

from pydantic import Field, PositiveFloat

from viber._config import Config
from viber.machines._backoff import Jitter, Rng, exponential, jittered
from viber.machines._verdict import Judgement


class RetryConfig(Config):
    """When and how often a failed attempt is repeated; every time in seconds.

    The wait before attempt n + 1 is `initial_delay * multiplier ** (n - 1)`, at most `max_delay`, spread by
    `jitter`, or what the server asked for if that is longer. A server that asks for more than
    `max_retry_after` is not waited for.

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

    @classmethod
    def aggressive(cls) -> Self:
        """Five attempts, waits up to 30 seconds."""
        return cls(max_attempts=5)

    @classmethod
    def conservative(cls) -> Self:
        """Two attempts, the second within half a second."""
        return cls(max_attempts=2, initial_delay=0.5, max_delay=5.0)


class Stop(Enum):
    """Why there is no other attempt; the text becomes a note on the error."""

    NOT_RETRYABLE = "another attempt would end the same way"
    UNSAFE = "not repeated: the server may have acted, and the operation is not idempotent"
    ATTEMPTS = "no attempts left"
    DEADLINE = "not repeated: the next attempt could not start in time"
    SERVER_DELAY = "not repeated: the server asks for a longer wait than max_retry_after"
    CIRCUIT = "not repeated: the circuit has opened"


def decide(
    config: RetryConfig,
    judgement: Judgement,
    *,
    attempt: int,
    idempotent: bool,
    remaining: float | None,
    rng: Rng,
) -> float | Stop:
    """Seconds to wait before the next attempt, or why there is none.

    `attempt` counts from 1 and has just failed; `remaining` is the time left for the whole call.
    """
    if not judgement.retryable:
        return Stop.NOT_RETRYABLE
    if not (idempotent or judgement.safe):
        return Stop.UNSAFE
    if attempt >= config.max_attempts:
        return Stop.ATTEMPTS
    if judgement.retry_after is not None and judgement.retry_after > config.max_retry_after:
        return Stop.SERVER_DELAY
    delay = max(_scheduled(config, attempt, rng), judgement.retry_after or 0.0)
    if remaining is not None and delay >= remaining:
        return Stop.DEADLINE
    return delay


def _scheduled(config: RetryConfig, attempt: int, rng: Rng) -> float:
    ceiling = exponential(
        attempt - 1, initial=config.initial_delay, multiplier=config.multiplier, maximum=config.max_delay
    )
    return jittered(ceiling, config.jitter, rng)
