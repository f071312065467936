"""Traces: a span for each call, and one below it for each request. Needs the extra `opentelemetry`."""

from viber.integrations.opentelemetry._tracer import OpenTelemetryTracer

__all__ = ["OpenTelemetryTracer"]
