"""A select over each transport, pipeline and all, beside what else can fetch the same rows.

Also over TLS, and from a real PostgREST.
"""

import asyncio
import json
import os
import ssl
import warnings
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import httpx
import httpx2
import trustme
from _canned import canned, whole
from _floor import floor
from _harness import Candidate, Effort, Run, Table, compare
from _report import publish
from bench_select import (
    COLUMNS,
    KEY,
    TABLES,
    Order,
    Rows,
    Select,
    asking,
    check,
    concurrently,
    postgrest,
    stored,
)
from supabase import acreate_client

from viber import ServiceFactory, Settings
from viber.http import HttpConfig
from viber.sandbox import Sandbox

PEER, FASTEST_PEER = "postgrest-py", "aiohttp"
PARAMS = {"select": ",".join(COLUMNS), "status": "eq.open", "order": "id"}
OPERATIONS = {"one": 1000, "many": 100}
OPEN_ORDERS = {1: 4, 50: 200}
"""The id of the last one among so many of the sandbox."""
PACKAGES = ["supabase", "postgrest", "httpx", "httpcore", "httpx2", "aiohttp", "httptools", "pydantic"]


def headers_of(key: str) -> dict[str, str]:
    return {"apikey": key, "authorization": f"Bearer {key}"}


async def supabase(stack: AsyncExitStack, url: str, key: str) -> Select:
    client = await acreate_client(url, key)
    stack.push_async_callback(client.postgrest.aclose)

    async def select(table: str, limit: int = 1000) -> Rows:
        query = client.table(table).select(*COLUMNS).eq("status", "open").order("id").limit(limit)
        return (await query.execute()).data

    return select


async def of_client(
    stack: AsyncExitStack, url: str, client: httpx.AsyncClient | httpx2.AsyncClient
) -> Select:
    get: Callable[..., Awaitable[httpx.Response]] = (await stack.enter_async_context(client)).get

    async def select(table: str, limit: int = 1000) -> Rows:
        answer = await get(f"{url}/rest/v1/{table}", params={**PARAMS, "limit": str(limit)})
        answer.raise_for_status()
        return answer.json()

    return select


async def raw_aiohttp(stack: AsyncExitStack, url: str, key: str = KEY) -> Select:
    # Its own context is made at import, before there is a certificate to trust.
    connector = aiohttp.TCPConnector(ssl=ssl.create_default_context())
    client = aiohttp.ClientSession(headers=headers_of(key), connector=connector)
    session = await stack.enter_async_context(client)

    async def select(table: str, limit: int = 1000) -> Rows:
        params = {**PARAMS, "limit": str(limit)}
        async with session.get(f"{url}/rest/v1/{table}", params=params) as answer:
            answer.raise_for_status()
            return json.loads(await answer.read())

    return select


async def viber(stack: AsyncExitStack, url: str, transport: str, key: str = KEY) -> tuple[Select, Select]:
    settings = Settings.from_env({"SUPABASE_URL": url, "SUPABASE_ANON_KEY": key}).require("supabase")
    http = HttpConfig.model_validate({"transport": transport})
    config = settings.model_copy(update={"max_rows": None, "http": http})
    db = (await stack.enter_async_context(ServiceFactory(Settings(supabase=config)))).supabase

    async def select(table: str, limit: int = 1000) -> Rows:
        return await db.table(table).select(*COLUMNS).eq("status", "open").order("id").limit(limit)

    async def typed(table: str, limit: int = 1000) -> Rows:
        return await db.table(table, Order).select().eq("status", "open").order("id").limit(limit)

    return select, typed


