"""The files that the Gemini server holds, and the resumable uploads that bring them. Pure.

Marks in a display name steer it: ``[[processing:2]]`` makes a file stay in PROCESSING for two looks, and
``[[fail]]`` lets its processing fail. Sound and film stay in PROCESSING for one look unless a mark says else.
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from viber.sandbox._gemini_fields import pick, pick_object, pick_objects, pick_text
from viber.sandbox._gemini_shelf import Shelf, marks_in
from viber.sandbox._gemini_times import moment
from viber.sandbox._gemini_wire import GeminiRefusedError, Json, invalid_argument, operation_error

LIFETIME: Final = 48 * 3600.0
_NAME: Final = re.compile(r"files/[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_IN_URI: Final = re.compile(r"/files/([a-z0-9-]+)$")
_PROCESSED: Final = frozenset({"audio", "video"})


@dataclass(slots=True)
class StoredFile:
    """A file; each look at it brings its processing on."""

    name: str
    uri: str
    mime_type: str
    data: bytes
    created: float
    display_name: str = ""
    is_generated: bool = False
    looks: int = 0
    fails: bool = False

    @property
    def state(self) -> str:
        """PROCESSING, then ACTIVE or FAILED."""
        if self.looks > 0:
            return "PROCESSING"
        return "FAILED" if self.fails else "ACTIVE"

    def look(self) -> Json:
        """Return its JSON; one look nearer to the end of its processing."""
        shown = self.describe()
        self.looks = max(0, self.looks - 1)
        return shown

    def describe(self) -> Json:
        """Return its JSON."""
        shown: Json = {
            "name": self.name,
            "displayName": self.display_name,
            "mimeType": self.mime_type,
            "sizeBytes": str(len(self.data)),
            "createTime": moment(self.created),
            "updateTime": moment(self.created),
            "expirationTime": moment(self.created + LIFETIME),
            "sha256Hash": base64.b64encode(sha256(self.data).hexdigest().encode()).decode(),
            "uri": self.uri,
            "downloadUri": f"{self.uri}:download?alt=media" if self.is_generated else "",
            "state": self.state,
            "source": "GENERATED" if self.is_generated else "UPLOADED",
        }
        if self.state == "FAILED":
            shown["error"] = operation_error(400, "The file could not be processed.")
        return {key: value for key, value in shown.items() if value}


@dataclass(slots=True)
class Upload:
    """A file on its way; ``size`` is what its sender promised, if it did."""

    mime_type: str
    wanted: Json
    size: int | None
    received: bytearray = field(default_factory=bytearray)
    file: StoredFile | None = None

    @property
    def status(self) -> str:
        """Tell whether bytes are still to come: active or final."""
        return "active" if self.file is None else "final"

    def check(self, offset: int) -> None:
        """Refuse bytes that do not follow those which are here."""
        if self.file is not None or offset != len(self.received):
            raise invalid_argument("X-Goog-Upload-Offset", f"expected {len(self.received)}")

    def add(self, piece: bytes) -> None:
        """Take the next bytes."""
        self.received += piece
        if self.size is not None and len(self.received) > self.size:
            raise invalid_argument(
                "X-Goog-Upload-Header-Content-Length", "more bytes came than were promised"
            )


class FileCabinet:
    """All files and all uploads under way; ``wall`` tells seconds since the epoch."""

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall
        self._uploads: dict[str, Upload] = {}
        self.files: Shelf[StoredFile] = Shelf("files")

    def start(self, wanted: Json, *, mime_type: str, size: int | None) -> str:
        """Begin an upload; its id, which nobody can guess, is all that is needed to go on with it."""
        name = pick_text(wanted, "name")
        if name is not None and not _NAME.fullmatch(name):
            raise invalid_argument("file.name", 'expected "files/" and an id')
        if name is not None and name.removeprefix("files/") in self.files:
            raise GeminiRefusedError(409, f"{name} exists already.")
        upload_id = secrets.token_urlsafe(24)
        self._uploads[upload_id] = Upload(pick_text(wanted, "mimeType") or mime_type, wanted, size)
        return upload_id

    def upload(self, upload_id: str) -> Upload:
        """Return an upload under way (`GeminiRefusedError` 404 when there is none)."""
        if upload_id not in self._uploads:
            raise GeminiRefusedError(404, "There is no such upload.")
        return self._uploads[upload_id]

    def finalize(self, upload: Upload, *, base_url: str) -> StoredFile:
        """Make a file of an upload that is whole."""
        if upload.size is not None and len(upload.received) != upload.size:
            raise invalid_argument(
                "X-Goog-Upload-Header-Content-Length", "fewer bytes came than were promised"
            )
        wanted = pick_text(upload.wanted, "name") or f"files/{secrets.token_hex(6)}"
        display_name = pick_text(upload.wanted, "displayName") or ""
        file = self._store(wanted, upload.mime_type, bytes(upload.received), base_url)
        file.display_name = display_name
        marks = marks_in(display_name)
        kind = upload.mime_type.partition("/")[0]
        file.looks = int(marks.get("processing") or 1) if marks or kind in _PROCESSED else 0
        file.fails = "fail" in marks
        upload.file = file
        upload.received.clear()
        return file

    def generate(self, data: bytes, *, mime_type: str, base_url: str) -> StoredFile:
        """Keep what the server made itself, which may be downloaded."""
        file = self._store(f"files/{secrets.token_hex(6)}", mime_type, data, base_url)
        file.is_generated = True
        return file

    def check_prompt(self, contents: Iterable[Json]) -> None:
        """Refuse a prompt with a file of this server that is not there, or not ready."""
        for content in contents:
            for part in pick_objects(content, "parts"):
                if pick(part, "fileData") is not None:
                    self._check_uri(pick_text(pick_object(part, "fileData"), "fileUri") or "")

    def _check_uri(self, uri: str) -> None:
        match = _IN_URI.search(uri)
        if match is None:
            return  # a file that lies elsewhere
        if match[1] not in self.files:
            raise GeminiRefusedError(403, f"The file {match[1]} does not exist, or is not yours.")
        if (file := self.files.find(match[1])).state != "ACTIVE":
            raise GeminiRefusedError(400, f"The file {match[1]} is {file.state}, not ACTIVE.")

    def _store(self, name: str, mime_type: str, data: bytes, base_url: str) -> StoredFile:
        file = StoredFile(name, f"{base_url}/v1beta/{name}", mime_type, data, self._wall())
        return self.files.put(name.removeprefix("files/"), file)
