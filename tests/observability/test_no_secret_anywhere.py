"""Secrets of every kind are sent through everything that shows something, and none comes out.

Servers here are hostile: each repeats the credentials that it was sent, and strangers' secrets too.
"""

from __future__ import annotations

import asyncio
import json
import logging
import pickle
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from viber.errors import BaseError, TransportError
from viber.factory import ServiceFactory
from viber.http import HttpConfig, Request
from viber.integrations.fastapi import error_response
from viber.integrations.opentelemetry import OpenTelemetryTracer
from viber.integrations.prometheus import exposition
from viber.integrations.structlog import RedactingProcessor
from viber.machines import CircuitBreakerConfig, RetryConfig
from viber.observability import CallLog, ConsoleFormatter, JsonFormatter, RedactingFilter
from viber.services.gemini import AccessToken, GeminiConfig, GeminiService, Vertex
from viber.services.supabase import SupabaseConfig, SupabaseService
from viber.settings import Settings
from viber.testing import Chunks, EventRecorder, Fail, FakeClock, Reply, ScriptedTransport

SEEDS: Final = {
    "anon key": "anon-0f3c9d7a51b24e88",
    "service role key": "service-77aa0c1d2e3f4a5b",
    "user JWT": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl",
    "gemini key": "gemini-5d41402abc4b2a76",
    "access token": "access-9f86d081884c7d65",
    "upload": "upload-2c26b46b68ffc68f",
    "google key": "AIzaSyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q",
    "project key": "sb_secret_a1b2c3d4e5f6g7h8",
    "webhook secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "bearer": "opaque-0b7e1c9d2f",
    "password": "hunter2-in-a-url",
    "card": "4111 1111 1111 1111",
}
"""The first six have no shape: only whoever holds them knows that they are secret."""
SHAPED: Final = (
    f"keys {SEEDS['google key']} {SEEDS['project key']} {SEEDS['webhook secret']} card {SEEDS['card']} "
    f"postgres://app:{SEEDS['password']}@db/app authorization: Bearer {SEEDS['bearer']}"
)
SUPABASE_SAYS: Final = [
    f"{SEEDS['anon key']} {SHAPED}",
    f"{SEEDS['service role key']} {SHAPED}",
    f"{SEEDS['anon key']} {SEEDS['user JWT']} {SHAPED}",
]
"""What each view has sent."""
GEMINI_SAYS: Final = f"{SEEDS['gemini key']} {SHAPED}"
VERTEX_SAYS: Final = f"{SEEDS['access token']} {SHAPED}"
PATIENT: Final[Any] = {
    "retry": RetryConfig(max_attempts=2, jitter="none", budget_minimum=1000),
    "breaker": CircuitBreakerConfig(failure_threshold=1000),
}
SETTINGS: Final = Settings(
    supabase=SupabaseConfig(
        url="https://abc.supabase.co",
        anon_key=SEEDS["anon key"],
        service_role_key=SEEDS["service role key"],
        **PATIENT,
    ),
    gemini=GeminiConfig(api_key=SEEDS["gemini key"], **PATIENT),
)


async def give_token() -> AccessToken:
    return AccessToken(SEEDS["access token"])


async def give_none() -> AccessToken:
    raise RuntimeError("no network")


VERTEX: Final = GeminiConfig(token=give_token, vertex=Vertex(project="shop-1"), **PATIENT)
TOKENLESS: Final = GeminiConfig(token=give_none, vertex=Vertex(project="shop-2"), **PATIENT)


def complaint(text: str) -> Reply:
    """What PostgREST and Google say of a bad request, whichever is asked."""
    return Reply(
        400,
        json={
            "code": "PGRST100",
            "message": text,
            "details": text,
            "hint": text,
            "error": {
                "code": 400,
                "status": "INVALID_ARGUMENT",
                "message": text,
                "details": [{"reason": "X", "domain": text, "metadata": {"key": text}}],
            },
        },
        headers={"x-request-id": "s-1"},
    )


