"""Services whose spans are kept in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from viber.factory import ServiceFactory
from viber.integrations.opentelemetry import OpenTelemetryTracer
from viber.settings import Settings
from viber.testing import FakeClock, ScriptedTransport

SETTINGS = {
    "SUPABASE_URL": "https://abc.supabase.co",
    "SUPABASE_ANON_KEY": "anon-key",
    "GEMINI_API_KEY": "gemini-key",
}


@dataclass
class Traced:
    """Services over a script, and what their tracer made."""

    services: ServiceFactory
    transport: ScriptedTransport
    clock: FakeClock
    exporter: InMemorySpanExporter
    provider: TracerProvider = field(repr=False)

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        """Those that ended, in that order."""
        return tuple(self.exporter.get_finished_spans())

    @property
    def call(self) -> ReadableSpan:
        """The only span that is no request's."""
        (call,) = (span for span in self.spans if not is_request(span))
        return call

    @property
    def requests(self) -> list[ReadableSpan]:
        """The spans of requests."""
        return [span for span in self.spans if is_request(span)]


def is_request(span: ReadableSpan) -> bool:
    return "http.request.method" in (span.attributes or {})


@pytest.fixture
def trace() -> Callable[..., Traced]:
    """Make services whose transport plays a script."""

    def make(*script: Any, **options: Any) -> Traced:
        clock = FakeClock(auto=True)
        transport = ScriptedTransport(*script, clock=clock)
        exporter, provider = InMemorySpanExporter(), TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        services = ServiceFactory(
            Settings.from_env(SETTINGS),
            clock=clock,
            create_transport=lambda _config, _url: transport,
            tracer=OpenTelemetryTracer(provider, now=clock.now, **options),
        )
        return Traced(services, transport, clock, exporter, provider)

    return make
