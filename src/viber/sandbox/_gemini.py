"""A server that speaks the Gemini API, with deterministic answers, correct counts and faults on demand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from math import isfinite
from typing import Any, Final

from aiohttp import web

from viber.sandbox._fault_routes import add_fault_routes
from viber.sandbox._faults import STREAM_KINDS, Fault, FaultBook, FaultKind
from viber.sandbox._gemini_answer import whole_answer
from viber.sandbox._gemini_catalogue import find_model, list_models
from viber.sandbox._gemini_embedding import embed_batch, embed_one
from viber.sandbox._gemini_fields import pick_object, read_body
from viber.sandbox._gemini_flow import Flow
from viber.sandbox._gemini_model import count_prompt, reply_to
from viber.sandbox._gemini_request import read_generation
from viber.sandbox._gemini_stats import GeminiStats
from viber.sandbox._gemini_tokens import details
from viber.sandbox._gemini_wire import (
    Framing,
    GeminiRefusedError,
    Json,
    dump,
    google_error,
    invalid_argument,
    no_key,
    wrong_key,
)
from viber.sandbox._inflict import inflict, take_fault

DELAY_HEADER: Final = "x-viber-token-delay"
STATS_PATH: Final = "/_sandbox/stats"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_MAX_BODY: Final = 64 * 1024 * 1024
_MODELS: Final = "/{version:v1|v1beta|v1alpha}/models"
_STREAM: Final = "streamGenerateContent"
_WITHHELD_KINDS: Final = frozenset({FaultKind.CUT_AFTER, FaultKind.TRUNCATE})
_FAULT: Final = "viber_fault"
_WITHHELD: Final = "viber_withheld"


def create_gemini_app(*, api_key: str, book: FaultBook, token_delay: float = 0.0) -> web.Application:
    """Return an application that speaks the Gemini API to callers with this key.

    Streams wait ``token_delay`` seconds for each token, or what the header ``x-viber-token-delay`` says.
    Besides the API there are ``/_sandbox/faults`` and ``/_sandbox/stats`` (``GET``, and ``DELETE`` to reset).

    Example:
        >>> create_gemini_app(api_key="sandbox", book=FaultBook()).router is not None
        True
    """
    server = _GeminiServer(api_key=api_key, book=book, token_delay=token_delay)
    app = web.Application(client_max_size=_MAX_BODY, middlewares=[server.guard])
    add_fault_routes(app, book)
    app.router.add_get(STATS_PATH, server.show_stats)
    app.router.add_delete(STATS_PATH, server.reset_stats)
    app.router.add_get(_MODELS, server.list_models)
    app.router.add_get(_MODELS + "/{model:[^/:]+}", server.get_model)
    app.router.add_post(_MODELS + "/{model:[^/:]+}:{method}", server.call)
    return app


class _GeminiServer:
    def __init__(self, *, api_key: str, book: FaultBook, token_delay: float) -> None:
        self._api_key = api_key
        self._book = book
        self._token_delay = token_delay
        self._stats = GeminiStats()

    @web.middleware
    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith("/_sandbox/"):
            return await handler(request)
        self._stats.requests[_name(request)] += 1
        self._stats.requests_open += 1
        try:
            return await self._suffer(request, handler)
        finally:
            self._stats.requests_open -= 1

    async def show_stats(self, _request: web.Request) -> web.Response:
        return web.json_response(self._stats.snapshot())

    async def reset_stats(self, _request: web.Request) -> web.Response:
        self._stats.reset()
        return web.Response(status=204)

    async def list_models(self, request: web.Request) -> web.Response:
        return _json(list_models(request.query))

    async def get_model(self, request: web.Request) -> web.Response:
        return _json(find_model(request.match_info["model"]))

    async def call(self, request: web.Request) -> web.StreamResponse:
        model, method = request.match_info["model"], request.match_info["method"]
        find_model(model, method=method)
        body = read_body(await request.read())
        if method == _STREAM:
            return await self._stream(request, model, body)
        if method == "generateContent":
            return self._generate(request, model, body)
        return _json(_UNBILLED[method](model, body))

    async def _suffer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        async def genuine() -> web.StreamResponse:
            return await self._admit(request, handler)

        fault = take_fault(self._book, request)
        if fault is None:
            return await genuine()
        if fault.kind in STREAM_KINDS and _is_stream(request):
            request[_FAULT] = fault
            return await genuine()
        request[_WITHHELD] = fault.kind in _WITHHELD_KINDS
        answer = await inflict(fault, request, genuine, error_body=_error_body(request))
        if fault.kind is FaultKind.STATUS and _is_stream(request):
            answer.content_type = _framing(request).value
        return answer

    async def _admit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            self._check_key(request)
            return await handler(request)
        except GeminiRefusedError as refused:
            return _refuse(request, refused)

    def _check_key(self, request: web.Request) -> None:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        key = request.headers.get("x-goog-api-key") or request.query.get("key") or bearer
        if not key:
            raise no_key()
        if key != self._api_key:
            raise wrong_key()

    def _generate(self, request: web.Request, model: str, body: Json) -> web.Response:
        answer = whole_answer(reply_to(read_generation(model, body)))
        self._stats.bill(answer.usage)
        if not request.get(_WITHHELD):
            self._stats.tokens_sent += answer.tokens
        return _json(answer.payload)

    async def _stream(self, request: web.Request, model: str, body: Json) -> web.StreamResponse:
        flow = Flow(
            reply=reply_to(read_generation(model, body)),
            framing=_framing(request),
            fault=request.get(_FAULT),
            delay=_read_delay(request, otherwise=self._token_delay),
            stats=self._stats,
        )
        return flow.whole() if request.get(_WITHHELD) else await flow.send(request)


def _count_tokens(model: str, body: Json) -> Json:
    asked = read_generation(model, pick_object(body, "generateContentRequest") or body)
    counts = count_prompt(asked)
    return {"totalTokens": counts.total(), "promptTokensDetails": details(counts)}


_UNBILLED: Final[dict[str, Callable[[str, Json], Json]]] = {
    "countTokens": _count_tokens,
    "embedContent": embed_one,
    "batchEmbedContents": embed_batch,
}


def _name(request: web.Request) -> str:
    if "version" not in request.match_info:
        return "unknown"
    return request.match_info.get("method", "models.get" if "model" in request.match_info else "models.list")


def _is_stream(request: web.Request) -> bool:
    return request.match_info.get("method") == _STREAM


def _framing(request: web.Request) -> Framing:
    return Framing.SSE if request.query.get("alt") == "sse" else Framing.ARRAY


def _error_body(request: web.Request) -> Callable[[Fault], Any]:
    def write(fault: Fault) -> Any:
        body = google_error(fault, model=request.match_info.get("model", ""))
        return _framing(request).error(body) if _is_stream(request) else body

    return write


def _refuse(request: web.Request, refused: GeminiRefusedError) -> web.Response:
    if not _is_stream(request):
        return _json(refused.body(), status=refused.http)
    framing = _framing(request)
    return _json(framing.error(refused.body()), status=refused.http, content_type=framing.value)


def _read_delay(request: web.Request, *, otherwise: float) -> float:
    text = request.headers.get(DELAY_HEADER)
    if text is None:
        return otherwise
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if seconds < 0 or not isfinite(seconds):
        raise invalid_argument(DELAY_HEADER, "expected seconds")
    return seconds


def _json(payload: Any, *, status: int = 200, content_type: str = "application/json") -> web.Response:
    return web.Response(text=dump(payload), status=status, content_type=content_type)
