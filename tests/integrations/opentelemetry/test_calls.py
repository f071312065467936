"""A call as spans: one for the call, one below it for each request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry import baggage, context
from opentelemetry import trace as otel
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind, StatusCode

from viber.errors import BaseError, CircuitOpenError, SupabaseError, TransportError
from viber.integrations.opentelemetry import OpenTelemetryTracer
from viber.machines import CircuitBreakerConfig, RetryConfig
from viber.observability import Listeners
from viber.resilience import CircuitBreaker, Pipeline
from viber.testing import Fail, FakeClock, Hang, Reply

ROWS = Reply(json=[{"id": 1}])
Trace = Callable[..., Any]


def select(traced: Any) -> Any:
    return traced.services.supabase.table("users").select("id").run()


def traceparent(request: Any) -> list[str]:
    return [value for name, value in request.headers if name == "traceparent"]


async def test_a_call_has_a_span_and_its_requests_have_theirs(trace: Trace) -> None:
    """The request's span is the child of the call's, and both are a client's."""
    traced = trace(ROWS)
    await select(traced)
    request, call = traced.spans
    assert (call.name, request.name) == ("SELECT users", "GET")
    assert call.kind is request.kind is SpanKind.CLIENT
    assert request.parent.span_id == call.context.span_id
    assert call.instrumentation_scope.name == "viber"


async def test_a_call_is_a_child_of_what_is_current(trace: Trace) -> None:
    """The spans of the application and ours are one trace."""
    traced = trace(ROWS)
    tracer = traced.provider.get_tracer("application")
    with tracer.start_as_current_span("page") as page:
        await select(traced)
    assert traced.spans[1].parent.span_id == page.get_span_context().span_id


async def test_a_request_says_where_it_went_and_what_came(trace: Trace) -> None:
    """The stable conventions for clients of HTTP."""
    traced = trace(ROWS)
    await traced.services.supabase.table("users").select("id").eq("email", "ada@example.com").run()
    assert dict(traced.requests[0].attributes) == {
        "http.request.method": "GET",
        "url.full": "https://abc.supabase.co/rest/v1/users?select=id&email=REDACTED",
        "server.address": "abc.supabase.co",
        "server.port": 443,
        "http.response.status_code": 200,
    }


async def test_each_attempt_is_a_span_and_each_retry_an_event(trace: Trace) -> None:
    """A call that succeeded at last shows what it went through, and is no failure."""
    traced = trace(Reply(503), Fail(TransportError("reset")), ROWS)
    await select(traced)
    first, second, third = traced.requests
    assert [each.status.status_code for each in traced.requests] == [
        StatusCode.ERROR,
        StatusCode.ERROR,
        StatusCode.UNSET,
    ]
    assert [each.attributes.get("http.request.resend_count") for each in (first, second, third)] == [
        None,
        1,
        2,
    ]
    assert [first.attributes["error.type"], second.attributes["error.type"]] == ["503", "transport.error"]
    assert traced.call.status.status_code is StatusCode.UNSET
    assert traced.call.attributes["viber.attempts"] == 3
    retries = [(event.name, event.attributes["viber.attempt"]) for event in traced.call.events]
    assert retries == [("viber.retry", 1), ("viber.retry", 2)]


async def test_each_attempt_hands_on_an_id_of_its_own(trace: Trace) -> None:
    """The server's spans hang below the attempt that reached it."""
    traced = trace(Reply(503), ROWS)
    await select(traced)
    sent = [traceparent(request)[0].split("-") for request in traced.transport.requests]
    assert [parts[1] for parts in sent] == [f"{traced.call.context.trace_id:032x}"] * 2
    assert [parts[2] for parts in sent] == [f"{span.context.span_id:016x}" for span in traced.requests]


async def test_baggage_stays_at_home(trace: Trace) -> None:
    """What an application tells its own services is not for others."""
    traced = trace(ROWS)
    token = context.attach(baggage.set_baggage("customer", "ada"))
    try:
        await select(traced)
    finally:
        context.detach(token)
    assert "baggage" not in {name for name, _ in traced.transport.requests[0].headers}


async def test_google_is_told_nothing(trace: Trace) -> None:
    """A trace is handed on to one's own servers; others have to be named."""
    traced = trace(Reply(404))
    with pytest.raises(BaseError):
        await traced.services.gemini.generate_content("hello")
    assert traceparent(traced.transport.requests[0]) == []


@pytest.mark.parametrize(
    ("hosts", "told"),
    [
        ((), [False, False]),
        (["Generativelanguage.googleapis.com"], [False, True]),
        (["abc.supabase.co"], [True, False]),
    ],
)
async def test_hosts_may_be_named(trace: Trace, hosts: list[str], told: list[bool]) -> None:
    """Then these get the trace, and no other."""
    traced = trace(ROWS, Reply(404), propagate_to=hosts)
    await select(traced)
    with pytest.raises(BaseError):
        await traced.services.gemini.generate_content("hello")
    assert [bool(traceparent(request)) for request in traced.transport.requests] == told


