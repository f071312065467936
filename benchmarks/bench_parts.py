"""Where the processor time of a select goes: each part alone, then all of them over loopback.

A part is fed by a stand-in for the one below it that answers at once, so that what it costs is its own.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any
from unittest.mock import patch

from _canned import canned, whole
from _floor import floor
from _harness import Candidate, Effort, Run, compare
from _report import publish
from bench_http import OPERATIONS, PACKAGES, viber
from bench_select import COLUMNS, KEY, concurrently, stored

from viber import Bulkhead, CircuitBreaker, Pipeline, ServiceFactory, Settings, SystemClock
from viber.http import ConnectionPool, HttpConfig, Request, Response
from viber.http._address import parse_origin
from viber.http._aiohttp import AiohttpExchange
from viber.http._connection import Site
from viber.http._direct import DirectExchange
from viber.http._exchange import Outgoing
from viber.http._h11 import H11Exchange
from viber.http._line import Line

TASKS = 50
FLOOR = "asyncio, httptools, json (floor)"
TRANSPORTS = ("httpcore", "aiohttp")
BODY = json.dumps(stored("one")).encode()
ANSWER = whole(BODY)
ORIGIN = "http://127.0.0.1:1"
TARGET = f"/rest/v1/one?select={','.join(COLUMNS)}&status=eq.open&order=id&limit=1000"
HEADERS = (
    *(("apikey", KEY), ("authorization", f"Bearer {KEY}")),
    *(("accept", "application/json"), ("x-request-id", "a" * 32)),
)
ENGINES: dict[str, type[DirectExchange]] = {"h11": H11Exchange, "aiohttp": AiohttpExchange}


class ReadyLine(Line):
    """Has the answer before it is asked."""

    is_stale = False

    async def connect_tcp(self, *_: Any, **__: Any) -> Line:
        return self

    async def write(self, *_: Any, **__: Any) -> None: ...

    async def read(self, *_: Any, **__: Any) -> bytes:
        self.was_read = True
        return ANSWER

    def abort(self) -> None: ...


class ReadyTransport:
    """Has read the answer before it is asked."""

    async def send(self, request: Request) -> Response:  # noqa: ARG002 - the answer is always the same
        return Response(200, {"content-type": "application/json"}, BODY)

    async def aclose(self) -> None: ...


def again(part: Callable[[], Awaitable[object]]) -> Run:
    async def run(count: int) -> None:
        for _ in range(count):
            await part()

    return run


def exchange(engine: type[DirectExchange]) -> Run:
    line = ReadyLine(clock=SystemClock(), connect_timeout=None)
    http: Any = engine(Site.of(parse_origin(ORIGIN), None), line, None)
    fields = [(name.encode(), value.encode()) for name, value in (("host", "canned"), *HEADERS)]
    outgoing = Outgoing(b"GET", TARGET.encode(), fields)

    async def once() -> None:
        await http.send(outgoing)
        while await http.read():
            pass

    return again(once)


def over_ready_lines(transport: str) -> Run:
    pool = ConnectionPool(HttpConfig.model_validate({"transport": transport, "trust_env": False}))
    return again(lambda: pool.send(Request("GET", ORIGIN + TARGET, HEADERS)))


async def above(stack: AsyncExitStack) -> dict[str, Run]:
    """The parts that know of no connection."""
    settings = Settings.from_env({"SUPABASE_URL": ORIGIN, "SUPABASE_ANON_KEY": KEY})
    ready: Any = ReadyTransport()
    factory = ServiceFactory(settings, create_transport=lambda *_: ready)
    db = (await stack.enter_async_context(factory)).supabase
    policies: Any = {"timeout": 10.0, "total_timeout": 30.0, "breaker": CircuitBreaker("select")}
    pipeline = Pipeline("select", bulkhead=Bulkhead(TASKS), **policies)

    def query() -> Any:
        return db.table("one").select(*COLUMNS).eq("status", "open").order("id").limit(1000)

    async def build() -> None:
        query()

    async def nothing(*_: object) -> None: ...

    async def timed() -> None:
        async with asyncio.timeout(10.0):
            await nothing()

    return {
        "building the query": again(build),
        "a timer of asyncio": again(timed),
        "the pipeline, with its timer": again(lambda: pipeline.execute(nothing, idempotent=True)),
        "everything above the transport": again(query),
    }


def below() -> dict[str, Run]:
    """The parts that know of no query."""
    exchanges = {f"{name}: one exchange": exchange(engine) for name, engine in ENGINES.items()}
    pools = {f"the pool over {name}, without sockets": over_ready_lines(name) for name in TRANSPORTS}
    return {**exchanges, **pools}


async def main(effort: Effort) -> None:
    answers = {"/rest/v1/one": ANSWER}
    async with AsyncExitStack() as stack:
        parts = {**await above(stack), **below()}
        with patch("viber.http._pool.Line", ReadyLine):
            for run in parts.values():
                await run(1)  # a pool makes its connection now
        url = stack.enter_context(canned(answers))
        for name in TRANSPORTS:
            select, _ = await viber(stack, url, name)
            parts[f"a select over {name}"] = concurrently(select, "one", TASKS)
        parts[FLOOR] = concurrently(await floor(stack, url), "one", TASKS)
        runs = [Candidate(name, run) for name, run in parts.items()]
        title, operations = f"1 row, {TASKS} tasks", OPERATIONS["one"]
        table = await compare(title, runs, yardstick=FLOOR, operations=operations, effort=effort)
    publish("parts", [table], packages=PACKAGES, effort=effort)


if __name__ == "__main__":
    asyncio.run(main(Effort.parse()))
