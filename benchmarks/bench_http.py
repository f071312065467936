"""A select over each transport, pipeline and all, beside what else can fetch the same rows; also over TLS."""

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
from _harness import Candidate, Effort, Table, compare
from _report import publish
from bench_select import COLUMNS, KEY, TABLES, Order, Rows, Select, check, concurrently, postgrest, stored
from supabase import acreate_client

from viber import ServiceFactory, Settings
from viber.http import HttpConfig

PEER, FASTEST_PEER = "postgrest-py", "aiohttp"
PARAMS = {"select": ",".join(COLUMNS), "status": "eq.open", "order": "id", "limit": "1000"}
HEADERS = {"apikey": KEY, "authorization": f"Bearer {KEY}"}
OPERATIONS = {"one": 1000, "many": 100}
PACKAGES = ["supabase", "postgrest", "httpx", "httpcore", "httpx2", "aiohttp", "httptools", "pydantic"]


async def supabase(stack: AsyncExitStack, url: str) -> Select:
    client = await acreate_client(url, KEY)
    stack.push_async_callback(client.postgrest.aclose)

    async def select(table: str) -> Rows:
        query = client.table(table).select(*COLUMNS).eq("status", "open").order("id").limit(1000)
        return (await query.execute()).data

    return select


async def of_client(
    stack: AsyncExitStack, url: str, client: httpx.AsyncClient | httpx2.AsyncClient
) -> Select:
    get: Callable[..., Awaitable[httpx.Response]] = (await stack.enter_async_context(client)).get

    async def select(table: str) -> Rows:
        answer = await get(f"{url}/rest/v1/{table}", params=PARAMS)
        answer.raise_for_status()
        return answer.json()

    return select


async def raw_aiohttp(stack: AsyncExitStack, url: str) -> Select:
    # Its own context is made at import, before there is a certificate to trust.
    connector = aiohttp.TCPConnector(ssl=ssl.create_default_context())
    session = await stack.enter_async_context(aiohttp.ClientSession(headers=HEADERS, connector=connector))

    async def select(table: str) -> Rows:
        async with session.get(f"{url}/rest/v1/{table}", params=PARAMS) as answer:
            answer.raise_for_status()
            return json.loads(await answer.read())

    return select


async def viber(stack: AsyncExitStack, url: str, transport: str) -> tuple[Select, Select]:
    settings = Settings.from_env({"SUPABASE_URL": url, "SUPABASE_ANON_KEY": KEY}).require("supabase")
    http = HttpConfig.model_validate({"transport": transport})
    config = settings.model_copy(update={"max_rows": None, "http": http})
    db = (await stack.enter_async_context(ServiceFactory(Settings(supabase=config)))).supabase

    async def select(table: str) -> Rows:
        return await db.table(table).select(*COLUMNS).eq("status", "open").order("id").limit(1000)

    async def typed(table: str) -> Rows:
        return await db.table(table, Order).select().eq("status", "open").order("id").limit(1000)

    return select, typed


async def candidates(stack: AsyncExitStack, url: str) -> dict[str, Select]:
    (over_httpcore, _), (over_aiohttp, typed) = [
        await viber(stack, url, transport) for transport in ("httpcore", "aiohttp")
    ]
    selects = {
        PEER: postgrest(stack, url),
        "supabase-py": await supabase(stack, url),
        "httpx": await of_client(stack, url, httpx.AsyncClient(headers=HEADERS)),
        "httpx2": await of_client(stack, url, httpx2.AsyncClient(headers=HEADERS)),
        FASTEST_PEER: await raw_aiohttp(stack, url),
        "viber": over_httpcore,
        "viber over aiohttp": over_aiohttp,
        "viber over aiohttp, rows as pydantic models": typed,
        "asyncio, httptools, json (floor)": await floor(stack, url),
    }
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
    title = f"{TABLES[name]} row{'s' * (name != 'one')}, {tasks} task{'s' * (tasks > 1)}{kind}"
    runs = [Candidate(who, concurrently(select, name, tasks)) for who, select in selects.items()]
    table = await compare(title, runs, yardstick=PEER, operations=OPERATIONS[name], effort=effort)
    fast = [row for row in table.rows if row.name == FASTEST_PEER or row.name.startswith("viber")]
    return [table, replace(table, title=f"{title}, in units of aiohttp", yardstick=FASTEST_PEER, rows=fast)]


async def main(effort: Effort) -> None:
    warnings.simplefilter("ignore", DeprecationWarning)  # the peers' own
    answers = {f"/rest/v1/{table}": whole(json.dumps(stored(table)).encode()) for table in TABLES}
    tables: list[Table] = []
    async with AsyncExitStack() as stack:
        selects = await candidates(stack, stack.enter_context(canned(answers)))
        for name in TABLES:
            for tasks in (1, 10, 50, 200):
                tables += await measure(selects, name, tasks, "", effort)
    async with AsyncExitStack() as stack:
        certificate = stack.enter_context(trusted())
        selects = await candidates(stack, stack.enter_context(canned(answers, certificate=certificate)))
        for tasks in (1, 50):
            tables += await measure(selects, "one", tasks, ", over TLS", effort)
    publish("http", tables, packages=PACKAGES, effort=effort)


if __name__ == "__main__":
    asyncio.run(main(Effort.parse()))
