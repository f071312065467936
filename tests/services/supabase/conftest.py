from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import pytest

from viber.http import HttpConfig, Request, create_transport
from viber.machines import RetryConfig
from viber.resilience import Pipeline
from viber.services import Channel
from viber.services.supabase import SupabaseConfig, SupabaseService
from viber.testing import FakeClock, Reply, ScriptedTransport

if TYPE_CHECKING:
    from viber.sandbox import Sandbox

URL = "https://project.example"
ANON = "anon-key-0001"
SERVICE = "service-key-0002"


@dataclass
class Project:
    """A service whose transport answers from a script."""

    db: SupabaseService
    transport: ScriptedTransport
    clock: FakeClock = field(default_factory=FakeClock)

    @property
    def requests(self) -> list[Request]:
        return self.transport.requests

    @property
    def sent(self) -> Request:
        """The only request."""
        (request,) = self.transport.requests
        return request

    def query(self) -> list[tuple[str, str]]:
        """The query of the only request, decoded by the standard library."""
        return parse_qsl(urlsplit(self.sent.url).query, keep_blank_values=True, strict_parsing=True)

    def header(self, name: str) -> str | None:
        return dict(self.sent.headers).get(name)


Build = Callable[..., Project]


@pytest.fixture
def build() -> Build:
    """Make a project that answers with these replies; keywords are its configuration."""

    def build(*script: Any, **config: Any) -> Project:
        clock = FakeClock(auto=True)
        transport = ScriptedTransport(*script, clock=clock)
        settings = SupabaseConfig(
            **{"url": URL, "anon_key": ANON, "retry": RetryConfig(jitter="none")} | config
        )
        pipeline = Pipeline(
            "supabase",
            retry=settings.retry,
            timeout=settings.timeout,
            total_timeout=settings.total_timeout,
            clock=clock,
        )
        return Project(SupabaseService(settings, Channel("supabase", transport, pipeline)), transport, clock)

    return build


@pytest.fixture
def project(build: Build) -> Project:
    """A project that answers one request with an empty list."""
    return build(Reply(json=[]))


@pytest.fixture
async def db(viber_sandbox: Sandbox) -> AsyncIterator[SupabaseService]:
    """The real thing, with short waits between attempts."""
    config = SupabaseConfig(
        url=viber_sandbox.supabase_url,
        anon_key=viber_sandbox.anon_key,
        service_role_key=viber_sandbox.service_role_key,
    )
    transport = create_transport(HttpConfig(), config.url)
    pipeline = Pipeline(
        "supabase", retry=RetryConfig(initial_delay=0.01, max_delay=0.05), timeout=10, total_timeout=30
    )
    yield SupabaseService(config, Channel("supabase", transport, pipeline))
    await transport.aclose()


@pytest.fixture
def suffering() -> Callable[[SupabaseService, str], SupabaseService]:
    """Make a view whose requests the gateway treats badly, counted on their own."""

    def suffering(db: SupabaseService, fault: str) -> SupabaseService:
        key = f"supabase-{uuid4()}"
        return db.with_options(headers={"x-viber-fault": f"{fault}; key={key}", "x-viber-fault-key": key})

    return suffering


@pytest.fixture
async def patient(viber_sandbox: Sandbox) -> AsyncIterator[SupabaseService]:
    """A service that gives up after a hundred attempts, and not before."""
    config = SupabaseConfig(
        url=viber_sandbox.supabase_url,
        anon_key=viber_sandbox.anon_key,
        service_role_key=viber_sandbox.service_role_key,
    )
    transport = create_transport(HttpConfig(), config.url)
    retry = RetryConfig(max_attempts=100, initial_delay=0.02, max_delay=0.3, budget_ratio=None)
    pipeline = Pipeline("supabase", retry=retry, timeout=5, total_timeout=50)
    yield SupabaseService(config, Channel("supabase", transport, pipeline))
    await transport.aclose()
