"""Telling our own timeouts from everybody else's."""

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
