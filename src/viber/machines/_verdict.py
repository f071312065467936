"""What one outcome means: for the breaker, and for whoever thinks of repeating the call."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from viber import errors
from viber.errors import BaseError, Delivery


class Verdict(Enum):
    """What an outcome says about the health of the service."""

    SUCCESS = "success"
    """It is alive: it answered, be it with a 404."""
    FAILURE = "failure"
    """It is not well: it failed, was silent, or could not be reached."""
    IGNORED = "ignored"
    """Neither good nor bad news: a cancellation, a local refusal, the caller's own fault."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an exception means; `safe` says that a repeat cannot double anything, whatever the operation."""

    verdict: Verdict
    retryable: bool = False
    safe: bool = False
    retry_after: float | None = None

    def made_retryable(self) -> "Judgement":
        """The same, worth another attempt."""
        return replace(self, retryable=True)


Classify = Callable[[BaseException], Judgement]
"""Maps the exceptions of a foreign function to judgements."""

ClassifyResult = Callable[[Any], "Judgement | None"]
"""Judges what a function returned; None: it is good."""

_IGNORED = Judgement(Verdict.IGNORED)
_FAILURE = Judgement(Verdict.FAILURE)
_REPEATABLE_FAILURE = Judgement(Verdict.FAILURE, retryable=True)
_UNHEALTHY = (
    errors.ServerError,
    errors.TimeoutError,
    errors.TransportError,
    errors.StreamInterruptedError,
    errors.InternalError,
)


def judge(error: BaseException) -> Judgement:
    """The judgement of an exception that nobody said more about.

    An error of ours says itself what it is. `OSError` (the builtin `TimeoutError` among them) is a failure
    that may pass; any other exception is a failure that may not; what is no `Exception` (cancellation,
    `KeyboardInterrupt`) says nothing.
    """
    match error:
        case BaseError():
            return _judge_own(error)
        case OSError():
            return _REPEATABLE_FAILURE
        case Exception():
            return _FAILURE
        case _:
            return _IGNORED


def retry_on(*kinds: type[Exception]) -> Classify:
    """Judges that these exceptions may pass and are safe to repeat; all others as `judge` does.

    Example:
        >>> retry_on(ConnectionError)(ConnectionResetError()).safe
        True
    """

    def classify(error: BaseException) -> Judgement:
        if isinstance(error, kinds):
            return replace(judge(error), retryable=True, safe=True)
        return judge(error)

    return classify


def _judge_own(error: BaseError) -> Judgement:
    return Judgement(
        _verdict_of(error),
        retryable=error.retryable and error.operational and not _is_local_limit(error),
        safe=error.unapplied or error.delivery is Delivery.NOT_SENT,
        retry_after=error.retry_after,
    )


def _is_local_limit(error: BaseError) -> bool:
    """Refused here, after a wait that was too long already: the caller is told, and decides."""
    return isinstance(error, errors.RateLimitError) and error.delivery is Delivery.NOT_SENT


def _verdict_of(error: BaseError) -> Verdict:
    if error.neutral:
        return Verdict.IGNORED
    if isinstance(error, _UNHEALTHY):
        return Verdict.FAILURE
    return Verdict.IGNORED if error.delivery is Delivery.NOT_SENT else Verdict.SUCCESS