def hostile(text: str) -> list[Any]:
    """Answers of every bad kind, each of which repeats a text."""
    page = f"<html><body>{text}</body></html>".encode()
    return [
        [complaint(text)],
        [Reply(401, json={"message": text, "error": {"message": text, "code": 401}})] * 2,
        [Reply(502, body=page), Reply(503, body=page)],
        [Reply(200, body=page)],
        [Reply(200, body=b'[{"token": "' + text.encode()), Reply(200, body=b'[{"token": "' + text.encode())],
        [Reply(429, body=page, headers={"retry-after": "1"}), complaint(text)],
        [Fail(TransportError("reset"))] * 2,
    ]


@dataclass
class World:
    """Services, and everything that they have shown."""

    transport: ScriptedTransport
    services: ServiceFactory
    exporter: InMemorySpanExporter
    events: EventRecorder
    records: list[logging.LogRecord] = field(default_factory=list)
    errors: list[BaseError] = field(default_factory=list)

    @property
    def db(self) -> SupabaseService:
        return self.services.supabase

    @property
    def views(self) -> list[SupabaseService]:
        return [self.db, self.db.admin, self.db.as_user(SEEDS["user JWT"])]

    @property
    def models(self) -> list[GeminiService]:
        return [self.services.gemini, self.services.create_gemini_client(VERTEX)]

    async def fails(self, script: list[Any], call: Callable[[], Awaitable[object]]) -> None:
        """Make a call that fails, and keep its error."""
        self.transport.add(*script)
        with pytest.raises(BaseError) as caught:
            await call()
        self.errors.append(caught.value)
        self.transport._script.clear()  # what was not repeated leaves answers behind


class Keeper(logging.Handler):
    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__(logging.DEBUG)
        self.records = records

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def world() -> Iterator[World]:
    clock = FakeClock(auto=True)
    transport = ScriptedTransport(clock=clock)
    provider, exporter, events = TracerProvider(), InMemorySpanExporter(), EventRecorder()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    services = ServiceFactory(
        SETTINGS,
        clock=clock,
        listeners=[events, CallLog(slow=0.0)],
        create_transport=lambda _config, _url: transport,
        tracer=OpenTelemetryTracer(provider),
    )
    world = World(transport, services, exporter, events)
    logger, keeper = logging.getLogger("viber"), Keeper(world.records)
    logger.addHandler(keeper)
    before, logger.level = logger.level, logging.DEBUG
    yield world
    logger.removeHandler(keeper)
    logger.level = before


@pytest.fixture
async def weary(world: World) -> World:
    """A world in which everything has gone wrong."""
    for view, says in zip(world.views, SUPABASE_SAYS, strict=True):
        for script in hostile(says):
            await world.fails(script, view.table("users").select("id").eq("email", "ada@example.com").run)
        await world.fails([complaint(says)], view.table("users").insert({"id": 1}).run)
        await world.fails([complaint(says)], view.rpc("add", {"a": 1}).run)
    for model, says in zip(world.models, (GEMINI_SAYS, VERTEX_SAYS), strict=True):
        await talk(world, model, says)
    tokenless = world.services.create_gemini_client(TOKENLESS)
    await world.fails([], lambda: tokenless.generate_content("hello"))
    await upload(world)
    with suppress(BaseError):
        world.transport.add(complaint(SUPABASE_SAYS[0]), complaint(GEMINI_SAYS))
        await world.services.health_check()
    return world


async def talk(world: World, model: GeminiService, says: str) -> None:
    """A model that fails before, at and after its first word."""
    for script in hostile(says):
        await world.fails(script, lambda: model.generate_content("hello"))
    await world.fails([complaint(says)], lambda: model.embed("hello"))
    word = b'data: {"candidates":[{"content":{"parts":[{"text":"Hel"}]}}]}\n\n'
    failure = b"data: " + json.dumps({"error": {"code": 500, "message": says}}).encode() + b"\n\n"
    for end in (failure, b"", f"<html>{says}".encode(), Fail(TransportError("reset"))):
        await world.fails([Chunks([word, end])], lambda: read(model))
    await world.fails([complaint(says)], lambda: read(model))


async def read(model: GeminiService) -> None:
    async for _ in model.stream("hello"):
        pass


