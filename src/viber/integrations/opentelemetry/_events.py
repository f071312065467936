"""Events of ours as events of a span."""

from functools import singledispatch

from viber.integrations.opentelemetry import _names as names
from viber.integrations.opentelemetry._attributes import Attributes
from viber.observability import CallRejected, CallWaited, CircuitChanged, LimitPaused

Shown = tuple[str, Attributes]


@singledispatch
def shown_event(_event: object) -> Shown | None:
    """Its name and what it says; None for what a span tells in another way."""
    return None


@shown_event.register
def _(event: CircuitChanged) -> Shown | None:
    return names.CIRCUIT_CHANGED, {
        names.SERVICE: event.service,
        names.BEFORE: event.before.value,
        names.AFTER: event.after.value,
        names.TRIGGER: event.trigger.value,
    }


@shown_event.register
def _(event: CallRejected) -> Shown | None:
    said: Attributes = {names.SERVICE: event.service, names.GATE: event.gate}
    if event.retry_after is not None:
        said[names.RETRY_AFTER] = event.retry_after
    return names.CALL_REJECTED, said


@shown_event.register
def _(event: CallWaited) -> Shown | None:
    return names.CALL_WAITED, {
        names.SERVICE: event.service,
        names.GATE: event.gate,
        names.SECONDS: event.seconds,
    }


@shown_event.register
def _(event: LimitPaused) -> Shown | None:
    return names.LIMIT_PAUSED, {names.SERVICE: event.service, names.SECONDS: event.seconds}
