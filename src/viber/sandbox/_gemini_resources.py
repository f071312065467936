"""The routes to what the Gemini server keeps: files, cached contents, batches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from aiohttp import web

from viber.sandbox._gemini_batches import BatchCabinet
from viber.sandbox._gemini_caches import CacheCabinet
from viber.sandbox._gemini_fields import pick_object, read_body
from viber.sandbox._gemini_files import FileCabinet, Upload
from viber.sandbox._gemini_wire import GeminiRefusedError, Json, dump, invalid_argument

VERSION: Final = "{version:v1|v1beta|v1alpha}"
RESUME: Final = "resume"
_ID: Final = "{id:[^/:]+}"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Route(NamedTuple):
    """One method of the API, by its name in the stats."""

    verb: str
    path: str
    name: str
    answer: Answer
    needs_key: bool = True


@dataclass(frozen=True, slots=True)
class Resources:
    """What is kept, behind its routes."""

    files: FileCabinet
    caches: CacheCabinet
    batches: BatchCabinet

    def routes(self) -> Iterator[Route]:
        """Return every route."""
        yield from self._file_routes()
        yield from self._cache_routes()
        yield from self._batch_routes()

    def _file_routes(self) -> Iterator[Route]:
        upload, one, shelf = f"/upload/{VERSION}/files", f"/{VERSION}/files/{_ID}", self.files.files
        yield Route("POST", upload, "files.start", self._start)
        # Whoever has this address may send: Google asks for no key here.
        yield Route("POST", f"{upload}/{RESUME}", "files.upload", self._go_on, needs_key=False)
        yield Route(
            "GET", f"/{VERSION}/files", "files.list", _answering(lambda r: shelf.page("files", r.query))
        )
        yield Route("GET", one, "files.get", _answering(lambda r: shelf.find(_id(r)).look()))
        yield Route("DELETE", one, "files.delete", _answering(lambda r: shelf.drop(_id(r))))
        yield Route("GET", f"{one}:download", "files.download", self._download)

    def _cache_routes(self) -> Iterator[Route]:
        whole, shelf, keep = f"/{VERSION}/cachedContents", self.caches.caches, self.caches
        one = f"{whole}/{_ID}"
        yield Route("POST", whole, "caches.create", _reading(lambda _, body: keep.create(body)))
        yield Route("GET", whole, "caches.list", _answering(lambda r: shelf.page("cachedContents", r.query)))
        yield Route("GET", one, "caches.get", _answering(lambda r: shelf.find(_id(r)).describe()))
        yield Route("PATCH", one, "caches.update", _reading(lambda r, body: keep.update(_id(r), body)))
        yield Route("DELETE", one, "caches.delete", _answering(lambda r: shelf.drop(_id(r))))

    def _batch_routes(self) -> Iterator[Route]:
        whole, keep, shelf = f"/{VERSION}/batches", self.batches, self.batches.batches
        one = f"{whole}/{_ID}"
        yield Route("GET", whole, "batches.list", _answering(lambda r: shelf.page("operations", r.query)))
        yield Route("GET", one, "batches.get", _answering(lambda r: keep.look(_id(r), base_url=_base(r))))
        yield Route("POST", f"{one}:cancel", "batches.cancel", _answering(lambda r: keep.cancel(_id(r))))
        yield Route("DELETE", one, "batches.delete", _answering(lambda r: shelf.drop(_id(r))))

    async def _start(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("x-goog-upload-command") != "start":
            raise invalid_argument("X-Goog-Upload-Command", "an upload begins with start")
        upload_id = self.files.start(
            pick_object(read_body(await request.read() or b"{}"), "file"),
            mime_type=request.headers.get("x-goog-upload-header-content-type", "application/octet-stream"),
            size=_number(request, "x-goog-upload-header-content-length"),
        )
        url = f"{request.url.origin()}{request.path}/{RESUME}?upload_id={upload_id}&upload_protocol=resumable"
        return web.Response(headers={"x-goog-upload-url": url, "x-goog-upload-status": "active"})

    async def _go_on(self, request: web.Request) -> web.StreamResponse:
        upload = self.files.upload(request.query.get("upload_id", ""))
        commands = {word.strip() for word in request.headers.get("x-goog-upload-command", "").split(",")}
        if "upload" in commands:
            upload.check(_number(request, "x-goog-upload-offset") or 0)
            # Piece by piece, so that a client that breaks off finds what had arrived.
            async for piece in request.content.iter_any():
                upload.add(piece)
        if "finalize" in commands:
            self.files.finalize(upload, base_url=_base(request))
        return _progress(upload)

    async def _download(self, request: web.Request) -> web.StreamResponse:
        file = self.files.files.find(_id(request))
        if not file.is_generated:
            raise GeminiRefusedError(400, f"{file.name} was uploaded, and cannot be downloaded.")
        return web.Response(body=file.data, content_type=file.mime_type)


def _answering(make: Callable[[web.Request], Json]) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        return _json(make(request))

    return answer


def _reading(make: Callable[[web.Request, Json], Json]) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        return _json(make(request, read_body(await request.read())))

    return answer


def _progress(upload: Upload) -> web.Response:
    headers = {"x-goog-upload-status": upload.status}
    if upload.file is None:
        return web.Response(headers={**headers, "x-goog-upload-size-received": str(len(upload.received))})
    headers["x-goog-upload-size-received"] = str(len(upload.file.data))
    text = dump({"file": upload.file.describe()})
    return web.Response(text=text, headers=headers, content_type="application/json")


def _number(request: web.Request, header: str) -> int | None:
    text = request.headers.get(header)
    if text is not None and not text.isdecimal():
        raise invalid_argument(header, "expected a whole number")
    return None if text is None else int(text)


def _id(request: web.Request) -> str:
    return request.match_info["id"]


def _base(request: web.Request) -> str:
    return str(request.url.origin())


def _json(payload: Json) -> web.Response:
    return web.Response(text=dump(payload), content_type="application/json")
