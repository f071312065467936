"""Google's own client against what the server keeps: files, cached contents, batches."""

import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import httpx2
import pytest
from aiohttp import web
from google import genai
from google.genai import errors, types
from google.genai.client import AsyncClient

from viber.sandbox._faults import FaultBook
from viber.sandbox._gemini import create_gemini_app

# The client subclasses aiohttp's session, and gives it large bodies: aiohttp warns about both.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Sending a large body directly:ResourceWarning"),
]

KEY = "sandbox-key"
MODEL = "gemini-3.8-flash"


@pytest.fixture
async def base_url(serve: Callable[[web.Application], Awaitable[str]]) -> str:
    return await serve(create_gemini_app(api_key=KEY, book=FaultBook()))


@pytest.fixture(params=["v1 by aiohttp", "v1beta by httpx2"])
async def client(request: pytest.FixtureRequest, base_url: str) -> AsyncIterator[AsyncClient]:
    version, _, library = str(request.param).partition(" by ")
    async with AsyncExitStack() as stack:
        options = types.HttpOptions(base_url=base_url, api_version=version)
        if library == "httpx2":  # aiohttp is what it takes by itself
            options.httpx_async_client = await stack.enter_async_context(httpx2.AsyncClient(trust_env=False))
        whole = stack.enter_context(genai.Client(api_key=KEY, http_options=options))
        yield await stack.enter_async_context(whole.aio)


class TestFiles:
    async def test_upload_use_list_and_delete(self, client: AsyncClient, tmp_path: Path) -> None:
        """A file in two pieces, and what may be done with it."""
        path = tmp_path / "notes.txt"
        path.write_bytes(b"x" * (8 * 1024 * 1024 + 5))
        config = types.UploadFileConfig(display_name="notes")
        file = await client.files.upload(file=path, config=config)
        assert file.state is types.FileState.ACTIVE
        assert (file.size_bytes, file.mime_type, file.display_name) == (8388613, "text/plain", "notes")
        assert file.create_time
        answer = await client.models.generate_content(model=MODEL, contents=["count to 2", file])
        assert answer.text == "1 2"
        names = [one.name async for one in await client.files.list(config={"page_size": 1})]
        assert names == [file.name]
        assert file.name
        await client.files.delete(name=file.name)
        with pytest.raises(errors.ClientError) as caught:
            await client.files.get(name=file.name)
        assert caught.value.code == 404

    async def test_a_film_is_processed(self, client: AsyncClient) -> None:
        """The state changes from look to look, and one that failed says why."""
        config = types.UploadFileConfig(mime_type="video/mp4", display_name="[[fail]]")
        file = await client.files.upload(file=io.BytesIO(b"film"), config=config)
        assert file.name
        seen = [await client.files.get(name=file.name) for _ in range(2)]
        assert [file.state, *(one.state for one in seen)] == ["PROCESSING", "PROCESSING", "FAILED"]
        assert seen[-1].error
        assert seen[-1].error.code == 3


class TestCaches:
    async def test_create_use_update_list_and_delete(self, client: AsyncClient) -> None:
        """The whole life of a cache."""
        config = types.CreateCachedContentConfig(
            contents="one two three", system_instruction="Be kind", ttl="60s", display_name="c"
        )
        cache = await client.caches.create(model=MODEL, config=config)
        assert cache.name
        assert cache.usage_metadata
        assert cache.usage_metadata.total_token_count == 5
        answer = await client.models.generate_content(
            model=MODEL,
            contents="count to 2",
            config=types.GenerateContentConfig(cached_content=cache.name),
        )
        assert answer.usage_metadata
        assert answer.usage_metadata.cached_content_token_count
        later = await client.caches.update(
            name=cache.name, config=types.UpdateCachedContentConfig(ttl="600s")
        )
        assert later.expire_time
        assert cache.expire_time
        assert later.expire_time > cache.expire_time
        assert [one.name async for one in await client.caches.list()] == [cache.name]
        await client.caches.delete(name=cache.name)
        with pytest.raises(errors.ClientError):
            await client.caches.get(name=cache.name)


class TestBatches:
    async def test_inline_requests(self, client: AsyncClient) -> None:
        """Handed in, looked at, answered, deleted."""
        requests = [
            types.InlinedRequest(
                contents="count to 2",
                config=types.GenerateContentConfig(temperature=0.5, system_instruction="Be exact"),
                metadata={"key": "a"},
            )
        ]
        config = types.CreateBatchJobConfig(display_name="night")
        job = await client.batches.create(model=MODEL, src=requests, config=config)
        assert (job.display_name, job.state) == ("night", types.JobState.JOB_STATE_PENDING)
        assert job.name
        seen = [await client.batches.get(name=job.name) for _ in range(2)]
        assert [one.state for one in seen] == ["JOB_STATE_RUNNING", "JOB_STATE_SUCCEEDED"]
        done = seen[-1].dest
        assert done
        assert done.inlined_responses
        (answer,) = done.inlined_responses
        assert answer.response
        assert (answer.response.text, answer.metadata) == ("1 2", {"key": "a"})
        assert [one.name async for one in await client.batches.list()] == [job.name]
        await client.batches.delete(name=job.name)

    async def test_a_file_of_requests(self, client: AsyncClient) -> None:
        """The answers lie in a file that can be downloaded."""
        line = b'{"key": "k", "request": {"contents": [{"parts": [{"text": "count to 3"}]}]}}\n'
        config = types.UploadFileConfig(mime_type="application/jsonl")
        file = await client.files.upload(file=io.BytesIO(line), config=config)
        assert file.name
        job = await client.batches.create(model=MODEL, src=file.name)
        assert job.name
        for _ in range(2):
            job = await client.batches.get(name=job.name or "")
        assert job.dest
        assert job.dest.file_name
        answers = await client.files.download(file=job.dest.file_name)
        assert b"1 2 3" in answers

    async def test_cancel(self, client: AsyncClient) -> None:
        """It is over at once."""
        request = types.InlinedRequest(contents="x")
        job = await client.batches.create(model=MODEL, src=[request])
        assert job.name
        await client.batches.cancel(name=job.name)
        assert (await client.batches.get(name=job.name)).state is types.JobState.JOB_STATE_CANCELLED
