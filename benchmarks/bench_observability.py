"""What it costs to be seen: events, metrics, spans, log lines, redaction, durations."""

import asyncio
import io
import json
import logging
from collections.abc import Callable, Sequence
from typing import Any

import prometheus_client
import structlog
from _harness import Candidate, Effort, Run, Table, compare
from _report import publish
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from viber import CircuitBreaker, Pipeline, ServiceFactory, Settings
from viber.http import Request, Response
from viber.integrations.opentelemetry import OpenTelemetryTracer
from viber.integrations.structlog import RedactingProcessor
from viber.machines import Histogram, RecentHistogram
from viber.observability import (
    CallLog,
    ConsoleFormatter,
    Event,
    JsonFormatter,
    Listeners,
    Metrics,
    RedactingFilter,
    Redactor,
    ServiceMeter,
    redact_text,
)

PACKAGES = ("opentelemetry-sdk", "prometheus-client", "structlog")
ANSWER = object()
NOBODY = "nobody listens"
SMALL = {"user": "ada", "password": "hunter2", "api_key": "abc", "count": 3, "message": "all is well"}
SAFE = {
    "user": "ada",
    "password": "[redacted]",
    "api_key": "[redacted]",
    "count": 3,
    "message": "all is well",
}
PAIRS = [{"id": number, "name": f"customer {number}", "token": "abc"} for number in range(50)]
HEADERS = [
    ("content-type", "application/json"),
    ("authorization", "Bearer abc"),
    ("x-request-id", "r-1"),
] * 10
MEGABYTE = 1_000_000
HOSTILE = ("eyJ", "bearer ", "://a:", '"key":', "1 ", "password=")


def nested(levels: int, keys: int = 19) -> dict[str, Any]:
    """A structure of five levels and 105 keys, as the original was measured with."""
    values: dict[str, Any] = {f"field_{number}": f"value {number}" for number in range(keys)}
    values["password"] = "hunter2"
    return values | ({"inner": nested(levels - 1)} if levels > 1 else {})


async def fetch() -> object:
    return ANSWER


def calls(make: Callable[[], Listeners]) -> Run:
    async def run(count: int) -> None:
        pipeline = Pipeline(
            "quotes", timeout=10.0, total_timeout=30.0, breaker=CircuitBreaker("quotes"), listeners=make()
        )
        for number in range(count):
            if await pipeline.run(fetch) is not ANSWER:
                raise AssertionError
            if number % 100 == 0:
                await asyncio.sleep(0)  # a turn of the loop drops the timers, and what they hold

    return run


def deaf(event: Event) -> None:
    if not event.service:
        raise TypeError(event)


def also_deaf(event: Event) -> None:
    deaf(event)


def deaf_too(event: Event) -> None:
    deaf(event)


def left_alone() -> Listeners:
    listeners = Listeners()
    listeners.add(deaf)()
    return listeners


def provider(**options: Any) -> TracerProvider:
    made = TracerProvider(shutdown_on_exit=False, **options)
    made.add_span_processor(SpanProcessor())
    return made


def tracers() -> dict[str, Callable[[], OpenTelemetryTracer | None]]:
    return {
        NOBODY: lambda: None,
        "a tracer, no SDK": OpenTelemetryTracer,
        "a tracer, nothing sampled": lambda: OpenTelemetryTracer(provider(sampler=ALWAYS_OFF)),
        "a tracer, everything recorded": lambda: OpenTelemetryTracer(provider()),
    }


def pipelines() -> list[Candidate]:
    quiet = logging.getLogger("viber.bench")
    quiet.setLevel(logging.CRITICAL)
    makes: dict[str, Callable[[], Listeners]] = {
        NOBODY: Listeners,
        "somebody did, and left": left_alone,
        "metrics": lambda: Listeners(metrics=Metrics()),
        "one listener": lambda: Listeners(deaf),
        "three listeners": lambda: Listeners(deaf, also_deaf, deaf_too),
        "`CallLog`, its level off": lambda: Listeners(CallLog(logger=quiet)),
    }
    for name, make in list(tracers().items())[1:]:
        makes[name] = lambda make=make: Listeners(tracer=make())
    return [Candidate(name, calls(make)) for name, make in makes.items()]


class Canned:
    """A transport that answers at once."""

    async def send(self, request: Request) -> Response:
        if not request.url.startswith("https://abc.supabase.co/rest/v1/users?"):
            raise AssertionError(request)
        return Response(200, {"content-type": "application/json"}, b'[{"id":1}]')

    async def open(self, request: Request) -> Any:
        raise NotImplementedError

    async def aclose(self) -> None:
        """Nothing is open."""


def selects() -> list[Candidate]:
    settings = Settings.from_env({"SUPABASE_URL": "https://abc.supabase.co", "SUPABASE_ANON_KEY": "key"})

    def select(tracer: Callable[[], Any], *, metrics: bool = False) -> Run:
        async def run(count: int) -> None:
            services = ServiceFactory(
                settings, create_transport=lambda *_: Canned(), tracer=tracer(), metrics=metrics
            )
            query = services.supabase.table("users").select("id").eq("email", "ada@example.com")
            for number in range(count):
                if await query != [{"id": 1}]:
                    raise AssertionError
                if number % 100 == 0:
                    await asyncio.sleep(0)

        return run

    found = [Candidate(name, select(make)) for name, make in tracers().items()]
    return [*found, Candidate("metrics", select(lambda: None, metrics=True))]


