"""The programs in `examples/` do what they say."""

import importlib.util
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from viber.sandbox import Sandbox

pytestmark = pytest.mark.sandbox

PROGRAM = Path(__file__).parents[1] / "examples" / "fastapi_app.py"


@pytest.fixture
async def client(viber_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    for name, value in viber_sandbox.environment().items():
        monkeypatch.setenv(name, value)
    spec = importlib.util.spec_from_file_location("fastapi_app", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    transport = httpx.ASGITransport(app=program.app)
    async with (
        program.app.router.lifespan_context(program.app),
        httpx.AsyncClient(transport=transport, base_url="http://app") as client,
    ):
        yield client


async def test_an_order_comes_back_exact(client: httpx.AsyncClient) -> None:
    """A row of the database is the answer, with every digit of its total."""
    answer = await client.get("/orders/1")
    assert answer.status_code == 200
    assert answer.json()["total"] == "12.340"


async def test_orders_are_listed(client: httpx.AsyncClient) -> None:
    """As many as asked, of one status."""
    answer = await client.get("/orders", params={"status": "paid", "limit": 3})
    assert [order["status"] for order in answer.json()] == ["paid"] * 3


async def test_an_order_that_is_not_there_is_404(client: httpx.AsyncClient) -> None:
    """An error of the library becomes a problem with its code and the id of the request, and no traceback."""
    answer = await client.get("/orders/999999", headers={"x-request-id": "r-1"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["code"], answer.json()["requestId"]) == ("supabase.not_found", "r-1")


async def test_a_story_is_told(client: httpx.AsyncClient) -> None:
    """Tokens of the model are events; the last one says why it stopped."""
    answer = await client.get("/story", params={"about": "a lighthouse"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [event.partition("\ndata: ") for event in answer.text.strip().split("\n\n")]
    text = "".join(json.loads(data)["text"] for name, _, data in events if name == "event: delta")
    assert len(text.split()) > 10
    assert [name for name, _, _ in events[-2:]] == ["event: usage", "event: done"]


async def test_operators_see_how_it_does(client: httpx.AsyncClient) -> None:
    """Alive, ready, healthy, and in numbers."""
    await client.get("/orders/1")
    assert (await client.get("/livez")).json() == {"status": "alive"}
    assert (await client.get("/readyz")).json() == {"status": "healthy"}
    checks = (await client.get("/health")).json()["checks"]
    assert {name: each["healthy"] for name, each in checks.items()} == {"supabase": True, "gemini": True}
    assert 'viber_requests_total{operation="select orders"' in (await client.get("/metrics")).text
