"""Events as log lines: one line a call, attempts only for those who debug."""

import logging
import random
from collections.abc import Callable
from functools import singledispatchmethod

from viber.errors import BaseError
from viber.machines import BreakerState
from viber.observability._events import (
    CallFinished,
    CallRejected,
    CallWaited,
    CircuitChanged,
    Event,
    FallbackUsed,
    LimitPaused,
    RequestTimed,
    RetryScheduled,
)

_log = logging.getLogger("viber.calls")


class CallLog:
    """A listener that writes what happens to `viber.calls`.

    A call that failed, or took `slow` seconds or longer, is always written; of the others this share
    (`sample`, 0.0 to 1.0). Neither bodies nor an error's details are written: they hold the data of users.

    Example::

        services = ServiceFactory(settings, listeners=[CallLog(sample=0.01, slow=2.0)])
    """

    def __init__(
        self,
        *,
        sample: float = 1.0,
        slow: float | None = 1.0,
        logger: logging.Logger = _log,
        rng: Callable[[], float] = random.random,
    ) -> None:
        if not 0.0 <= sample <= 1.0:
            raise ValueError(f"a share is from 0.0 to 1.0, not {sample}")
        self._sample = sample
        self._slow = slow
        self._log = logger
        self._rng = rng

    def __call__(self, event: Event) -> None:
        """Write the event, if its level is on."""
        self._write(event)

    @singledispatchmethod
    def _write(self, event: Event) -> None:
        self._say(logging.DEBUG, event, type(event).__name__)

    @_write.register
    def _(self, event: CallFinished) -> None:
        error = event.error
        is_slow = self._slow is not None and event.duration >= self._slow
        if error is None and not is_slow and self._sample < 1.0 and self._rng() >= self._sample:
            return
        outcome = "failed" if error is not None else "was slow" if is_slow else "succeeded"
        level = _level_of(error) if error is not None else logging.WARNING if is_slow else logging.INFO
        fields = {} if error is None else _fields_of(error)
        self._say(
            level,
            event,
            f"{event.operation or 'call'} {outcome}",
            operation=event.operation,
            request_id=event.request_id,
            attempts=event.attempts,
            duration=round(event.duration, 6),
            **fields,
        )

    @_write.register
    def _(self, event: RetryScheduled) -> None:
        error = event.error
        self._say(
            logging.DEBUG,
            event,
            f"{event.operation or 'call'} is tried again",
            operation=event.operation,
            request_id=event.request_id,
            attempt=event.attempt,
            delay=round(event.delay, 6),
            **({} if error is None else _fields_of(error)),
        )

    @_write.register
    def _(self, event: RequestTimed) -> None:
        self._say(
            logging.DEBUG,
            event,
            f"{event.operation} was sent",
            operation=event.operation,
            request_id=event.request_id,
            attempt=event.attempt,
            status=event.status,
            queue=round(event.queue, 6),
            connect=round(event.connect, 6),
            head=round(event.head, 6),
            body=round(event.body, 6),
        )

    @_write.register
    def _(self, event: CircuitChanged) -> None:
        is_bad = event.after in (BreakerState.OPEN, BreakerState.ISOLATED)
        level = logging.WARNING if is_bad else logging.INFO
        self._say(
            level,
            event,
            f"circuit {event.after.value}",
            before=event.before.value,
            trigger=event.trigger.value,
        )

    @_write.register
    def _(self, event: CallRejected) -> None:
        self._say(logging.DEBUG, event, f"{event.gate} rejected a call", retry_after=event.retry_after)

    @_write.register
    def _(self, event: CallWaited) -> None:
        self._say(logging.DEBUG, event, f"{event.gate} let a call wait", seconds=round(event.seconds, 6))

    @_write.register
    def _(self, event: LimitPaused) -> None:
        self._say(logging.WARNING, event, "the service asks for a pause", seconds=event.seconds)

    @_write.register
    def _(self, event: FallbackUsed) -> None:
        self._say(logging.WARNING, event, "a fallback answered", **_fields_of(event.error))

    def _say(self, level: int, event: Event, message: str, **fields: object) -> None:
        if self._log.isEnabledFor(level):
            self._log.log(level, "%s: %s", event.service, message, extra={"service": event.service, **fields})


def _level_of(error: BaseException) -> int:
    if not isinstance(error, Exception):
        return logging.INFO
    return logging.ERROR if isinstance(error, BaseError) and not error.operational else logging.WARNING


def _fields_of(error: BaseException) -> dict[str, object]:
    if not isinstance(error, BaseError):
        return {"error": type(error).__name__}
    fields: dict[str, object] = {
        "error": type(error).__name__,
        "code": error.code,
        "reason": error.message,
        "delivery": error.delivery.value,
    }
    return fields if error.status is None else {**fields, "status": error.status}
