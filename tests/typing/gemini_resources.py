"""Never run: type checkers read it. What embeddings, files, caches, batches and models are typed as."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import assert_type

from viber import GeminiService
from viber.errors import BaseError
from viber.services.gemini import (
    Batch,
    BatchRequest,
    BatchResult,
    CachedContent,
    File,
    GenerateContentResponse,
    ModelInfo,
    Pages,
)


async def embeddings(gemini: GeminiService, texts: list[str]) -> None:
    assert_type(await gemini.embed("a"), list[float])
    assert_type(await gemini.embed(texts, dimensions=8, task_type="RETRIEVAL_QUERY"), list[list[float]])
    await gemini.embed(texts, size=8)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]


def show(sent: int, total: int | None) -> None: ...


async def files(gemini: GeminiService, pieces: AsyncIterator[bytes]) -> None:
    file = await gemini.files.upload(Path("a.txt"), on_progress=show)
    assert_type(file, File)
    await gemini.files.upload(pieces, mime_type="text/plain")
    assert_type(await gemini.files.wait_active(file), File)
    assert_type(gemini.files.list(), Pages[File])
    async for found in gemini.files.list():
        assert_type(found, File)
    assert_type(await gemini.files.download("files/a"), bytes)
    await gemini.generate_text(["Summarise this", file])


async def caches(gemini: GeminiService) -> None:
    cache = await gemini.caches.create("The manual", system="Be brief", ttl=600)
    assert_type(cache, CachedContent)
    assert_type(await gemini.caches.update(cache, ttl=60), CachedContent)


async def batches(gemini: GeminiService) -> None:
    batch = await gemini.batches.create(["a", BatchRequest("b", key="k", options={"temperature": 0.5})])
    assert_type(await gemini.batches.wait(batch, timeout=60), Batch)
    results = await gemini.batches.results(batch)
    assert_type(results, tuple[BatchResult, ...])
    assert_type(results[0].response, GenerateContentResponse | None)
    assert_type(results[0].error, BaseError | None)


async def models(gemini: GeminiService) -> None:
    assert_type(await gemini.models.get("gemini-flash-latest"), ModelInfo)
    async for model in gemini.models.list(page_size=5):
        assert_type(model, ModelInfo)
