"""The two servers that clients talk to, in the supervisor's own loop."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Final

from aiohttp import web

from viber.sandbox._faults import FaultBook
from viber.sandbox._gateway import ProjectKeys, gateway_app
from viber.sandbox._gemini import create_gemini_app
from viber.sandbox._ports import LOOPBACK
from viber.sandbox._process import ManagedProcess
from viber.sandbox._process_routes import add_process_routes
from viber.sandbox._report import Secrets

_SHUTDOWN_SECONDS: Final = 0.2


def supabase_server(
    upstream: str, *, keys: Secrets, processes: Mapping[str, ManagedProcess]
) -> web.Application:
    """Return the gateway with its admin routes."""
    project = ProjectKeys(anon=keys.anon_key, service_role=keys.service_role_key)
    app = gateway_app(upstream=upstream, keys=project, faults=FaultBook())
    add_process_routes(app, processes)
    return app


def gemini_server(keys: Secrets) -> web.Application:
    """Return the Gemini server with its admin routes."""
    return create_gemini_app(api_key=keys.gemini_key, book=FaultBook())


async def serve(app: web.Application, *, stack: AsyncExitStack) -> str:
    """Serve an application on a loopback port until the stack unwinds; the address is returned."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, LOOPBACK, 0).start()
    return f"http://{LOOPBACK}:{runner.addresses[0][1]}"
