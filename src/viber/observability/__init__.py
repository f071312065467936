"""What can be seen of a call."""

import logging

from viber.observability._call_log import CallLog
from viber.observability._context import current_fields, current_request_id, log_context
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
    ResultMaybeTruncated,
    RetryScheduled,
)
from viber.observability._listeners import Listener, Listeners
from viber.observability._logs import (
    ConsoleFormatter,
    JsonFormatter,
    LogFormat,
    RedactingFilter,
    configure_logging,
)
from viber.observability._meters import ServiceMeter
from viber.observability._metrics import LATENCY_BOUNDS, Latency, Metrics, OperationMetrics, ServiceMetrics
from viber.observability._redaction import Redactor, redact_text
from viber.observability._tracing import CallTrace, RequestTrace, Subject, Tracer

__all__ = [
    "LATENCY_BOUNDS",
    "CallFinished",
    "CallLog",
    "CallRejected",
    "CallTrace",
    "CallWaited",
    "ChaosInjected",
    "CircuitChanged",
    "CircuitReconfigured",
    "ConsoleFormatter",
    "Event",
    "FallbackUsed",
    "Gate",
    "JsonFormatter",
    "Latency",
    "LimitPaused",
    "Listener",
    "Listeners",
    "LogFormat",
    "Metrics",
    "OperationMetrics",
    "RedactingFilter",
    "Redactor",
    "RequestTimed",
    "RequestTrace",
    "ResultMaybeTruncated",
    "RetryScheduled",
    "ServiceMeter",
    "ServiceMetrics",
    "Subject",
    "Tracer",
    "configure_logging",
    "current_fields",
    "current_request_id",
    "log_context",
    "redact_text",
]

logging.getLogger("viber").addHandler(logging.NullHandler())
