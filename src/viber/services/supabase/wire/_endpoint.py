"""The address and the credentials of one view of a project, ready to be put on requests."""

from dataclasses import dataclass, field, replace
from typing import Self

from viber.http import Request
from viber.services.supabase._config import SupabaseConfig
from viber.services.supabase._errors import refusal
from viber.services.supabase.wire._credentials import Credentials, Fields

_JSON = ("content-type", "application/json")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Builds requests; whatever they share is computed once."""

    base: str
    credentials: Credentials
    profile: str | None
    max_url_length: int
    _reading: Fields = field(init=False, repr=False)
    _writing: Fields = field(init=False, repr=False)

    def __post_init__(self) -> None:
        accept = ("accept", "application/json")
        accept_profile = (("accept-profile", self.profile),) if self.profile else ()
        content_profile = (("content-profile", self.profile),) if self.profile else ()
        object.__setattr__(self, "_reading", (accept, *accept_profile))
        object.__setattr__(self, "_writing", (accept, *content_profile))

    @classmethod
    def of(cls, config: SupabaseConfig, credentials: Credentials) -> Self:
        """The endpoint of a project for those who have these credentials."""
        return cls(f"{config.url}/rest/v1/", credentials, config.db_schema, config.max_url_length)

    def bearing(self, credentials: Credentials) -> Self:
        """The same address for somebody else."""
        return replace(self, credentials=credentials)

    def within(self, schema: str) -> Self:
        """The same project, seen from another schema."""
        return replace(self, profile=schema)

    def room(self, path: str) -> int:
        """How many characters a query string may have."""
        return self.max_url_length - len(self.base) - len(path) - len("?")

    def read(self, path: str, query: str, *, method: str = "GET") -> Request:
        """A GET, or a HEAD."""
        return Request(method, self._url(path, query), self.credentials.fields + self._reading)

    def write(
        self,
        method: str,
        path: str,
        query: str = "",
        *,
        prefer: str = "",
        body: bytes | None = None,
        content_type: str = "",
    ) -> Request:
        """A request that changes something, or calls a function; its body is JSON unless said otherwise."""
        kind = ("content-type", content_type) if content_type else _JSON
        headers = (*self.credentials.fields, *self._writing, kind)
        return Request(
            method, self._url(path, query), (*headers, ("prefer", prefer)) if prefer else headers, body
        )

    def renewed(self, request: Request) -> Request:
        """The same request with the token of now."""
        names = {name for name, _ in self.credentials.fields}
        kept = tuple(each for each in request.headers if each[0] not in names)
        return replace(request, headers=self.credentials.fields + kept)

    def _url(self, path: str, query: str) -> str:
        url = f"{self.base}{path}?{query}" if query else f"{self.base}{path}"
        if len(url) > self.max_url_length:
            raise refusal(
                f"the URL would have {len(url)} characters, and max_url_length is {self.max_url_length}",
                suggestion="split long in_() lists and ask several times",
            )
        return url