def repeated(work: Callable[[], object], expected: object = None) -> Run:
    async def run(count: int) -> None:
        if expected is not None and work() != expected:
            raise AssertionError(work())
        for _ in range(count):
            work()

    return run


def redactions(value: Any, expected: Any = None) -> list[Candidate]:
    redact = Redactor()
    return [
        Candidate("json, there and back", repeated(lambda: json.loads(json.dumps(value)))),
        Candidate("**viber**", repeated(lambda: redact(value), expected)),
        Candidate("**viber**, when every name is new to it", repeated(lambda: Redactor()(value))),
    ]


def lines() -> list[Candidate]:
    record = logging.makeLogRecord(
        {"msg": "select %s took %.3f s", "args": ("users", 0.25), "name": "app", "levelname": "INFO"}
        | {"service": "supabase", "operation": "select users", "status": 200, "attempts": 1, "user": "ada"}
    )
    fields = {"service": "supabase", "operation": "select users", "status": 200, "attempts": 1, "user": "ada"}
    rendered = io.StringIO()
    loggers = [
        structlog.wrap_logger(structlog.PrintLogger(rendered), processors=processors)
        for processors in (
            [structlog.processors.add_log_level, structlog.processors.JSONRenderer()],
            [structlog.processors.add_log_level, RedactingProcessor(), structlog.processors.JSONRenderer()],
        )
    ]
    plain, secret, filtered = JsonFormatter(), ConsoleFormatter(), RedactingFilter()
    quiet = logging.getLogger("viber.bench")
    quiet.setLevel(logging.CRITICAL)

    def by_structlog(logger: Any) -> Callable[[], object]:
        return lambda: (rendered.seek(0), logger.info("select users took 0.250 s", **fields))

    return [
        Candidate("json.dumps of the fields", repeated(lambda: json.dumps(record.__dict__, default=str))),
        Candidate("**viber** `JsonFormatter`", repeated(lambda: plain.format(record))),
        Candidate("**viber** `ConsoleFormatter`", repeated(lambda: secret.format(record))),
        Candidate("**viber** `RedactingFilter`", repeated(lambda: filtered.filter(record))),
        Candidate("structlog as JSON, nothing redacted", repeated(by_structlog(loggers[0]))),
        Candidate("structlog as JSON, **viber**'s processor", repeated(by_structlog(loggers[1]))),
        Candidate("a line whose level is off", repeated(lambda: quiet.info("x", extra=fields))),
    ]


def texts() -> list[Candidate]:
    line = "select users took 0.250 s, and 12 rows came; the next page begins at 340. "
    redact = Redactor()
    found = [
        Candidate("ordinary words", repeated(lambda: redact_text(words(line)))),
        Candidate("ordinary words, by a `Redactor` that cuts", repeated(lambda: redact.text(words(line)))),
    ]
    for part in HOSTILE:
        text = words(part)
        found.append(Candidate(f"`{part}` again and again", repeated(lambda text=text: redact_text(text))))
        found.append(Candidate(f"`{part}`, by a `Redactor`", repeated(lambda text=text: redact.text(text))))
    return found


def words(part: str) -> str:
    return part * (MEGABYTE // len(part))


def durations() -> list[Candidate]:
    histogram, recent, meter = Histogram(), RecentHistogram(), ServiceMeter()
    child = prometheus_client.Histogram(
        "duration_seconds", "x", ["operation"], registry=prometheus_client.CollectorRegistry()
    ).labels("select users")
    return [
        Candidate("a call of an empty function", repeated(lambda: None)),
        Candidate("**viber** `Histogram.record`", repeated(lambda: histogram.record(0.0123))),
        Candidate("**viber** `RecentHistogram.record`", repeated(lambda: recent.record(5.0, 0.0123))),
        Candidate(
            "**viber** a call counted", repeated(lambda: meter.finished("select users", 1, 0.0123, None, 5.0))
        ),
        Candidate("prometheus-client, a labelled child kept", repeated(lambda: child.observe(0.0123))),
    ]


async def main(effort: Effort) -> None:
    async def table(
        title: str, candidates: Sequence[Candidate], operations: int = 10_000, yardstick: str = ""
    ) -> Table:
        first = yardstick or candidates[0].name
        return await compare(title, candidates, yardstick=first, operations=operations, effort=effort)

    tables = [
        await table("A call through timeout, breaker and retry", pipelines()),
        await table("A select, over a transport that answers at once", selects(), 2_000),
        await table("Redaction: 5 keys, 2 of them secret", redactions(SMALL, SAFE)),
        await table("Redaction: 105 keys in 5 levels", redactions(nested(5)), 1_000),
        await table("Redaction: 50 objects of 3 keys", redactions(PAIRS), 500),
        await table("Redaction: 30 header fields as pairs", redactions(HEADERS), 1_000),
        await table("A line of a log", lines(), 5_000),
        await table("A megabyte of text", texts(), 1),
        await table("A duration", durations(), 50_000),
    ]
    publish("observability", tables, packages=PACKAGES, effort=effort)


if __name__ == "__main__":
    asyncio.run(main(Effort.parse()))
