"""How resources are asked for: get, create, change and delete, each with its own idempotence."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar, runtime_checkable
from urllib.parse import quote

from viber.http import Request, Response
from viber.services._channel import Channel
from viber.services.gemini._errors import GeminiNotFoundError, refusal
from viber.services.gemini._options import GenerateOptions
from viber.services.gemini.content._answers import read_object
from viber.services.gemini.content._failures import Failures
from viber.services.gemini.content._json import Json, is_object, parsed
from viber.services.gemini.content._wire import Endpoint, encoded

T = TypeVar("T")
_NO_NAMES = frozenset({"", ".", ".."})
_OK = 200
_JSON = ("content-type", "application/json")


@runtime_checkable
class Named(Protocol):
    """Something that the server knows by a name."""

    @property
    def name(self) -> str:
        """The name, its collection in front: `files/abc`."""
        ...


@dataclass(frozen=True, slots=True)
class Api:
    """Asks through the channel of a service.

    Raises:
        BaseError: the server refused or failed, there was no answer, or it was not Gemini's.
    """

    channel: Channel
    endpoint: Endpoint
    failures: Failures

    async def get(self, path: str, *, operation: str) -> Json:
        """What is there."""
        return await self.ask("GET", path, operation=operation, idempotent=True)

    async def post(self, path: str, body: Json, *, operation: str) -> Json:
        """Something new; not repeated once it may have been done."""
        return await self.ask("POST", path, body, operation=operation, idempotent=False)

    async def patch(self, path: str, body: Json, *, operation: str) -> Json:
        """Something else than before; not repeated once it may have been done."""
        return await self.ask("PATCH", path, body, operation=operation, idempotent=False)

    async def delete(self, path: str, *, operation: str) -> None:
        """Gone; a repetition that finds nothing any more has done what it should."""
        try:
            await self.ask("DELETE", path, operation=operation, idempotent=True)
        except GeminiNotFoundError as error:
            if error.attempts <= 1:
                raise

    async def ask(
        self, verb: str, path: str, body: Json | None = None, *, operation: str, idempotent: bool
    ) -> Json:
        """The object that is answered."""
        read = partial(read_resource, failures=self.failures)
        return await self.send(
            self.request(verb, path, body), read, operation=operation, idempotent=idempotent
        )

    async def send(
        self, request: Request, read: Callable[[Response], T], *, operation: str, idempotent: bool
    ) -> T:
        """What a reader makes of the answer."""
        return await self.channel.call(request, read, operation=operation, idempotent=idempotent)

    def request(self, verb: str, path: str, body: Json | None = None) -> Request:
        """The request for a path below the version.

        Raises:
            InvalidRequestError: Vertex AI has no such path, or the body is not JSON.
        """
        if self.endpoint.is_vertex:
            raise refusal(
                f"Vertex AI has no {path.partition('/')[0].partition('?')[0]} as the Gemini API has them",
                suggestion="use a service with an API key for embeddings, files, caches, batches and models",
            )
        url, headers = f"{self.endpoint.root}/{path}", self.endpoint.headers
        if body is None:
            return Request(verb, url, headers)
        return Request(verb, url, (*headers, _JSON), encoded(body))


def read_resource(response: Response, failures: Failures) -> Json:
    """What is known of a thing; one that failed holds an error of its own, and is still the answer.

    Raises:
        BaseError: the answer is an error, or nothing that Gemini answers.
    """
    value = parsed(response.body) if response.status == _OK else None
    return value if is_object(value) and "name" in value else read_object(response, failures)


def resource_path(collection: str, thing: Named | str) -> str:
    """The path of a thing, given itself or by its name with or without its collection; percent-encoded.

    Raises:
        InvalidRequestError: the name is empty, or of another collection.

    Example:
        >>> resource_path("files", "abc"), resource_path("files", "files/abc")
        ('files/abc', 'files/abc')
    """
    name = thing if isinstance(thing, str) else thing.name
    found, slash, last = name.rpartition("/")
    if last.strip() in _NO_NAMES or (slash and found != collection):
        raise refusal(f"not a name of {collection}: {name!r}", suggestion=f"for example {collection}/abc-123")
    return f"{collection}/{quote(last, safe='')}"


def single_model(options: GenerateOptions) -> str | None:
    """The model that something is kept for, if one is named.

    Raises:
        InvalidRequestError: several are.
    """
    model = options.get("model")
    if model is None or isinstance(model, str):
        return model
    raise refusal("one model, not a list of them: what is kept for one is of no use to another")
