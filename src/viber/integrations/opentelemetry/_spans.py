"""Spans that are made and ended without ever failing a call: an SDK's own processors may raise."""

import logging

from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, Tracer

from viber.integrations.opentelemetry._attributes import Attributes

_log = logging.getLogger("viber")


def started(tracer: Tracer, name: str, context: Context, kind: SpanKind, attributes: Attributes) -> Span:
    """A span, or one that records nothing."""
    try:
        return tracer.start_span(name, context, kind, attributes)
    except Exception:  # noqa: BLE001 - foreign code, and its failure must not become the caller's
        _log.exception("a span could not be started")
        return INVALID_SPAN


def ended(span: Span) -> None:
    """The span is over."""
    try:
        span.end()
    except Exception:  # noqa: BLE001 - as above
        _log.exception("a span could not be ended")
