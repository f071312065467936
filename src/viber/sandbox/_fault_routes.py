"""The admin side of the book of faults: list, add, remove, clear over HTTP."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final

from aiohttp import web

from viber.sandbox._faults import Fault, FaultBook, FaultEntry, parse_fault_header, validate_fault
from viber.sandbox._inflict import CLOSING

FAULTS_PATH: Final = "/_sandbox/faults"


def add_fault_routes(app: web.Application, book: FaultBook) -> None:
    """Give an application the admin routes of its book; faults never strike these routes themselves.

    ``GET`` lists, ``POST`` adds one fault (JSON, or the text of a fault header) and answers its id,
    ``DELETE`` clears, ``DELETE .../{id}`` removes one. Shutting the application down ends requests that hang.
    """
    routes = _FaultRoutes(book)
    app[CLOSING] = asyncio.Event()
    app.on_shutdown.append(_announce_closing)
    app.router.add_get(FAULTS_PATH, routes.list)
    app.router.add_post(FAULTS_PATH, routes.add)
    app.router.add_delete(FAULTS_PATH, routes.clear)
    app.router.add_delete(FAULTS_PATH + "/{id}", routes.remove)


class _FaultRoutes:
    def __init__(self, book: FaultBook) -> None:
        self._book = book

    async def list(self, _request: web.Request) -> web.Response:
        return web.json_response({"faults": [_entry(entry) for entry in self._book.list()]})

    async def add(self, request: web.Request) -> web.Response:
        try:
            fault = _read_fault(await request.text())
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({"id": self._book.add(fault), "fault": _plain(fault)}, status=201)

    async def clear(self, _request: web.Request) -> web.Response:
        self._book.clear()
        return web.Response(status=204)

    async def remove(self, request: web.Request) -> web.Response:
        fault_id = request.match_info["id"]
        if self._book.remove(fault_id):
            return web.Response(status=204)
        return web.json_response({"error": f"no fault {fault_id}"}, status=404)


async def _announce_closing(app: web.Application) -> None:
    app[CLOSING].set()


def _read_fault(text: str) -> Fault:
    if not text.lstrip().startswith("{"):
        return parse_fault_header(text.strip())
    try:
        fields = json.loads(text)
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from None
    return validate_fault(fields)


def _entry(entry: FaultEntry) -> dict[str, Any]:
    counts = {"matched": entry.matched, "inflicted": entry.inflicted}
    return {"id": entry.id, "fault": _plain(entry.fault), **counts}


def _plain(fault: Fault) -> dict[str, Any]:
    return fault.model_dump(mode="json", exclude_unset=True)
