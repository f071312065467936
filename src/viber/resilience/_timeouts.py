"""What follows a failed attempt; our own timeouts are told from everybody else's."""

import asyncio
import builtins

from viber.errors import TimeoutError
from viber.resilience._call import Call


def translated(error: BaseException, scope: asyncio.Timeout | None, call: Call) -> BaseException:
    """Our own TimeoutError where the scope ran out; a TimeoutError that the function raised is its own."""
    ran_out = isinstance(error, builtins.TimeoutError) and isinstance(error.__cause__, asyncio.CancelledError)
    if scope is None or not (ran_out and scope.expired()):
        return error
    is_total = call.limit != call.policies.timeout
    return TimeoutError(
        f"no answer within {call.limit:.3g} s", code="timeout.total" if is_total else "timeout.attempt"
    )


def delay_after(error: BaseException, scope: asyncio.Timeout | None, call: Call) -> float | None:
    """An attempt failed; seconds until the next one, None if this error ends the call.

    Raises:
        TimeoutError: it ends the call, and is ours.
    """
    failure = translated(error, scope, call)
    delay = call.fail(failure)
    if delay is None and failure is not error:
        try:
            raise failure from error
        finally:
            del failure  # its traceback holds this frame
    return delay


def delay_after_first(error: BaseException, scope: asyncio.Timeout | None, call: Call) -> float | None:
    """`delay_after`, for a first attempt that nobody has followed."""
    try:
        delay = delay_after(error, scope, call)
    except BaseException as ended:
        call.finish(ended)
        raise
    if delay is None:
        call.finish(error)
    return delay
