"""A server that speaks the Gemini API, with deterministic answers, correct counts and faults on demand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from math import isfinite
from time import time
from typing import Any, Final

from aiohttp import web

from viber.sandbox._fault_routes import add_fault_routes
from viber.sandbox._faults import STREAM_KINDS, Fault, FaultBook, FaultKind
from viber.sandbox._gemini_answer import whole_answer
from viber.sandbox._gemini_batches import BatchCabinet
from viber.sandbox._gemini_caches import CacheCabinet
from viber.sandbox._gemini_catalogue import find_model, list_models
from viber.sandbox._gemini_embedding import embed_batch, embed_one
from viber.sandbox._gemini_fields import pick_object, pick_objects, read_body
from viber.sandbox._gemini_files import FileCabinet
from viber.sandbox._gemini_flow import Flow
from viber.sandbox._gemini_model import count_prompt, reply_to
from viber.sandbox._gemini_request import Generation, read_generation
from viber.sandbox._gemini_resources import VERSION, Answer, Resources
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
    wrong_token,
)
from viber.sandbox._inflict import inflict, take_fault

DELAY_HEADER: Final = "x-viber-token-delay"
STATS_PATH: Final = "/_sandbox/stats"


_MAX_BODY: Final = 64 * 1024 * 1024
_MODELS: Final = f"/{VERSION}/models"
_VERTEX: Final = "/v1beta1/projects/{project}/locations/{location}/publishers/google/models"
_STREAM: Final = "streamGenerateContent"
_WITHHELD_KINDS: Final = frozenset({FaultKind.CUT_AFTER, FaultKind.TRUNCATE})


@dataclass(frozen=True, slots=True)
class _Call:
    """A request, and what a fault has in store for its answer."""

    request: web.Request
    name: str = ""
    needs_key: bool = True
    stream_fault: Fault | None = None
    withheld: bool = False

    @property
    def model(self) -> str:
        return self.request.match_info.get("model", "")

    @property
    def method(self) -> str:
        return self.name or self.request.match_info["method"]

    @property
    def is_stream(self) -> bool:
        return self.method == _STREAM

    @property
    def framing(self) -> Framing:
        return Framing.SSE if self.request.query.get("alt") == "sse" else Framing.ARRAY

    def error_body(self, fault: Fault) -> Any:
        body = google_error(fault, model=self.model)
        return self.framing.error(body) if self.is_stream else body


_Work = Callable[[_Call], Awaitable[web.StreamResponse]]


def create_gemini_app(*, api_key: str, book: FaultBook, token_delay: float = 0.0) -> web.Application:
    """Return an application that speaks the Gemini API to callers with this key.

    Streams wait ``token_delay`` seconds for each token, or what the header ``x-viber-token-delay`` says.
    Besides the API there are ``/_sandbox/faults`` and ``/_sandbox/stats`` (``GET``, and ``DELETE`` to reset).

    Example:
        >>> create_gemini_app(api_key="sandbox", book=FaultBook()).router is not None
        True
    """
    server = _GeminiServer(api_key=api_key, book=book, token_delay=token_delay)
    app = web.Application(client_max_size=_MAX_BODY)
    add_fault_routes(app, book)
    app.router.add_get(STATS_PATH, server.show_stats)
    app.router.add_delete(STATS_PATH, server.reset_stats)
    app.router.add_get(_MODELS, server.answering(server.list_models, name="models.list"))
    app.router.add_get(_MODELS + "/{model:[^/:]+}", server.answering(server.get_model, name="models.get"))
    for models in (_MODELS, _VERTEX):
        app.router.add_post(models + "/{model:[^/:]+}:{method}", server.answering(server.call))
    for verb, path, name, answer, needs_key in server.resources.routes():
        work = partial(_of_request, answer)
        app.router.add_route(verb, path, server.answering(work, name=name, needs_key=needs_key))
    return app


class _GeminiServer:
    def __init__(self, *, api_key: str, book: FaultBook, token_delay: float) -> None:
        self._api_key = api_key
        self._book = book
        self._token_delay = token_delay
        self._stats = GeminiStats()
        files = FileCabinet(time)
        self.resources = Resources(
            files, CacheCabinet(time), BatchCabinet(files, wall=time, bill=self._stats.bill)
        )

    def answering(
        self, work: _Work, *, name: str = "", needs_key: bool = True
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Make a handler of some work: counted, struck by faults, and only for callers with the key."""

        async def handle(request: web.Request) -> web.StreamResponse:
            call = _Call(request, name, needs_key)
            self._stats.requests[call.method] += 1
            self._stats.requests_open += 1
            try:
                return await self._suffer(call, work)
            finally:
                self._stats.requests_open -= 1

        return handle

    async def show_stats(self, _request: web.Request) -> web.Response:
        return web.json_response(self._stats.snapshot())

    async def reset_stats(self, _request: web.Request) -> web.Response:
        self._stats.reset()
        return web.Response(status=204)

    async def list_models(self, call: _Call) -> web.Response:
        return _json(list_models(call.request.query))

    async def get_model(self, call: _Call) -> web.Response:
        return _json(find_model(call.model))

    async def call(self, call: _Call) -> web.StreamResponse:
        find_model(call.model, method=call.method)
        body = read_body(await call.request.read())
        match call.method:
            case "streamGenerateContent":
                return await self._stream(call, body)
            case "generateContent":
                return self._generate(call, body)
            case "countTokens":
                return self._count_tokens(call, body)
            case "batchGenerateContent":
                return _json(self.resources.batches.create(call.model, body))
            case method:
                return _json(_EMBEDDING[method](call.model, body))

    async def _suffer(self, call: _Call, work: _Work) -> web.StreamResponse:
        fault = take_fault(self._book, call.request)
        if fault is None:
            return await self._admit(call, work)
        if fault.kind in STREAM_KINDS and call.is_stream:
            return await self._admit(replace(call, stream_fault=fault), work)
        meant = replace(call, withheld=fault.kind in _WITHHELD_KINDS)
        genuine = partial(self._admit, meant, work)
        answer = await inflict(fault, call.request, genuine, error_body=call.error_body)
        if fault.kind is FaultKind.STATUS and call.is_stream:
            answer.content_type = call.framing.value
        return answer

    async def _admit(self, call: _Call, work: _Work) -> web.StreamResponse:
        try:
            if call.needs_key:
                self._check_key(call.request)
            return await work(call)
        except GeminiRefusedError as refused:
            return _refuse(call, refused)

    def _check_key(self, request: web.Request) -> None:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        key = request.headers.get("x-goog-api-key") or request.query.get("key")
        if not (key or bearer):
            raise no_key()
        if (key or bearer) != self._api_key:
            raise wrong_key() if key else wrong_token()

    def _read(self, call: _Call, body: Json) -> Generation:
        self.resources.files.check_prompt(pick_objects(body, "contents"))
        cached = self.resources.caches.tokens_for(call.model, body)
        return replace(read_generation(call.model, body), cached_tokens=cached)

    def _count_tokens(self, call: _Call, body: Json) -> web.Response:
        counts = count_prompt(self._read(call, pick_object(body, "generateContentRequest") or body))
        return _json({"totalTokens": counts.total(), "promptTokensDetails": details(counts)})

    def _generate(self, call: _Call, body: Json) -> web.Response:
        answer = whole_answer(reply_to(self._read(call, body)))
        self._stats.bill(answer.usage)
        if not call.withheld:
            self._stats.tokens_sent += answer.tokens
        return _json(answer.payload)

    async def _stream(self, call: _Call, body: Json) -> web.StreamResponse:
        flow = Flow(
            reply=reply_to(self._read(call, body)),
            framing=call.framing,
            fault=call.stream_fault,
            delay=_read_delay(call.request, otherwise=self._token_delay),
            stats=self._stats,
        )
        return flow.whole() if call.withheld else await flow.send(call.request)


async def _of_request(answer: Answer, call: _Call) -> web.StreamResponse:
    return await answer(call.request)


_EMBEDDING: Final[dict[str, Callable[[str, Json], Json]]] = {
    "embedContent": embed_one,
    "batchEmbedContents": embed_batch,
}


def _refuse(call: _Call, refused: GeminiRefusedError) -> web.Response:
    if not call.is_stream:
        return _json(refused.body(), status=refused.http)
    framing = call.framing
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
