"""The admin side of the real processes: look at them, stop, start, kill, freeze, thaw, restart over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

from aiohttp import web

from viber.sandbox._error import SandboxError
from viber.sandbox._names import Action
from viber.sandbox._process import ManagedProcess

PROCESSES_PATH: Final = "/_sandbox/processes"


def add_process_routes(app: web.Application, processes: Mapping[str, ManagedProcess]) -> None:
    """Give an application the admin routes of its processes.

    ``GET`` lists them, ``GET .../{name}`` shows one, ``POST .../{name}/{action}`` acts, then answers.
    """
    routes = _ProcessRoutes(processes)
    app.router.add_get(PROCESSES_PATH, routes.list)
    app.router.add_get(PROCESSES_PATH + "/{name}", routes.show)
    app.router.add_post(PROCESSES_PATH + "/{name}/{action}", routes.act)


class _ProcessRoutes:
    def __init__(self, processes: Mapping[str, ManagedProcess]) -> None:
        self._processes = processes

    async def list(self, _request: web.Request) -> web.Response:
        return web.json_response({name: _plain(process) for name, process in self._processes.items()})

    async def show(self, request: web.Request) -> web.Response:
        return web.json_response(_plain(self._named(request)))

    async def act(self, request: web.Request) -> web.Response:
        process, action = self._named(request), request.match_info["action"]
        if action not in get_args(Action):
            raise web.HTTPNotFound(text=f"no action {action}; there are {', '.join(get_args(Action))}")
        try:
            await getattr(process, action)()
        except SandboxError as error:
            return web.json_response({"error": str(error)}, status=500)
        return web.json_response(_plain(process))

    def _named(self, request: web.Request) -> ManagedProcess:
        name = request.match_info["name"]
        if name not in self._processes:
            raise web.HTTPNotFound(text=f"no process {name}; there are {', '.join(self._processes)}")
        return self._processes[name]


def _plain(process: ManagedProcess) -> dict[str, Any]:
    return {"pid": process.pid, "state": process.state}
