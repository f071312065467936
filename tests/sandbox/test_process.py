from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from viber.sandbox import Sandbox, SandboxError

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox of our own: its processes are treated badly."""
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def rest(sandbox: Sandbox) -> Iterator[httpx.Client]:
    url, headers = f"{sandbox.supabase_url}/rest/v1", {"apikey": sandbox.anon_key}
    with httpx.Client(base_url=url, headers=headers) as client:
        yield client


def ask(rest: httpx.Client) -> int:
    return rest.get("/rpc/add?a=1&b=2").status_code


def await_recovery(rest: httpx.Client) -> None:
    deadline = time.monotonic() + 10
    while ask(rest) != 200:
        assert time.monotonic() < deadline, "no recovery"
        time.sleep(0.01)


@pytest.mark.parametrize("way", ["kill", "stop"])
def test_without_postgrest_the_gateway_answers_502(sandbox: Sandbox, rest: httpx.Client, way: str) -> None:
    """A dead upstream is an HTML page from the gateway, and its start ends that."""
    postgrest = sandbox.process("postgrest")
    getattr(postgrest, way)()
    answer = rest.get("/products")
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html; charset=utf-8")
    assert postgrest.state == "stopped"
    postgrest.start()
    assert (postgrest.state, ask(rest)) == ("running", 200)


def test_without_postgres_postgrest_answers_503(sandbox: Sandbox, rest: httpx.Client) -> None:
    """PostgREST lives on without its database, says so, and recovers by itself once it is back."""
    sandbox.process("postgres").stop()
    assert ask(rest) == 503
    sandbox.process("postgres").start()
    await_recovery(rest)


def test_a_connection_lost_under_postgrest_may_look_like_a_bad_request(
    sandbox: Sandbox, rest: httpx.Client
) -> None:
    """The first answer after a killed PostgreSQL can be 400 with an empty code; then it is 503."""
    sandbox.process("postgres").kill()
    first = rest.get("/rpc/add?a=1&b=2")
    assert first.status_code == 503 or (first.status_code, first.json()["code"]) == (400, "")
    assert ask(rest) == 503
    sandbox.process("postgres").start()
    await_recovery(rest)


def test_rows_outlive_a_killed_postgres(sandbox: Sandbox, rest: httpx.Client) -> None:
    """What was acknowledged is there after a crash."""
    row_id = str(uuid4())
    assert rest.post("/ledger", json={"id": row_id, "n": 1}).status_code == 201
    sandbox.process("postgres").kill()
    sandbox.process("postgres").start()
    await_recovery(rest)
    assert len(rest.get(f"/ledger?id=eq.{row_id}").json()) == 1


async def test_what_is_in_flight_dies_with_postgrest(sandbox: Sandbox) -> None:
    """A killed PostgREST gives a 502 that says nothing about the outcome."""
    postgrest = sandbox.process("postgrest")
    url, headers = f"{sandbox.supabase_url}/rest/v1/rpc/add", {"apikey": sandbox.anon_key}
    async with httpx.AsyncClient(headers=headers) as client:
        await asyncio.to_thread(postgrest.freeze)
        asking = asyncio.create_task(client.post(url, json={"a": 1, "b": 2}))
        await asyncio.to_thread(postgrest.kill)
        assert (await asking).status_code == 502
        await asyncio.to_thread(postgrest.start)
        assert (await client.post(url, json={"a": 1, "b": 2})).json() == 3


@pytest.mark.parametrize("name", ["postgres", "postgrest"])
def test_a_frozen_process_keeps_everybody_waiting(sandbox: Sandbox, rest: httpx.Client, name: str) -> None:
    """Nothing is refused and nothing answered; thawing ends the wait."""
    process = sandbox.process(name)  # type: ignore[arg-type]
    process.freeze()
    assert process.state == "frozen"
    with pytest.raises(httpx.ReadTimeout):
        rest.get("/rpc/add?a=1&b=2", timeout=0.2)
    process.thaw()
    assert process.state == "running"
    await_recovery(rest)


def test_a_restart_gives_a_new_process_at_the_same_address(sandbox: Sandbox, rest: httpx.Client) -> None:
    """Clients need not be told."""
    postgrest = sandbox.process("postgrest")
    before = postgrest.pid
    postgrest.restart()
    assert postgrest.pid != before
    assert ask(rest) == 200


def test_postgrest_is_not_started_without_its_database(sandbox: Sandbox, rest: httpx.Client) -> None:
    """It would answer nothing and look for it ever more rarely: refused, and a running one lives on."""
    sandbox.process("postgres").stop()
    with pytest.raises(SandboxError, match="postgrest needs postgres, which is stopped"):
        sandbox.process("postgrest").restart()
    assert ask(rest) == 503
    sandbox.process("postgres").start()
    await_recovery(rest)


def test_doing_it_twice_is_fine(sandbox: Sandbox, rest: httpx.Client) -> None:
    """What is already so stays so."""
    postgrest = sandbox.process("postgrest")
    pid = postgrest.pid
    postgrest.start()
    postgrest.thaw()
    assert postgrest.pid == pid
    postgrest.kill()
    postgrest.kill()
    postgrest.freeze()
    assert postgrest.state == "stopped"
    postgrest.start()
    assert ask(rest) == 200


def test_an_unknown_process_is_an_error(sandbox: Sandbox) -> None:
    """The message names the processes there are."""
    with pytest.raises(SandboxError, match="postgres, postgrest"):
        sandbox.process("redis").kill()  # type: ignore[arg-type]


def test_an_unknown_action_is_an_error(sandbox: Sandbox) -> None:
    """The admin route names the actions there are, and does nothing."""
    answer = httpx.post(f"{sandbox.supabase_url}/_sandbox/processes/postgrest/pid")
    assert answer.status_code == 404
    assert "freeze" in answer.text


def test_all_processes_are_listed(sandbox: Sandbox) -> None:
    """One look shows every process, its id and what it does."""
    listed = httpx.get(f"{sandbox.supabase_url}/_sandbox/processes").json()
    assert {name: entry["state"] for name, entry in listed.items()} == {
        "postgres": "running",
        "postgrest": "running",
    }
    assert all(Path(f"/proc/{entry['pid']}").exists() for entry in listed.values())


def test_a_process_that_cannot_start_is_an_error(sandbox: Sandbox, rest: httpx.Client) -> None:
    """The error carries what the process wrote before it died."""
    workdir = Path(sandbox._running.workdir)
    settings = workdir / "postgres" / "data" / "postgresql.conf"
    text = settings.read_text()
    sandbox.process("postgres").stop()
    settings.write_text(text + "\nno_such_setting = on\n")
    with pytest.raises(SandboxError, match=r"postgres did not start[\s\S]*no_such_setting"):
        sandbox.process("postgres").start()
    settings.write_text(text)
    sandbox.process("postgres").start()
    await_recovery(rest)
