"""Carries faults out: what an aiohttp server does to one request instead of answering it properly."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

from aiohttp import hdrs, web

from viber.sandbox._faults import FAULT_HEADER, KEY_HEADER, Fault, FaultBook, FaultKind, FaultRequest

Upstream = Callable[[], Awaitable[web.StreamResponse]]
"""Produces the genuine answer; whatever the request asks for has then been done."""

CLOSING: Final = web.AppKey("viber_closing", asyncio.Event)
"""Set at shutdown, so that hanging requests do not hold it up; `add_fault_routes` puts it there."""

_GLANCE: Final = 0.02  # seconds between two looks at whether the client is still there
_LINGER_NOT: Final = struct.pack("ii", 1, 0)  # makes closing a socket send a reset
_PAGE: Final = "<!DOCTYPE html>\n<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>\n"


def take_fault(book: FaultBook, request: web.Request) -> Fault | None:
    """Ask the book what this request suffers, and count it.

    Raises:
        aiohttp.web.HTTPBadRequest: the fault header cannot be read; the body says why.
    """
    asked = FaultRequest(
        method=request.method,
        path=request.path,
        key=request.headers.get(KEY_HEADER),
        header=request.headers.get(FAULT_HEADER),
    )
    try:
        return book.take(asked)
    except ValueError as error:
        raise _bad_request(f"{FAULT_HEADER}: {error}") from None


async def inflict(
    fault: Fault,
    request: web.Request,
    upstream: Upstream,
    *,
    error_body: Callable[[Fault], Any],
) -> web.StreamResponse:
    """Answer a request the way the fault says; ``error_body`` gives the JSON of a ``status`` fault.

    ``upstream`` has to return an unprepared `aiohttp.web.Response`, since a part of it may be withheld; only
    for ``latency`` may it write its own stream. A client that goes away during ``latency`` is not served.

    Raises:
        aiohttp.web.HTTPBadRequest: the kind is only for streams, and this answer is none.
    """
    match fault.kind:
        case FaultKind.STATUS | FaultKind.HTML | FaultKind.EMPTY:
            return _refusal(fault, error_body)
        case FaultKind.LATENCY:
            return await upstream() if await pause(request, fault.seconds) else cut(request)
        case FaultKind.HANG:
            await wait_until_gone(request)
            return cut(request)
        case FaultKind.CUT_BEFORE:
            await _drain(request)
            return cut(request, reset=fault.reset)
        case FaultKind.CUT_AFTER:
            await upstream()
            return cut(request, reset=fault.reset)
        case FaultKind.TRUNCATE:
            return await _truncate(await upstream(), request, after=fault.after_bytes)
        case _:
            raise _bad_request(f"a {fault.kind.replace('_', '-')} fault is for streams; this answer is none")


def postgrest_error(fault: Fault) -> Any:
    """Return the JSON of a ``status`` fault: with a ``code`` as PostgREST says it, else as a gateway does."""
    if fault.body is not None:
        return fault.body
    message = fault.message or reason_phrase(fault.status)
    if fault.code is None:
        return {"message": message}
    return {"code": fault.code, "details": None, "hint": None, "message": message}


def reason_phrase(status: int) -> str:
    """Return the usual words for an HTTP status, also for numbers nobody registered."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown Error"


def is_connected(request: web.Request) -> bool:
    """Tell whether anybody still waits for the answer: the client is there and the server is not closing."""
    gone = request.transport is None or request.transport.is_closing()
    return not gone and not request.app[CLOSING].is_set()


async def wait_until_gone(request: web.Request) -> None:
    """Wait until the client has gone away or the server closes."""
    while is_connected(request):
        # aiohttp tells a handler nothing about a client that left, short of cancelling it: look now and then.
        with suppress(TimeoutError):
            async with asyncio.timeout(_GLANCE):
                await request.app[CLOSING].wait()


async def pause(request: web.Request, seconds: float) -> bool:
    """Wait some seconds, less if the client goes away; True when it is still there."""
    try:
        async with asyncio.timeout(seconds):
            await wait_until_gone(request)
    except TimeoutError:
        return True
    return False


def cut(request: web.Request, *, reset: bool = False) -> web.Response:
    """Drop the connection without another byte; with ``reset`` the client sees a reset instead of an end.

    The returned response only ends the handler, it reaches nobody.
    """
    transport = request.transport
    if transport is not None:
        if reset:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        transport.abort()
    return web.Response()


def hang_up(request: web.Request) -> None:
    """Close the connection behind the bytes already written, in the middle of an answer."""
    if request.transport is not None:
        request.transport.close()


async def _drain(request: web.Request) -> None:
    # Closing a socket with unread bytes sends a reset: read them, so that `reset` alone decides.
    async for _ in request.content.iter_chunked(65536):
        pass


def _refusal(fault: Fault, error_body: Callable[[Fault], Any]) -> web.Response:
    headers = {} if fault.retry_after is None else {hdrs.RETRY_AFTER: f"{fault.retry_after:.10g}"}
    if fault.kind is FaultKind.EMPTY:
        return web.Response(content_type="application/json")
    if fault.kind is FaultKind.HTML:
        page = _PAGE.format(f"{fault.status} {reason_phrase(fault.status)}")
        return web.Response(text=page, status=fault.status, headers=headers, content_type="text/html")
    return web.json_response(error_body(fault), status=fault.status, headers=headers)


async def _truncate(answer: web.StreamResponse, request: web.Request, *, after: int) -> web.StreamResponse:
    if not isinstance(answer, web.Response) or answer.prepared:
        raise TypeError("only an answer held back as a whole can be truncated")
    body = answer.body if isinstance(answer.body, bytes | bytearray) else b""
    headers = answer.headers.copy()
    headers.popall(hdrs.CONTENT_LENGTH, None)
    part = web.StreamResponse(status=answer.status, headers=headers)
    part.content_length = max(len(body), after + 1)
    await part.prepare(request)
    await part.write(bytes(body[:after]))
    hang_up(request)
    return part


def _bad_request(reason: str) -> web.HTTPBadRequest:
    error = {"code": HTTPStatus.BAD_REQUEST, "message": reason, "status": "INVALID_ARGUMENT"}
    text = json.dumps({"code": "BAD_FAULT", "message": reason, "error": error})
    return web.HTTPBadRequest(text=text, content_type="application/json")
