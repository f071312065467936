"""The programs in `examples/` do what they say."""

import importlib.util
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


async def test_an_order_that_is_not_there_is_404(client: httpx.AsyncClient) -> None:
    """An error of the library becomes an answer with its code, and no traceback."""
    answer = await client.get("/orders/999999")
    assert answer.status_code == 404
    assert answer.json()["requestId"]


async def test_a_story_is_told(client: httpx.AsyncClient) -> None:
    """Tokens of the model are the body."""
    answer = await client.get("/story", params={"about": "a lighthouse"})
    assert answer.status_code == 200
    assert len(answer.text.split()) > 10