async def candidates(stack: AsyncExitStack, url: str, key: str = KEY) -> dict[str, Select]:
    (over_httpcore, _), (over_aiohttp, typed) = [
        await viber(stack, url, transport, key) for transport in ("httpcore", "aiohttp")
    ]
    return {
        PEER: postgrest(stack, url, key),
        "supabase-py": await supabase(stack, url, key),
        "httpx": await of_client(stack, url, httpx.AsyncClient(headers=headers_of(key))),
        "httpx2": await of_client(stack, url, httpx2.AsyncClient(headers=headers_of(key))),
        FASTEST_PEER: await raw_aiohttp(stack, url, key),
        "viber": over_httpcore,
        "viber over aiohttp": over_aiohttp,
        "viber over aiohttp, rows as pydantic models": typed,
    }


async def of_canned(stack: AsyncExitStack, url: str) -> dict[str, Select]:
    """Every candidate and the floor, each of which reads the same."""
    selects = {**await candidates(stack, url), "asyncio, httptools, json (floor)": await floor(stack, url)}
    for select in selects.values():
        await check(select)
    return selects


@contextmanager
def trusted() -> Iterator[str]:
    """A certificate for 127.0.0.1 that everybody in this process trusts."""
    authority = trustme.CA()
    with TemporaryDirectory() as folder:
        authority.cert_pem.write_to_path(f"{folder}/ca.pem")
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(f"{folder}/own.pem")
        os.environ["SSL_CERT_FILE"] = f"{folder}/ca.pem"
        try:
            yield str(Path(folder) / "own.pem")
        finally:
            del os.environ["SSL_CERT_FILE"]


async def measure(
    selects: dict[str, Select], name: str, tasks: int, kind: str, effort: Effort
) -> list[Table]:
    runs = {who: concurrently(select, name, tasks) for who, select in selects.items()}
    return await both(titled(TABLES[name], tasks, kind), runs, OPERATIONS[name], effort)


async def against_postgrest(effort: Effort) -> list[Table]:
    """The same orders from a real PostgREST, behind the gateway of the sandbox."""
    tables: list[Table] = []
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(Sandbox())
        selects = await candidates(stack, sandbox.supabase_url, sandbox.anon_key)
        for rows, last in OPEN_ORDERS.items():
            for tasks in (1, 50):
                runs = {
                    who: asking(select, "orders", tasks, rows=rows, last=last, limit=rows)
                    for who, select in selects.items()
                }
                title = titled(rows, tasks, ", from PostgREST")
                tables += await both(title, runs, OPERATIONS["many"], effort)
    return tables


def titled(rows: int, tasks: int, kind: str) -> str:
    return f"{rows} row{'s' * (rows > 1)}, {tasks} task{'s' * (tasks > 1)}{kind}"


async def both(title: str, runs: dict[str, Run], operations: int, effort: Effort) -> list[Table]:
    """In units of either peer."""
    named = [Candidate(who, run) for who, run in runs.items()]
    table = await compare(title, named, yardstick=PEER, operations=operations, effort=effort)
    fast = [row for row in table.rows if row.name == FASTEST_PEER or row.name.startswith("viber")]
    return [table, replace(table, title=f"{title}, in units of aiohttp", yardstick=FASTEST_PEER, rows=fast)]


async def main(effort: Effort) -> None:
    warnings.simplefilter("ignore", DeprecationWarning)  # the peers' own
    answers = {f"/rest/v1/{table}": whole(json.dumps(stored(table)).encode()) for table in TABLES}
    tables: list[Table] = []
    async with AsyncExitStack() as stack:
        selects = await of_canned(stack, stack.enter_context(canned(answers)))
        for name in TABLES:
            for tasks in (1, 10, 50, 200):
                tables += await measure(selects, name, tasks, "", effort)
    async with AsyncExitStack() as stack:
        certificate = stack.enter_context(trusted())
        selects = await of_canned(stack, stack.enter_context(canned(answers, certificate=certificate)))
        for tasks in (1, 50):
            tables += await measure(selects, "one", tasks, ", over TLS", effort)
    tables += await against_postgrest(effort)
    publish("http", tables, packages=PACKAGES, effort=effort)


if __name__ == "__main__":
    asyncio.run(main(Effort.parse()))
