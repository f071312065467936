"""The front of a Supabase project: its path layout, its keys, and PostgREST behind it."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import aiohttp
from aiohttp import hdrs, web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from viber.sandbox._fault_routes import add_fault_routes
from viber.sandbox._faults import FAULT_HEADER, KEY_HEADER, Fault, FaultBook, FaultKind
from viber.sandbox._inflict import cut, inflict, postgrest_error, take_fault

REST_PREFIX: Final = "/rest/v1"
_MAX_BODY: Final = 256 * 1024 * 1024
_ANSWER_SECONDS: Final = 60.0  # what a hosted gateway waits for its upstream
_CHUNK: Final = 65_536
_HOP_BY_HOP: Final = frozenset({"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"})
_NOT_SENT_ON: Final = _HOP_BY_HOP | {"host", "content-length", "expect", FAULT_HEADER, KEY_HEADER}
_UNINVITED: Final = (hdrs.ACCEPT, hdrs.ACCEPT_ENCODING, hdrs.CONTENT_TYPE, hdrs.USER_AGENT)
_WITHHELD: Final = frozenset({FaultKind.CUT_AFTER, FaultKind.TRUNCATE})
_SESSION: Final = web.AppKey("session", aiohttp.ClientSession)
_PAGE: Final = "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<h1>{0}</h1>\r\n</body>\r\n</html>\r\n"


@dataclass(frozen=True, slots=True)
class ProjectKeys:
    """The two keys that a project knows; anything else is refused before PostgREST sees it."""

    anon: str
    service_role: str


def gateway_app(*, upstream: str, keys: ProjectKeys, faults: FaultBook) -> web.Application:
    """Return the gateway in front of the PostgREST at ``upstream``."""
    app = web.Application(client_max_size=_MAX_BODY)
    app.cleanup_ctx.append(_open_session)
    app.on_response_prepare.append(_stamp)
    gateway = _Gateway(upstream=upstream, keys=keys, faults=faults)
    add_fault_routes(app, faults)
    app.router.add_route("*", REST_PREFIX, gateway.answer)
    app.router.add_route("*", REST_PREFIX + "/{tail:.*}", gateway.answer)
    return app


def upstream_path(raw: str) -> str:
    """Return the path and query that PostgREST is asked for; not a byte of them is re-encoded.

    Example:
        >>> upstream_path("/rest/v1/orders?id=in.(1,2)&note=eq.a%2Cb")
        '/orders?id=in.(1,2)&note=eq.a%2Cb'
    """
    rest = raw.removeprefix(REST_PREFIX)
    return rest if rest.startswith("/") else f"/{rest}"


def upstream_headers(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    """Return the headers that go on to PostgREST; the project key stands in for a missing token."""
    sent = CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in _NOT_SENT_ON)
    if hdrs.AUTHORIZATION not in sent and "apikey" in sent:
        sent[hdrs.AUTHORIZATION] = f"Bearer {sent['apikey']}"
    return sent


def refusal(key: str | None, keys: ProjectKeys) -> web.Response | None:
    """Return the 401 of a request without a key or with a foreign one."""
    if key is None:
        hint = "No `apikey` request header or url param was found."
        return _refuse("No API key found in request", hint=hint)
    if key not in {keys.anon, keys.service_role}:
        hint = "Double check your Supabase `anon` or `service_role` API key."
        return _refuse("Invalid API key", hint=hint)
    return None


@dataclass(frozen=True, slots=True)
class _Gateway:
    upstream: str
    keys: ProjectKeys
    faults: FaultBook

    async def answer(self, request: web.Request) -> web.StreamResponse:
        fault = take_fault(self.faults, request)
        if fault is None:
            return await self._pass_on(request)
        return await self._suffer(fault, request)

    async def _suffer(self, fault: Fault, request: web.Request) -> web.StreamResponse:
        async def upstream() -> web.StreamResponse:
            return await self._pass_on(request, withheld=fault.kind in _WITHHELD)

        return await inflict(fault, request, upstream, error_body=postgrest_error)

    async def _pass_on(self, request: web.Request, *, withheld: bool = False) -> web.StreamResponse:
        refused = refusal(request.headers.get("apikey"), self.keys)
        if refused is not None:
            return refused
        try:
            async with await self._ask(request) as answer:
                return await (_hold(answer) if withheld else _stream(answer, request))
        except TimeoutError:
            return _failure(HTTPStatus.GATEWAY_TIMEOUT)
        except aiohttp.ClientError:
            return _failure(HTTPStatus.BAD_GATEWAY)

    async def _ask(self, request: web.Request) -> aiohttp.ClientResponse:
        return await request.app[_SESSION].request(
            request.method,
            URL(self.upstream + upstream_path(request.raw_path), encoded=True),
            headers=upstream_headers(request.headers),
            data=await request.read(),
            skip_auto_headers=_UNINVITED,
            allow_redirects=False,
        )


async def _hold(answer: aiohttp.ClientResponse) -> web.Response:
    return web.Response(status=answer.status, headers=_answer_headers(answer), body=await answer.read())


async def _stream(answer: aiohttp.ClientResponse, request: web.Request) -> web.StreamResponse:
    stream = web.StreamResponse(status=answer.status, reason=answer.reason, headers=_answer_headers(answer))
    first = await answer.content.readany()  # an upstream that dies before its first byte is still a 502
    if not first and request.method != hdrs.METH_HEAD:
        stream.content_length = 0  # or aiohttp would invent a content type for it
    await stream.prepare(request)
    try:
        await stream.write(first)
        async for chunk in answer.content.iter_chunked(_CHUNK):
            await stream.write(chunk)
        await stream.write_eof()
    except aiohttp.ClientPayloadError:
        return cut(request)
    return stream


def _answer_headers(answer: aiohttp.ClientResponse) -> CIMultiDict[str]:
    return CIMultiDict(
        (name, value) for name, value in answer.headers.items() if name.lower() not in _HOP_BY_HOP
    )


async def _open_session(app: web.Application) -> AsyncIterator[None]:
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=5.0, sock_read=_ANSWER_SECONDS)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=False) as session:
        app[_SESSION] = session
        yield


async def _stamp(_request: web.Request, answer: web.StreamResponse) -> None:
    answer.headers["sb-request-id"] = str(uuid.uuid4())


def _refuse(message: str, *, hint: str) -> web.Response:
    return web.json_response({"message": message, "hint": hint}, status=HTTPStatus.UNAUTHORIZED)


def _failure(status: HTTPStatus) -> web.Response:
    page = _PAGE.format(f"{status} {status.phrase}")
    return web.Response(status=status, text=page, content_type="text/html")
