"""What can be seen of a call."""

import logging

from viber.observability._events import (
    CallFinished,
    CallRejected,
    CallWaited,
    ChaosInjected,
    CircuitChanged,
    CircuitReconfigured,
    Event,
    FallbackUsed,
    Gate,
    LimitPaused,
    RequestTimed,
    RetryScheduled,
)
from viber.observability._listeners import Listener, Listeners
from viber.observability._redaction import Redactor, redact_text

__all__ = [
    "CallFinished",
    "CallRejected",
    "CallWaited",
    "ChaosInjected",
    "CircuitChanged",
    "CircuitReconfigured",
    "Event",
    "FallbackUsed",
    "Gate",
    "LimitPaused",
    "Listener",
    "Listeners",
    "Redactor",
    "RequestTimed",
    "RetryScheduled",
    "redact_text",
]

logging.getLogger("viber").addHandler(logging.NullHandler())