async def upload(world: World) -> None:
    """A file whose place on the server, which is a secret, is repeated by the server."""
    place = f"https://generativelanguage.googleapis.com/upload/v1beta/files?upload_id={SEEDS['upload']}"
    said = f"{place} {GEMINI_SAYS}"
    begun = Reply(200, headers={"x-goog-upload-url": place, "x-goog-upload-status": "active"})
    for answer in (complaint(said), Reply(404, body=said.encode()), Reply(200, body=said.encode())):
        await world.fails(
            [begun, answer],
            lambda: world.services.gemini.files.upload(b"bytes", mime_type="text/plain"),
        )


def leaks(text: str) -> list[str]:
    """The kinds of secret in a text, in any of the ways in which they may be written down."""
    digits = text.replace(" ", "").replace("-", "")
    found = [kind for kind, seed in SEEDS.items() if seed in text]
    return [*found, *(["card"] if SEEDS["card"].replace(" ", "") in digits else [])]


def shown_of(error: BaseError) -> Iterator[str]:
    """Every way to look at an error."""
    yield from (str(error), repr(error), repr(vars(error)), repr(error.args))
    yield error.to_response().model_dump_json(by_alias=True)
    yield pickle.dumps(error).decode("latin-1")
    yield repr(pickle.loads(pickle.dumps(error)))
    yield "".join(traceback.format_exception(error))


async def test_no_error_shows_one(weary: World) -> None:
    """Neither in its words, fields and notes, nor in its answer, its pickle, its causes and its traceback."""
    assert len(weary.errors) > 40
    assert not [
        (error, found) for error in weary.errors for text in shown_of(error) if (found := leaks(text))
    ]


@pytest.mark.parametrize("style", ["problem", "response"])
async def test_no_answer_of_an_application_shows_one(weary: World, style: Any) -> None:
    """What a browser gets, header fields and body."""
    answers = [error_response(error, style=style) for error in weary.errors]
    texts = [f"{bytes(answer.body).decode()} {answer.raw_headers}" for answer in answers]
    assert not [found for text in texts if (found := leaks(text))]


async def test_no_line_of_the_library_holds_one(weary: World) -> None:
    """At every level, and before any formatter or filter has looked at it."""
    assert {record.levelname for record in weary.records} >= {"DEBUG", "WARNING"}
    texts = [f"{record.getMessage()} {vars(record)}" for record in weary.records]
    assert not [text for text in texts if leaks(text)]


async def test_no_event_shows_one(weary: World) -> None:
    """Their errors have a repr too."""
    assert len(weary.events.events) > 100
    assert not leaks(repr(weary.events.events))


async def test_no_span_holds_one(weary: World) -> None:
    """Neither its attributes, nor its events, nor what it says of a failure."""
    spans = weary.exporter.get_finished_spans()
    assert len(spans) > 100
    assert not [found for span in spans if (found := leaks(span.to_json()))]


async def test_no_number_is_counted_under_one(weary: World) -> None:
    """Labels, snapshots, and what Prometheus reads."""
    metrics = weary.services.metrics()
    assert metrics["supabase"].calls > 20
    assert not leaks(repr(metrics))
    assert not leaks(exposition(weary.services.metrics, health=weary.services.health).decode())
    assert not leaks(repr(weary.services.get_all_circuit_breaker_states()))


async def test_no_check_of_health_shows_one(world: World) -> None:
    """The server's own words are part of its report."""
    world.transport.add(complaint(SUPABASE_SAYS[0]), complaint(GEMINI_SAYS))
    assert not leaks(repr(await world.services.health_check()))
    world.transport.add(complaint(SUPABASE_SAYS[0]), complaint(GEMINI_SAYS))
    assert not leaks(repr(await world.services.health.check_all()))


async def test_no_object_shows_one(world: World) -> None:
    """Configurations, services, views, queries, streams and requests, by repr, str and JSON."""
    gemini = world.models[1]
    objects: list[Any] = [SETTINGS, SETTINGS.supabase, SETTINGS.gemini, VERTEX, world.services, *world.views]
    objects += [*world.models, gemini.stream("hello"), gemini.chat(), gemini.files, await give_token()]
    for view in world.views:
        users = view.table("users")
        objects += [users, users.select().eq("id", 7), view.rpc("add", {"a": 1}, method="GET")]
    objects += [vars(each) for each in (*world.views, *world.models)]
    assert not [leaks(text) for each in objects for text in (repr(each), str(each)) if leaks(text)]
    assert not leaks(SETTINGS.supabase.model_dump_json() + SETTINGS.gemini.model_dump_json())
    assert not leaks(repr(Request("GET", "https://h", (("apikey", SEEDS["anon key"]),), b"body")))


