"""A file that Google holds for two days."""

from datetime import datetime

from viber.services.gemini.content._json import Json
from viber.services.gemini.content._shape import Answered


class File(Answered):
    """An uploaded or generated file; one that is `ACTIVE` can stand in a prompt.

    Example:
        >>> file = File.from_wire({"name": "files/abc", "sizeBytes": "12", "state": "PROCESSING"})
        >>> file.size_bytes, file.is_active
        (12, False)
    """

    name: str = ""
    display_name: str | None = None
    mime_type: str | None = None
    size_bytes: int | None = None
    create_time: datetime | None = None
    update_time: datetime | None = None
    expiration_time: datetime | None = None
    sha256_hash: str | None = None
    uri: str | None = None
    download_uri: str | None = None
    """Only what Gemini made itself can be downloaded."""
    state: str | None = None
    """`PROCESSING`, then `ACTIVE` or `FAILED`."""
    source: str | None = None
    error: Json | None = None
    video_metadata: Json | None = None

    @property
    def is_active(self) -> bool:
        """It can be used."""
        return self.state == "ACTIVE"
