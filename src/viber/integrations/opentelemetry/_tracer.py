"""The tracer that a factory is given."""

import os
from collections.abc import Callable, Collection
from math import inf
from time import monotonic
from typing import Final

from opentelemetry import context, trace
from opentelemetry.trace import NoOpTracerProvider, ProxyTracerProvider, SpanKind, TracerProvider

from viber.integrations.opentelemetry import _names as names
from viber.integrations.opentelemetry._attributes import Attributes
from viber.integrations.opentelemetry._call_span import CallSpan, current_call
from viber.integrations.opentelemetry._database import of_query
from viber.integrations.opentelemetry._events import shown_event
from viber.integrations.opentelemetry._generation import of_question
from viber.integrations.opentelemetry._spans import started
from viber.integrations.opentelemetry._url import server_of
from viber.observability import Event, Subject

_NOBODY: Final = (ProxyTracerProvider, NoOpTracerProvider)
_LOOKED_FOR: Final = 0.1
"""Seconds between two looks for an SDK: a look costs more than what else a call does for a tracer."""


class OpenTelemetryTracer:
    """A span for each call, one below it for each of its requests; retries and circuits are events of it.

    Without an SDK nothing is made at all. Neither prompts, answers, rows nor the values of filters are told.
    `propagate_to` names the hosts that get a `traceparent`; unless you say otherwise, that is Supabase, which
    is yours, and not Google. Baggage is never sent.

    Example:
        >>> from viber import ServiceFactory, Settings
        >>> services = ServiceFactory(Settings(), tracer=OpenTelemetryTracer())
    """

    def __init__(
        self,
        provider: TracerProvider | None = None,
        *,
        propagate_to: Collection[str] | None = None,
        now: Callable[[], float] = monotonic,
    ) -> None:
        chosen = os.environ.get(names.OPT_IN_VARIABLE, "")
        self._latest = names.LATEST_GEN_AI in (word.strip() for word in chosen.split(","))
        self._hosts = None if propagate_to is None else frozenset(map(str.lower, propagate_to))
        self._now = now
        self._tracer = trace.get_tracer("viber", tracer_provider=provider, schema_url=names.SCHEMA_URL)
        self._is_on = provider is not None
        self._look_at = -inf

    @property
    def is_on(self) -> bool:
        """Whether there is an SDK; it may come later than this tracer."""
        if not self._is_on and (now := self._now()) >= self._look_at:
            self._look_at = now + _LOOKED_FOR
            self._is_on = not isinstance(trace.get_tracer_provider(), _NOBODY)
        return self._is_on

    def start(self, service: str, operation: str, request_id: str, subject: Subject | None) -> CallSpan:
        """The span of a call begins, below the one that is current."""
        name, known = self._described(service, operation, subject)
        known[names.SERVICE] = service
        if request_id:
            known[names.REQUEST_ID] = request_id
        kind = SpanKind.INTERNAL if subject is None else SpanKind.CLIENT
        return CallSpan(
            self._tracer,
            started(self._tracer, name, context.get_current(), kind, known),
            now=self._now,
            propagates=self._is_own if service == "supabase" else self._is_named,
            latest=self._latest,
        )

    def tell(self, event: Event) -> None:
        """What happens to a call becomes an event of its span."""
        call = current_call()
        if call is not None and (shown := shown_event(event)) is not None:
            call.happened(*shown)

    def _described(self, service: str, operation: str, subject: Subject | None) -> tuple[str, Attributes]:
        if subject is None:
            return f"{service} {operation}".strip(), {}
        host, port = server_of(subject.url)
        if service == "gemini":
            name, known = of_question(operation, subject.asked, host=host, latest=self._latest)
        elif service == "supabase":
            name, known = of_query(operation)
        else:
            name, known = f"{service} {operation}".strip(), {}
        known[names.SERVER_ADDRESS] = host
        if port is not None:
            known[names.SERVER_PORT] = port
        return name, known

    def _is_own(self, url: str) -> bool:
        return self._hosts is None or self._is_named(url)

    def _is_named(self, url: str) -> bool:
        return self._hosts is not None and server_of(url)[0].lower() in self._hosts
