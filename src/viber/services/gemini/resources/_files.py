"""Files: brought to Google once, and then named in prompts."""

from functools import partial

from viber.http import Request, Response
from viber.services.gemini._errors import refusal
from viber.services.gemini.content._json import Json
from viber.services.gemini.resources._api import Api, Named, resource_path
from viber.services.gemini.resources._file import File
from viber.services.gemini.resources._pages import Pages, pages
from viber.services.gemini.resources._polling import wait_until
from viber.services.gemini.resources._resource_errors import FileFailedError
from viber.services.gemini.resources._upload import Progress, Upload, silent, upload_url
from viber.services.gemini.resources._upload_source import Uploadable, mime_type_of, source_of

_CHUNK = 8 * 1024 * 1024
_GRAIN = 256 * 1024
_OK = 200


class Files:
    """The files of a project, which Google keeps for 48 hours.

    Raises:
        BaseError: as for every call of the service.

    Example::

        file = await gemini.files.upload("talk.mp3")
        file = await gemini.files.wait_active(file)
        print(await gemini.generate_text(["Summarise this", file]))
    """

    def __init__(self, api: Api, *, upload_root: str) -> None:
        self._api = api
        self._upload_root = upload_root

    async def upload(
        self,
        source: Uploadable,
        *,
        mime_type: str | None = None,
        display_name: str | None = None,
        name: str | None = None,
        chunk_size: int = _CHUNK,
        on_progress: Progress | None = None,
    ) -> File:
        """Upload a path, bytes, or an asynchronous iterable of bytes, piece by piece.

        A path is read in a worker thread. After a break the server is asked how much it has, and the upload
        goes on from there; `max_attempts` breaks in a row without getting on end it. `on_progress(sent,
        total)` is called at the start and after each piece; `total` is None while it is unknown. A piece has
        `chunk_size` bytes, a multiple of 256 KiB. What the time limits bound is each piece.

        Raises:
            InvalidRequestError: the path cannot be read or changes meanwhile, or its kind is not known.

        Example::

            await gemini.files.upload("talk.mp3", on_progress=lambda sent, total: print(sent, "of", total))
        """
        if chunk_size < _GRAIN or chunk_size % _GRAIN:
            raise refusal("chunk_size is a multiple of 256 KiB")
        kind = mime_type or mime_type_of(source)
        opened = await source_of(source)
        file = {"mimeType": kind, "displayName": display_name, "name": name and resource_path("files", name)}
        url = await self._start({key: value for key, value in file.items() if value}, kind, opened.size)
        upload = Upload(self._api, url, opened, chunk_size=chunk_size, on_progress=on_progress or silent)
        return await upload.run()

    async def wait_active(
        self,
        file: Named | str,
        *,
        timeout: float | None = 300.0,  # noqa: ASYNC109 - of the clock, and across many calls
        interval: float = 1.0,
    ) -> File:
        """Wait until a file can be used, at most `timeout` seconds; asks every `interval` seconds at first.

        Raises:
            FileFailedError: Google could not process it.
            TimeoutError: it takes longer.
        """
        seen = await wait_until(
            partial(self.get, file),
            lambda found: found.state not in {None, "STATE_UNSPECIFIED", "PROCESSING"},
            within=timeout,
            interval=interval,
            clock=self._api.channel.pipeline.clock,
            what="the file",
        )
        if seen.state == "FAILED":
            raise FileFailedError(
                f"Google could not process {seen.name}{self._api.failures.told(seen.error)}",
                details={"name": seen.name, "error": seen.error},
                suggestion="check that the file is whole, and of a kind that Gemini takes",
            )
        return seen

    async def get(self, file: Named | str) -> File:
        """What is known of a file now."""
        return File.from_wire(await self._api.get(resource_path("files", file), operation="files.get"))

    def list(self, *, page_size: int | None = None) -> Pages[File]:
        """All files, page by page as you iterate.

        Example::

            async for file in gemini.files.list():
                print(file.name, file.state)
        """
        return pages(self._api, "files", File.from_wire, page_size)

    async def delete(self, file: Named | str) -> None:
        """Remove a file before its time."""
        await self._api.delete(resource_path("files", file), operation="files.delete")

    async def download(self, file: Named | str) -> bytes:
        """The bytes of a file that Gemini made; one that was uploaded is not given out again.

        Raises:
            InvalidRequestError: it cannot be downloaded.
            TransportError: it is larger than `max_response_bytes` of the HTTP configuration.
        """
        if isinstance(file, File) and not file.download_uri:
            raise refusal(f"{file.name} cannot be downloaded", suggestion="only what Gemini made itself can")
        request = self._api.request("GET", f"{resource_path('files', file)}:download?alt=media")
        return await self._api.send(request, self._read_bytes, operation="files.download", idempotent=True)

    async def _start(self, file: Json, mime_type: str, size: int | None) -> str:
        length = () if size is None else (("x-goog-upload-header-content-length", str(size)),)
        begin = (
            ("x-goog-upload-protocol", "resumable"),
            ("x-goog-upload-command", "start"),
            ("x-goog-upload-header-content-type", mime_type),
            *length,
        )
        asked = self._api.request("POST", "files", {"file": file})
        request = Request("POST", f"{self._upload_root}/files", (*asked.headers, *begin), asked.body)
        # An upload that was begun and never used is nothing: beginning another one is safe.
        read = partial(upload_url, api=self._api)
        return await self._api.send(request, read, operation="files.start", idempotent=True)

    def _read_bytes(self, response: Response) -> bytes:
        if response.status != _OK:
            raise self._api.failures.of_answer(response.status, response.headers, response.body)
        return response.body

    def __repr__(self) -> str:
        return f"<Files of {self._api.channel.name}>"