async def test_a_traceparent_of_ones_own_is_left_alone(trace: Trace) -> None:
    """Two of them would be none."""
    traced = trace(ROWS)
    db = traced.services.supabase.with_options(headers={"traceparent": "mine"})
    await db.table("users").select("id").run()
    assert traceparent(traced.transport.requests[0]) == ["mine"]


async def test_a_failure_has_its_code(trace: Trace) -> None:
    """The call's span says by what it failed; the server's own code where it told one."""
    traced = trace(Reply(400, json={"code": "42703", "message": "column users.x does not exist"}))
    with pytest.raises(SupabaseError):
        await select(traced)
    assert traced.call.status.status_code is StatusCode.ERROR
    assert traced.call.status.description == "column users.x does not exist"
    assert traced.call.attributes["db.response.status_code"] == "42703"
    assert traced.call.attributes["error.type"] == "42703"


async def test_a_call_that_was_given_up_is_no_failure(trace: Trace) -> None:
    """Its spans end, and say that it was cancelled."""
    traced = trace(Hang())
    running = asyncio.create_task(select(traced))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert [span.status.status_code for span in traced.spans] == [StatusCode.UNSET] * 2
    assert {span.attributes["error.type"] for span in traced.spans} == {"cancelled"}


async def test_a_circuit_that_opens_is_an_event_of_the_call_that_opened_it(trace: Trace) -> None:
    """Whoever looks at the trace sees why the calls after it were refused, and that they were."""
    traced = trace()
    quotes = traced.services.pipeline(
        "quotes", breaker=CircuitBreakerConfig(failure_threshold=1), retry=RetryConfig(max_attempts=1)
    )

    async def fetch() -> None:
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        await quotes.run(fetch)
    with pytest.raises(CircuitOpenError):
        await quotes.run(fetch)
    opening, refused = traced.spans
    [changed] = opening.events
    assert changed.name == "viber.circuit_changed"
    assert changed.attributes["viber.circuit.after"] == "open"
    assert [event.name for event in refused.events] == ["viber.call_rejected"]
    assert refused.attributes["error.type"] == "circuit.open"


async def test_what_a_function_of_ones_own_does_is_part_of_its_call(trace: Trace) -> None:
    """The span is current while the function runs, and no longer."""
    traced = trace(ROWS)
    quotes = traced.services.pipeline("quotes")

    async def fetch() -> int:
        await select(traced)
        return otel.get_current_span().get_span_context().span_id

    inner = await quotes.run(fetch)
    outer = traced.spans[-1]
    assert (outer.name.split()[0], outer.kind) == ("quotes", SpanKind.INTERNAL)
    assert inner == outer.context.span_id
    assert traced.spans[1].parent.span_id == inner
    assert not otel.get_current_span().get_span_context().is_valid


async def test_attempts_of_a_loop_are_one_call(trace: Trace) -> None:
    """The block is part of the call; what stands between two blocks is not."""
    traced = trace()
    seen: list[bool] = []
    async for attempt in traced.services.pipeline("quotes", idempotent=True).attempts(operation="fetch"):
        seen.append(otel.get_current_span().get_span_context().is_valid)
        async with attempt:
            seen.append(otel.get_current_span().get_span_context().is_valid)
            if attempt.number == 1:
                raise ConnectionError("gone")
    assert seen == [False, True, False, True]
    assert [event.name for event in traced.call.events] == ["viber.retry"]
    assert traced.call.name == "quotes fetch"


async def test_without_an_sdk_nothing_is_made() -> None:
    """The API alone records nothing: no span is built, no header sent, and a plain call stays plain."""
    tracer = OpenTelemetryTracer()
    pipeline = Pipeline("quotes", listeners=Listeners(tracer=tracer))

    async def fetch() -> bool:
        return otel.get_current_span().get_span_context().is_valid

    assert not tracer.is_on
    assert await pipeline.run(fetch) is False


async def test_a_processor_that_raises_fails_no_call(trace: Trace) -> None:
    """What an SDK does with a span is its own affair."""
    traced = trace(ROWS)

    class Broken:
        def on_start(self, span: object, parent_context: object = None) -> None:
            raise ZeroDivisionError

        def _on_ending(self, span: object) -> None: ...

        def on_end(self, span: object) -> None: ...

        def shutdown(self) -> None: ...

    traced.provider.add_span_processor(Broken())
    assert await select(traced) == [{"id": 1}]


async def test_a_circuit_may_be_shared_by_what_is_traced_and_what_is_not() -> None:
    """An event outside of any call of ours is nobody's."""
    clock = FakeClock()
    tracer = OpenTelemetryTracer(TracerProvider())
    breaker = CircuitBreaker("quotes", clock=clock, listeners=Listeners(tracer=tracer))
    breaker.isolate()
    assert breaker.state.value == "isolated"


async def test_an_sdk_may_come_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked for now and then: an application may set it up after the services."""
    clock = FakeClock()
    tracer = OpenTelemetryTracer(now=clock.now)
    assert not tracer.is_on
    monkeypatch.setattr(otel, "get_tracer_provider", TracerProvider)
    assert not tracer.is_on
    await clock.advance(1.0)
    assert tracer.is_on
