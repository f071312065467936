"""A listing of any length, a page at a time."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import quote

from viber.errors import ServerError
from viber.services.gemini._errors import refusal
from viber.services.gemini.content._json import Json, objects_in
from viber.services.gemini.resources._api import Api

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pages(Generic[T]):
    """Iterate over it, more than once if you like: each time starts anew, and no connection is held.

    Raises:
        BaseError: a page could not be had; what came before it was delivered.
    """

    api: Api
    collection: str
    field: str
    read: Callable[[Json], T]
    page_size: int | None = None

    async def __aiter__(self) -> AsyncIterator[T]:
        seen, token = {""}, ""
        while True:
            page = await self.api.get(self._path(token), operation=f"{self.collection}.list")
            for thing in objects_in(page.get(self.field)):
                yield self.read(thing)
            token = str(page.get("nextPageToken") or "")
            if not token:
                return
            if token in seen:
                raise ServerError("the listing goes round in circles", service="gemini", retryable=False)
            seen.add(token)

    def _path(self, token: str) -> str:
        size = f"pageSize={self.page_size}" if self.page_size else ""
        start = f"pageToken={quote(token, safe='')}" if token else ""
        query = "&".join(filter(None, (size, start)))
        return f"{self.collection}?{query}" if query else self.collection

    def __repr__(self) -> str:
        return f"<Pages of {self.collection}>"


def pages(
    api: Api, collection: str, read: Callable[[Json], T], page_size: int | None, *, field: str = ""
) -> Pages[T]:
    """The pages of a collection; `field` is where a page holds its things, if it is not called alike.

    Raises:
        InvalidRequestError: the page size is none.
    """
    if page_size is not None and page_size < 1:
        raise refusal("page_size takes a number above 0")
    return Pages(api, collection, field or collection, read, page_size)