async def test_no_local_variable_shows_one(world: World) -> None:
    """A traceback with the variables of each frame, as some frameworks print it, has no credential in it."""
    calls: list[Callable[[], Awaitable[object]]] = []
    calls += [view.table("users").select("id").run for view in world.views]
    calls += [view.table("users").insert({"id": 1}).run for view in world.views]
    calls += [lambda model=model: model.generate_content("hello") for model in world.models]
    calls += [lambda model=model: read(model) for model in world.models]
    shown: list[str] = []
    for script in (
        [Fail(TransportError("reset"))] * 2,
        [Reply(403, json={})] * 2,
        [Reply(200, body=b"[{")] * 2,
    ):
        for call in calls:
            world.transport.add(*script)
            shown.append(await variables_of(call))
            world.transport._script.clear()
    assert len([text for text in shown if text]) == len(calls) * 3
    assert not [(found, text) for text in shown if (found := leaks(text))]


@pytest.mark.parametrize("transport", ["httpcore", "aiohttp"])
@pytest.mark.parametrize("said", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n["])
async def test_no_variable_of_a_transport_shows_one(transport: Any, said: bytes) -> None:
    """Of our own ones: what is sent is held by objects that do not show it."""

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    config = SupabaseConfig(
        url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}",
        anon_key=SEEDS["anon key"],
        http=HttpConfig(transport=transport),
        retry=RetryConfig(max_attempts=1),
    )
    async with server, ServiceFactory(Settings(supabase=config)) as services:
        text = await variables_of(services.supabase.table("users").select("id").run)
    assert "TransportError" in text
    assert not leaks(text)


async def variables_of(call: Callable[[], Awaitable[object]]) -> str:
    """The traceback of a call that fails, with the variables of every frame below this one."""
    try:
        await call()
    except BaseError as error:
        below = error.__traceback__.tb_next if error.__traceback__ else None
        shown = traceback.TracebackException(type(error), error, below, capture_locals=True)
        return "".join(shown.format())
    return ""


APPLICATION: Final = logging.getLogger("application")


def said_by_an_application() -> logging.LogRecord:
    """A record in which everything stands that should not."""
    headers = [("apikey", SEEDS["anon key"]), (b"Authorization", f"Bearer {SEEDS['user JWT']}".encode())]
    fields = {
        "anon_key": SEEDS["anon key"],
        "settings": {"serviceRoleKey": SEEDS["service role key"], "GEMINI_API_KEY": SEEDS["gemini key"]},
        "upload_url": f"https://h/upload?upload_id={SEEDS['upload']}",
        "access_token": SEEDS["access token"],
        "headers": headers,
    }
    trouble = (RuntimeError, RuntimeError(SHAPED), None)
    return APPLICATION.makeRecord(
        "application",
        40,
        "a.py",
        1,
        "failed: %s, %s",
        (SHAPED, {"api_key": SEEDS["gemini key"]}),
        trouble,
        extra=fields,
    )


@pytest.mark.parametrize("formatter", [JsonFormatter(), ConsoleFormatter(), ConsoleFormatter(colours=True)])
def test_no_line_of_an_application_shows_one(formatter: logging.Formatter) -> None:
    """What it says, its fields and its traceback."""
    assert not leaks(formatter.format(said_by_an_application()))


def test_a_filtered_record_holds_none() -> None:
    """Whatever formats it afterwards; only the exception itself is still there for those who ask for it."""
    record = said_by_an_application()
    RedactingFilter().filter(record)
    record.exc_info = None
    assert not leaks(logging.Formatter().format(record) + repr(vars(record)))


def test_no_event_of_structlog_shows_one() -> None:
    """The same, in its own shape."""
    record = said_by_an_application()
    event = {"event": record.getMessage(), "exc_info": record.exc_info, "headers": record.__dict__["headers"]}
    event |= {"settings": record.__dict__["settings"], "anon_key": SEEDS["anon key"]}
    assert not leaks(repr(RedactingProcessor()(None, "error", event)))
