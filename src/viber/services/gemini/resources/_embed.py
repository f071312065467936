"""Embeddings of any number of texts, a few requests at a time."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Self, TypedDict

from viber.errors import BaseError
from viber.http import Response
from viber.resilience import Call
from viber.services.gemini._config import GeminiConfig
from viber.services.gemini._errors import GeminiRateLimitError, refusal
from viber.services.gemini.content._json import Json
from viber.services.gemini.content._usage import told
from viber.services.gemini.content._wire import model_path
from viber.services.gemini.limits._books import Entry
from viber.services.gemini.limits._lanes import Lanes
from viber.services.gemini.resources._api import Api
from viber.services.gemini.resources._embedding import (
    Chunk,
    Vectors,
    check_texts,
    chunks,
    embed_body,
    embed_settings,
    read_vectors,
)
from viber.services.gemini.resources._resource_errors import interrupted

_NO_ANSWER: Final = {"generationConfig": {"maxOutputTokens": 0}}
"""What an embedding takes of a budget is its prompt alone."""


class EmbedOptions(TypedDict, total=False):
    """The keywords of an embedding; None is the model's own default."""

    model: str | None
    task_type: str | None
    title: str | None
    dimensions: int | None
    chunk_items: int
    chunk_tokens: int
    concurrency: int


@dataclass(frozen=True, slots=True)
class Embedder:
    """Asks for the vectors of texts, all of them alike."""

    api: Api
    lanes: Lanes
    model: str
    settings: Json
    idempotent: bool
    items: int
    tokens: int
    at_once: int

    @classmethod
    def of(cls, api: Api, lanes: Lanes, config: GeminiConfig, options: EmbedOptions) -> Self:
        """The one that a caller wants.

        Raises:
            InvalidRequestError: an option makes no sense.
            TypeError: there is no such option.
        """
        if unknown := options.keys() - EmbedOptions.__annotations__.keys():
            raise TypeError(f"no such option: {', '.join(sorted(unknown))}")
        return cls(
            api,
            lanes,
            options.get("model") or config.embedding_model,
            embed_settings(options.get("task_type"), options.get("title"), options.get("dimensions")),
            config.repeat_generation,
            items=_above_zero("chunk_items", options.get("chunk_items", 100)),
            tokens=_above_zero("chunk_tokens", options.get("chunk_tokens", 20_000)),
            at_once=_above_zero("concurrency", options.get("concurrency", 4)),
        )

    async def embed(self, texts: str | Sequence[str]) -> list[float] | list[list[float]]:
        """One vector for one text, a list for a list.

        Raises:
            InvalidRequestError: a text is empty.
            EmbeddingsInterruptedError: one of several requests failed.
            BaseError: the only request failed.
        """
        if isinstance(texts, str):
            return (await self._all([texts]))[0]
        return await self._all(texts)

    async def _all(self, texts: Sequence[str]) -> list[list[float]]:
        check_texts(texts)
        cut = list(chunks(texts, items=self.items, tokens=self.tokens))
        if len(cut) == 1:
            return await self._ask(cut[0])
        # After a failure nothing new is asked for; what is under way is awaited and kept.
        work = _Work(iter(cut), [None] * len(texts))
        async with asyncio.TaskGroup() as group:
            for _ in range(min(self.at_once, len(cut))):
                group.create_task(self._work_off(work))
        return work.result()

    async def _work_off(self, work: "_Work") -> None:
        while (chunk := work.next()) is not None:
            try:
                work.vectors[chunk.places] = await self._ask(chunk)
            except Exception as error:  # noqa: BLE001 - told once all tasks have ended
                work.fail(error)

    async def _ask(self, chunk: Chunk) -> list[list[float]]:
        body = embed_body(chunk.texts, self.model, self.settings)
        request = self.api.request("POST", f"{model_path(self.model)}:batchEmbedContents", body)
        lane = self.lanes.lane(self.api.channel, self.model, alone=True)
        entry, channel = lane.open({"contents": list(chunk.texts), **_NO_ANSWER})
        read = partial(self._read, entry, count=len(chunk.texts))
        with entry:
            vectors = await channel.exchange(request, read, operation="embed", idempotent=self.idempotent)
            entry.close(told(vectors.usage))
        return vectors.values

    async def _read(self, entry: Entry, response: Response, call: Call, *, count: int) -> Vectors:
        try:
            vectors = read_vectors(response, self.api.failures, count=count)
        except GeminiRateLimitError as error:
            entry.refused(error)
            raise
        entry.heard(vectors.usage, call)
        if call.trace is not None:
            call.trace.heard({"usageMetadata": vectors.usage})
        return vectors


@dataclass(slots=True)
class _Work:
    """What is to be done, and what was."""

    todo: Iterator[Chunk]
    vectors: list[list[float] | None]
    failure: Exception | None = None

    def next(self) -> Chunk | None:
        """What to do next; nothing more after a failure."""
        return next(self.todo, None) if self.failure is None else None

    def fail(self, error: Exception) -> None:
        """The first failure is the one that is told."""
        self.failure = self.failure or error

    def result(self) -> list[list[float]]:
        """All vectors."""
        if isinstance(self.failure, BaseError):
            raise interrupted(self.vectors, self.failure) from self.failure
        if self.failure is not None:
            raise self.failure
        return [vector for vector in self.vectors if vector is not None]


def _above_zero(name: str, number: int) -> int:
    if number < 1:
        raise refusal(f"{name} takes a number above 0")
    return number
