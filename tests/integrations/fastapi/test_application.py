"""A FastAPI application with everything that is installed into it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI, Request

from viber import Deadline, ServiceFactory, Settings
from viber.errors import ConfigurationError, ServerError
from viber.integrations.fastapi import Services, Supabase, UserSupabase, install, lifespan
from viber.observability import current_request_id
from viber.resilience._deadline import current_deadline
from viber.testing import Reply, ScriptedTransport

SETTINGS = Settings.from_env(
    {"SUPABASE_URL": "http://db", "SUPABASE_ANON_KEY": "anon", "SUPABASE_SERVICE_ROLE_KEY": "role"}
)


class App:
    """An application under test, and what its Supabase was asked."""

    def __init__(self, *script: Reply, **options: object) -> None:
        self.transport = ScriptedTransport(*script)
        self.app = FastAPI(
            lifespan=lifespan(lambda: ServiceFactory(SETTINGS, create_transport=lambda *_: self.transport))
        )
        install(self.app, **options)  # type: ignore[arg-type]

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        async with (
            self.app.router.lifespan_context(self.app),
            httpx.AsyncClient(transport=transport, base_url="http://app") as client,
        ):
            yield client

    def sent(self, name: str) -> str | None:
        return dict(self.transport.requests[-1].headers).get(name)


async def test_services_are_dependencies() -> None:
    """By the type of a parameter; a user's view carries the token of the request."""
    app = App(Reply(body=b"[]"), Reply(body=b"[]"))

    @app.app.get("/anonymous")
    async def anonymous(db: Supabase) -> list[dict[str, object]]:
        return await db.table("notes").select()

    @app.app.get("/mine")
    async def mine(db: UserSupabase) -> list[dict[str, object]]:
        return await db.table("notes").select()

    async with app.client() as client:
        assert (await client.get("/anonymous")).json() == []
        assert app.sent("authorization") == "Bearer anon"
        assert (await client.get("/mine", headers={"authorization": "Bearer jwt"})).json() == []
        assert (app.sent("authorization"), app.sent("apikey")) == ("Bearer jwt", "anon")
        refused = await client.get("/mine")
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize(
    ("given", "kept"), [("r-1.x_Y", True), ("a b", False), ("x" * 129, False), ("", False)]
)
async def test_a_request_has_an_id(given: str, *, kept: bool) -> None:
    """A sound one of the caller is kept; it goes along to the service, and comes back."""
    app = App(Reply(body=b"[]"))

    @app.app.get("/")
    async def read(request: Request, db: Supabase) -> dict[str, object]:
        await db.table("notes").select()
        return {"state": request.state.request_id, "context": current_request_id()}

    async with app.client() as client:
        answer = await client.get("/", headers={"x-request-id": given})
    told = answer.headers["x-request-id"]
    assert answer.json() == {"state": told, "context": told}
    assert app.sent("x-request-id") == told
    assert (told == given) is kept


@pytest.mark.parametrize(
    ("deadline", "asked", "expected"),
    [
        (2.0, None, 2.0),
        (2.0, "0.5", 0.5),
        (2.0, "60", 2.0),
        (None, "3", 3.0),
        (2.0, "soon", 2.0),
        (None, None, None),
    ],
)
async def test_a_request_has_a_deadline(
    deadline: float | None, asked: str | None, expected: float | None
) -> None:
    """The application's, or less if the caller asks for less."""
    app = App(deadline=deadline)

    @app.app.get("/")
    async def read() -> float | None:
        around: Deadline | None = current_deadline()
        return None if around is None else around.remaining()

    async with app.client() as client:
        left = (await client.get("/", headers={} if asked is None else {"x-request-timeout": asked})).json()
    assert left == (expected if expected is None else pytest.approx(expected, abs=0.4))


async def test_an_error_is_an_answer() -> None:
    """With the id of the request, whoever raised it."""
    app = App(errors="response", statuses={ServerError: 599})

    @app.app.get("/")
    async def fail() -> None:
        raise ServerError("broken")

    async with app.client() as client:
        answer = await client.get("/", headers={"x-request-id": "r-1"})
    assert (answer.status_code, answer.json()["requestId"]) == (599, "r-1")


async def test_an_application_without_a_lifespan_is_told_so() -> None:
    """The mistake names its mend."""
    app = FastAPI()

    @app.get("/")
    async def read(services: Services) -> None: ...

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://app") as client:
        with pytest.raises(RuntimeError, match=r"lifespan=lifespan\(\)"):
            await client.get("/")


async def test_a_lifespan_of_ones_own_runs_inside() -> None:
    """It finds the services, and its state is the application's."""
    seen: list[object] = []

    @asynccontextmanager
    async def inner(app: FastAPI) -> AsyncIterator[dict[str, int]]:
        seen.append(app.state.services)
        yield {"n": 7}

    app = FastAPI(lifespan=lifespan(SETTINGS, inner=inner))
    async with app.router.lifespan_context(app) as state:
        assert (state, isinstance(seen[0], ServiceFactory)) == ({"n": 7}, True)


async def test_operators_endpoints() -> None:
    """Unhealthy is 503 and says why; a degraded service still serves."""
    app = App(Reply(503))
    async with app.client() as client:
        ready, health = await client.get("/readyz"), await client.get("/health")
    assert (ready.status_code, ready.json()) == (503, {"status": "unhealthy"})
    assert health.json()["checks"]["supabase"]["error"]
    assert health.headers["cache-control"] == "no-store"
    assert len(app.transport.requests) == 1


async def test_endpoints_can_be_left_out() -> None:
    """For who has their own."""
    async with App(endpoints=False).client() as client:
        assert (await client.get("/livez")).status_code == 404


async def test_a_factory_that_cannot_be_built_stops_the_start() -> None:
    """A wrong setting is seen at once, not at the first request."""

    def build() -> ServiceFactory:
        raise ConfigurationError("no url")

    app = FastAPI(lifespan=lifespan(build))
    with pytest.raises(ConfigurationError):
        async with app.router.lifespan_context(app):
            await asyncio.sleep(0)
