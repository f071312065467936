"""Batches: many generations at a lower price, answered within a day."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import cast

from viber.services.gemini._errors import refusal
from viber.services.gemini._options import Prompt
from viber.services.gemini.content._json import Json
from viber.services.gemini.content._wire import encoded, model_path
from viber.services.gemini.resources._api import Api, Named, resource_path
from viber.services.gemini.resources._batch import (
    Batch,
    BatchRequest,
    BatchResult,
    file_line,
    inline_entry,
    inline_results,
    results_in,
    source_of,
)
from viber.services.gemini.resources._file import File
from viber.services.gemini.resources._files import Files
from viber.services.gemini.resources._pages import Pages, pages
from viber.services.gemini.resources._polling import wait_until
from viber.services.gemini.resources._resource_errors import BatchFailedError


class Batches:
    """The batches of a project.

    Raises:
        BaseError: as for every call of the service.

    Example::

        batch = await gemini.batches.create(["Count to 3", BatchRequest("Count to 4", key="four")])
        batch = await gemini.batches.wait(batch, timeout=3600)
        for result in await gemini.batches.results(batch):
            print(result.key, result.error or result.text)
    """

    def __init__(self, api: Api, files: Files) -> None:
        self._api = api
        self._files = files

    async def create(
        self,
        source: Sequence[Prompt | BatchRequest] | File | str,
        *,
        model: str | None = None,
        display_name: str | None = None,
    ) -> Batch:
        """Hand in requests: a sequence of them, or an uploaded file of JSON lines (`write_lines`).

        It is not repeated when it is not known whether it succeeded: a second batch would be billed too.

        Raises:
            InvalidRequestError: there are no requests, or one of them is wrong.
        """
        name = source_of(source)
        where: Json = {"fileName": name} if name else {"requests": {"requests": _entries(source)}}
        batch: Json = {"inputConfig": where, **({"displayName": display_name} if display_name else {})}
        path = f"{model_path(model or self._api.endpoint.model)}:batchGenerateContent"
        made = await self._api.post(path, {"batch": batch}, operation="batches.create")
        return Batch.from_wire(made)

    @staticmethod
    def write_lines(requests: Iterable[BatchRequest]) -> bytes:
        r"""The bytes of a file of requests, to be uploaded as `application/jsonl`; each has a key of its own.

        Example:
            >>> Batches.write_lines([BatchRequest("Hi", key="a")])
            b'{"key":"a","request":{"contents":[{"parts":[{"text":"Hi"}],"role":"user"}]}}\n'
        """
        chosen = list(requests)
        if len({request.key for request in chosen} - {""}) < len(chosen):
            raise refusal("each request in a file needs a key of its own")
        return b"".join(encoded(file_line(request)) + b"\n" for request in chosen)

    async def get(self, batch: Named | str) -> Batch:
        """How far a batch is."""
        return Batch.from_wire(await self._api.get(_path(batch), operation="batches.get"))

    def list(self, *, page_size: int | None = None) -> Pages[Batch]:
        """All batches, page by page as you iterate."""
        return pages(self._api, "batches", Batch.from_wire, page_size, field="operations")

    async def cancel(self, batch: Named | str) -> None:
        """Ask Google to stop; what is answered by then is lost."""
        path = f"{_path(batch)}:cancel"
        await self._api.ask("POST", path, {}, operation="batches.cancel", idempotent=True)

    async def delete(self, batch: Named | str) -> None:
        """Forget a batch and its results."""
        await self._api.delete(_path(batch), operation="batches.delete")

    async def wait(
        self,
        batch: Named | str,
        *,
        timeout: float | None,  # noqa: ASYNC109 - of the clock, and across many calls
        interval: float = 5.0,
    ) -> Batch:
        """Wait until a batch has its results, at most `timeout` seconds; a day is Google's own bound.

        Raises:
            BatchFailedError: it failed, expired or was cancelled.
            TimeoutError: it takes longer.
        """
        seen = await wait_until(
            partial(self.get, batch),
            lambda found: found.is_over,
            within=timeout,
            interval=interval,
            clock=self._api.channel.pipeline.clock,
            what="the batch",
        )
        self._require_results(seen)
        return seen

    async def results(self, batch: Batch | str) -> tuple[BatchResult, ...]:
        """What came of each request; a request that failed is an error of its own, and is not raised.

        Raises:
            BatchFailedError: the batch has no results.
            ServerError: it should have some, and does not tell where.
        """
        whole = await self.get(batch) if isinstance(batch, str) else batch
        self._require_results(whole)
        if whole.results_file is None:
            return tuple(inline_results(whole, self._api.failures))
        lines = (await self._files.download(whole.results_file)).split(b"\n")
        return tuple(results_in(lines, self._api.failures))

    def _require_results(self, batch: Batch) -> None:
        if batch.has_results:
            return
        state = batch.state or ("over" if batch.is_over else "of no known state")
        raise BatchFailedError(
            f"{batch.name} has no results: it is {state}{self._api.failures.told(batch.error)}",
            details={"name": batch.name, "state": batch.state, "error": batch.error},
            suggestion="" if batch.is_over else "wait for it first",
        )

    def __repr__(self) -> str:
        return f"<Batches of {self._api.channel.name}>"


def _entries(source: object) -> list[Json]:
    if not isinstance(source, Sequence):
        raise TypeError("a batch takes a sequence of requests, a File, or the name of one")
    entries = [inline_entry(request) for request in cast("Sequence[Prompt | BatchRequest]", source)]
    if not entries:
        raise refusal("a batch needs requests")
    return entries


def _path(batch: Named | str) -> str:
    return resource_path("batches", batch)
