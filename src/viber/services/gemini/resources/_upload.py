"""A resumable upload: pieces to an address that is a secret of its own, and on from where a break left it."""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from viber.errors import BaseError, Delivery, ServerError
from viber.http import Request, Response
from viber.machines import Stop, decide, judge
from viber.resilience import Deadline
from viber.services._channel import Channel
from viber.services.gemini.content._answers import read_object
from viber.services.gemini.content._failures import Failures
from viber.services.gemini.content._json import Json, is_object
from viber.services.gemini.resources._api import Api
from viber.services.gemini.resources._file import File
from viber.services.gemini.resources._upload_source import Piece, Source

Progress = Callable[[int, int | None], object]
"""Told after each piece: bytes that the server has, and bytes in all if that is known."""
_OK = 200
_SECRET_FROM = 8
"""The length from which a value in an upload's address is taken for a secret."""


class SecretUrl(str):
    """An address that is all one needs: its repr keeps it to itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'<secret>'"


def silent(_sent: int, _total: int | None) -> None:
    """Nobody wants to know how far it is."""


class Upload:
    """One upload under way.

    Raises:
        BaseError: the server refused it, or it broke off `max_attempts` times in a row without getting on.
    """

    def __init__(self, api: Api, url: str, source: Source, *, chunk_size: int, on_progress: Progress) -> None:
        is_home = _origin(url) == _origin(api.endpoint.root)
        self._api = replace(
            api, channel=_channel(api.channel, is_home=is_home), failures=_discreet(api.failures, url)
        )
        self._url = SecretUrl(url)
        self._headers = api.endpoint.headers if is_home else ()
        self._source = source
        self._chunk_size = chunk_size
        self._on_progress = on_progress
        self._offset = 0
        self._sent = 0
        self._breaks = 0
        self._file: File | None = None

    async def run(self) -> File:
        """Send everything, and return the file that came of it."""
        self._on_progress(0, self._source.size)
        while self._file is None:
            piece = await self._source.read(self._offset, self._chunk_size)
            try:
                await self._send(piece)
            except BaseError as error:
                await self._recover(error)
            self._on_progress(self._offset, self._source.size)
        return self._file

    async def _send(self, piece: Piece) -> None:
        command = "upload, finalize" if piece.is_last else "upload"
        place = ("x-goog-upload-offset", str(self._offset))
        self._sent = self._offset + len(piece.data)
        await self._command(command, place, body=piece.data, idempotent=False)
        if piece.is_last and self._file is None:
            raise ServerError("the server did not finish the upload", service="gemini")

    async def _recover(self, error: BaseError) -> None:
        """Wait, and ask where to go on; or give up with the error that it was."""
        self._breaks += 1
        pause = self._pause_after(error)
        if isinstance(pause, Stop):
            error.add_note(f"the upload stopped after {self._offset} bytes: {pause.value}")
            raise error
        await self._api.channel.pipeline.clock.sleep(pause)
        before = self._offset
        await self._command("query", body=b"", idempotent=True)
        if self._offset > before:
            self._breaks = 0

    def _pause_after(self, error: BaseError) -> float | Stop:
        pipeline, deadline = self._api.channel.pipeline, Deadline.current()
        return decide(
            pipeline.retry,
            judge(error),
            attempt=self._breaks,
            idempotent=True,  # a server that has the bytes already says so
            remaining=None if deadline is None else deadline.remaining(),
            rng=pipeline.rng,
            budget=pipeline.budget,
            now=pipeline.clock.now(),
        )

    async def _command(self, command: str, *fields: tuple[str, str], body: bytes, idempotent: bool) -> None:
        headers = (*self._headers, ("x-goog-upload-command", command), *fields)
        request = Request("POST", self._url, headers, body)
        operation = "files.upload"
        answer = await self._api.send(request, self._read, operation=operation, idempotent=idempotent)
        self._heed(answer, self._offset + len(body))

    def _read(self, response: Response) -> Response:
        if response.status != _OK or "x-goog-upload-status" not in response.headers:
            raise self._api.failures.of_answer(response.status, response.headers, response.body)
        return response

    def _heed(self, answer: Response, reached: int) -> None:
        match answer.headers["x-goog-upload-status"]:
            case "active":
                told = answer.headers.get("x-goog-upload-size-received", "")
                self._offset = int(told) if told.isdecimal() else reached
                if self._offset > self._sent:
                    raise _nonsense("the server has more bytes than were sent")
            case "final":
                self._file = file_in(read_object(answer, self._api.failures))
                self._offset = self._sent
                if self._file.size_bytes not in {None, self._sent}:
                    raise _nonsense(f"{self._sent} bytes were sent, and the file has another size")
            case other:
                raise _nonsense(f"the server says that the upload is {other[:20]!r}")

    def __repr__(self) -> str:
        return f"<Upload, {self._offset} of {self._source.size} bytes>"


def _nonsense(message: str) -> ServerError:
    return ServerError(message, service="gemini", retryable=False)


def file_in(body: Json) -> File:
    """The file that an upload ended with.

    Raises:
        ServerError: there is none.
    """
    if not is_object(body.get("file")):
        raise ServerError(
            "the upload is done, but the server did not say as which file",
            service="gemini",
            retryable=False,
            delivery=Delivery.UNKNOWN,
            suggestion="look for it with files.list()",
        )
    return File.from_wire(body["file"])


def upload_url(response: Response, api: Api) -> str:
    """Where an upload that was begun goes on.

    Raises:
        BaseError: it was refused, or there is no such address, or one less safe than the API's own.
    """
    url = response.headers.get("x-goog-upload-url", "")
    if response.status != _OK or not url:
        raise api.failures.of_answer(response.status, response.headers, response.body)
    schemes = {"https", urlsplit(api.endpoint.root).scheme}
    if not urlsplit(url).hostname or urlsplit(url).scheme not in schemes:
        raise _nonsense("the server gave no usable address for the upload")
    return url


def _channel(channel: Channel, *, is_home: bool) -> Channel:
    """Another host gets no header field that is meant for the API; no piece is repeated without asking."""
    options = replace(channel.options, idempotent=None, headers=channel.options.headers if is_home else ())
    return replace(channel, options=options)


def _discreet(failures: Failures, url: str) -> Failures:
    values = [value for _, value in parse_qsl(urlsplit(url).query) if len(value) >= _SECRET_FROM]
    return replace(failures, secrets=(*failures.secrets, url, *values))


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, parts.hostname, port
