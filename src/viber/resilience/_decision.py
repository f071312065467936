"""Whether another attempt follows, as the policies of a pipeline have it."""

from collections.abc import Mapping
from typing import Final

from viber.errors import BaseError, CircuitOpenError, Delivery, RateLimitError, TimeoutError
from viber.machines import Judgement, Stop, decide
from viber.resilience._policies import Policies

REFUSALS: Final[Mapping[type[BaseError], Stop]] = {
    CircuitOpenError: Stop.CIRCUIT,
    TimeoutError: Stop.DEADLINE,
    RateLimitError: Stop.QUEUE,
}
"""Why the attempts end, when one of ours is turned away before it began."""


def next_step(
    policies: Policies,
    error: Exception | None,
    judgement: Judgement,
    *,
    attempt: int,
    idempotent: bool,
    remaining: float | None,
) -> float | Stop:
    """Seconds to wait before the next attempt, or why there is none; no error where a result was judged."""
    if isinstance(error, BaseError):
        if _is_final(error):
            return Stop.NOT_RETRYABLE
        if error.code in policies.retry.retryable_codes:
            judgement = judgement.made_retryable()
    return decide(
        policies.retry,
        judgement,
        attempt=attempt,
        idempotent=idempotent,
        remaining=remaining,
        rng=policies.rng,
        budget=policies.budget,
        now=policies.clock.now(),
    )


def _is_final(error: BaseError) -> bool:
    """Refused here, or a defect: never repeated, whatever a classification says of it."""
    is_local_limit = isinstance(error, RateLimitError) and error.delivery is Delivery.NOT_SENT
    return is_local_limit or isinstance(error, CircuitOpenError) or not error.operational
