"""The address and the credentials of one view of a project, ready to be put on requests."""

from dataclasses import dataclass, field
from typing import Self

from viber.http import Request
from viber.services.supabase._config import SupabaseConfig
from viber.services.supabase._errors import refusal

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Builds requests; whatever they share is computed once."""

    base: str
    reading: Headers = field(repr=False)
    writing: Headers = field(repr=False)
    max_url_length: int

    @classmethod
    def of(cls, config: SupabaseConfig, *, key: str, token: str) -> Self:
        """The endpoint of a project for one key, and the token that says who asks."""
        common = (("apikey", key), ("authorization", f"Bearer {token}"), ("accept", "application/json"))
        profile = config.db_schema
        return cls(
            base=f"{config.url}/rest/v1/",
            reading=(*common, ("accept-profile", profile)) if profile else common,
            writing=(
                *common,
                *((("content-profile", profile),) if profile else ()),
                ("content-type", "application/json"),
            ),
            max_url_length=config.max_url_length,
        )

    def read(self, path: str, query: str) -> Request:
        """A GET."""
        return Request("GET", self._url(path, query), self.reading)

    def write(
        self, method: str, path: str, query: str = "", *, prefer: str = "", body: bytes | None = None
    ) -> Request:
        """A request that changes something, or calls a function."""
        headers = (*self.writing, ("prefer", prefer)) if prefer else self.writing
        return Request(method, self._url(path, query), headers, body)

    def _url(self, path: str, query: str) -> str:
        url = f"{self.base}{path}?{query}" if query else f"{self.base}{path}"
        if len(url) > self.max_url_length:
            raise refusal(
                f"the URL would have {len(url)} characters, and max_url_length is {self.max_url_length}",
                suggestion="split long in_() lists and ask several times",
            )
        return url
