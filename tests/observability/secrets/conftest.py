"""A world of secrets: services whose servers are hostile, and whoever shows what has become of them.

Each server repeats the credentials that it was sent, and strangers' secrets too.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from viber.errors import BaseError, TransportError
from viber.factory import ServiceFactory
from viber.integrations.opentelemetry import OpenTelemetryTracer
from viber.machines import CircuitBreakerConfig, RetryConfig
from viber.observability import CallLog
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

    @property
    def configurations(self) -> list[Any]:
        return [SETTINGS, SETTINGS.supabase, SETTINGS.gemini, VERTEX]

    async def break_everything(self) -> None:
        """Let every call fail in every way."""
        await everything_fails(self)

    async def ask_for_health(self) -> list[object]:
        """What the checks of each kind report of servers that repeat what they were sent."""
        reports: list[object] = []
        for ask in (self.services.health_check, self.services.health.check_all):
            self.transport.add(complaint(SUPABASE_SAYS[0]), complaint(GEMINI_SAYS))
            reports.append(await ask())
        return reports

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
def seeds() -> Mapping[str, str]:
    """Every secret by its kind."""
    return SEEDS


@pytest.fixture(name="leaks")
def leaks_fixture() -> Callable[[str], list[str]]:
    """Which kinds of secret are in a text."""
    return leaks


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
    await everything_fails(world)
    return world


async def everything_fails(world: World) -> None:
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
