"""Files, cached contents and batches over the wire, as any HTTP client sees them."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from aiohttp import web

from viber.sandbox._faults import FaultBook
from viber.sandbox._gemini import create_gemini_app

KEY = "sandbox-key"
MODEL = "gemini-3.8-flash"


@pytest.fixture
async def client(serve: Callable[[web.Application], Awaitable[str]]) -> AsyncIterator[httpx.AsyncClient]:
    base = await serve(create_gemini_app(api_key=KEY, book=FaultBook()))
    async with httpx.AsyncClient(base_url=base, headers={"x-goog-api-key": KEY}, trust_env=False) as http:
        yield http


async def start(client: httpx.AsyncClient, size: int | None, **file: Any) -> str:
    headers = {"x-goog-upload-protocol": "resumable", "x-goog-upload-command": "start"}
    if size is not None:
        headers["x-goog-upload-header-content-length"] = str(size)
    answer = await client.post("/upload/v1beta/files", json={"file": file}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.headers["x-goog-upload-url"]


async def send(
    client: httpx.AsyncClient, url: str, data: bytes, *, offset: int = 0, command: str = "upload, finalize"
) -> httpx.Response:
    headers = {"x-goog-upload-command": command, "x-goog-upload-offset": str(offset)}
    return await client.post(url, content=data, headers=headers)


async def upload(client: httpx.AsyncClient, data: bytes, **file: Any) -> dict[str, Any]:
    url = await start(client, len(data), **file)
    return (await send(client, url, data)).json()["file"]


def reason(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["status"]


class TestUploads:
    async def test_a_file_in_pieces(self, client: httpx.AsyncClient) -> None:
        """Each piece is acknowledged, and the last one makes the file."""
        url = await start(client, 6, mimeType="text/plain", displayName="notes")
        first = await send(client, url, b"abc", command="upload")
        assert first.headers["x-goog-upload-status"] == "active"
        assert first.headers["x-goog-upload-size-received"] == "3"
        last = await send(client, url, b"def", offset=3)
        assert last.headers["x-goog-upload-status"] == "final"
        file = last.json()["file"]
        assert (file["sizeBytes"], file["mimeType"], file["state"]) == ("6", "text/plain", "ACTIVE")
        assert (await client.get(f"/v1beta/{file['name']}")).json() == file

    async def test_the_address_is_all_that_is_needed(self, client: httpx.AsyncClient) -> None:
        """An upload goes on without a key; an address that nobody gave out leads nowhere."""
        url = await start(client, 1)
        del client.headers["x-goog-api-key"]
        assert (await send(client, url, b"x")).status_code == 200
        assert reason(await send(client, url[: url.index("=")] + "=guessed", b"x")) == (404, "NOT_FOUND")

    async def test_a_query_tells_how_far_it_came(self, client: httpx.AsyncClient) -> None:
        """Before the end the number of bytes, behind it the file."""
        url = await start(client, 4)
        await send(client, url, b"ab", command="upload")
        asked = await send(client, url, b"", command="query")
        assert asked.headers["x-goog-upload-size-received"] == "2"
        made = await send(client, url, b"cd", offset=2)
        again = await send(client, url, b"", command="query")
        assert (again.headers["x-goog-upload-status"], again.json()) == ("final", made.json())

    @pytest.mark.parametrize(
        ("data", "offset", "command"),
        [(b"x", 1, "upload"), (b"abcde", 0, "upload"), (b"a", 0, "upload, finalize")],
        ids=["gap", "too many", "too few"],
    )
    async def test_bytes_that_do_not_fit_are_refused(
        self, client: httpx.AsyncClient, data: bytes, offset: int, command: str
    ) -> None:
        """A gap, more bytes than promised, an end before its time."""
        url = await start(client, 4)
        answer = await send(client, url, data, offset=offset, command=command)
        assert reason(answer) == (400, "INVALID_ARGUMENT")

    async def test_a_size_need_not_be_promised(self, client: httpx.AsyncClient) -> None:
        """The end is where the sender says."""
        url = await start(client, None)
        assert (await send(client, url, b"four")).json()["file"]["sizeBytes"] == "4"

    async def test_a_name_may_be_chosen_once(self, client: httpx.AsyncClient) -> None:
        """A second file of the name, or a name that is none, is refused."""
        assert (await upload(client, b"x", name="files/mine"))["name"] == "files/mine"
        headers = {"x-goog-upload-command": "start"}
        for name, status in [("files/mine", 409), ("files/-", 400), ("mine", 400)]:
            answer = await client.post("/upload/v1/files", json={"file": {"name": name}}, headers=headers)
            assert answer.status_code == status

    @pytest.mark.parametrize(
        "headers", [{}, {"x-goog-upload-command": "start", "x-goog-upload-header-content-length": "many"}]
    )
    async def test_a_beginning_that_is_none_is_refused(
        self, client: httpx.AsyncClient, headers: dict[str, str]
    ) -> None:
        """Without the command, or with a size that is no number."""
        answer = await client.post("/upload/v1/files", headers=headers)
        assert reason(answer) == (400, "INVALID_ARGUMENT")


class TestFiles:
    async def test_processing_takes_a_few_looks(self, client: httpx.AsyncClient) -> None:
        """A film is not ready at once, and one that is marked so fails."""

        async def states(**file: Any) -> list[str]:
            made = await upload(client, b"x", **file)
            looks = [(await client.get(f"/v1/{made['name']}")).json()["state"] for _ in range(3)]
            return [made["state"], *looks]

        assert await states(mimeType="video/mp4") == ["PROCESSING", "PROCESSING", "ACTIVE", "ACTIVE"]
        assert await states(displayName="[[processing:2]][[fail]]") == [*["PROCESSING"] * 3, "FAILED"]

    async def test_files_are_listed_and_deleted(self, client: httpx.AsyncClient) -> None:
        """In pages; what was deleted is a 404."""
        names = [(await upload(client, b"x"))["name"] for _ in range(3)]
        page = (await client.get("/v1/files?pageSize=2")).json()
        rest = (await client.get(f"/v1/files?pageToken={page['nextPageToken']}")).json()
        assert [file["name"] for file in page["files"] + rest["files"]] == names
        assert (await client.delete(f"/v1/{names[0]}")).json() == {}
        assert reason(await client.get(f"/v1/{names[0]}")) == (404, "NOT_FOUND")

    async def test_what_was_uploaded_cannot_be_downloaded(self, client: httpx.AsyncClient) -> None:
        """Only what the server made itself can."""
        file = await upload(client, b"x")
        assert (await client.get(f"/v1/{file['name']}:download?alt=media")).status_code == 400

    async def test_a_prompt_may_name_only_files_that_are_ready(self, client: httpx.AsyncClient) -> None:
        """One that is not there is a 403, one that is being processed a 400."""

        async def ask(uri: str) -> int:
            parts = [{"fileData": {"fileUri": uri, "mimeType": "text/plain"}}, {"text": "count to 2"}]
            body = {"contents": [{"parts": parts}]}
            return (await client.post(f"/v1/models/{MODEL}:generateContent", json=body)).status_code

        ready, busy = await upload(client, b"x"), await upload(client, b"x", mimeType="video/mp4")
        uris = [ready["uri"], busy["uri"], "http://x/v1beta/files/none", "gs://elsewhere/a.txt"]
        assert [await ask(uri) for uri in uris] == [200, 400, 403, 200]


class TestCaches:
    def body(self, **fields: Any) -> dict[str, Any]:
        contents = [{"role": "user", "parts": [{"text": "one two three"}]}]
        return {"model": f"models/{MODEL}", "contents": contents, **fields}

    async def test_a_cache_lives_as_long_as_it_is_told(self, client: httpx.AsyncClient) -> None:
        """Its tokens are counted; its end can be moved, by a duration or to a moment."""
        made = (await client.post("/v1/cachedContents", json=self.body(ttl="60s"))).json()
        assert made["usageMetadata"] == {"totalTokenCount": 3}
        path = f"/v1/{made['name']}"
        later = (await client.patch(path, json={"ttl": "600s"})).json()
        assert later["expireTime"] > made["expireTime"]
        moved = (await client.patch(path, json={"expireTime": "2030-01-01T00:00:00Z"})).json()
        assert moved["expireTime"] == "2030-01-01T00:00:00.000000Z"
        assert (await client.get(path)).json() == moved
        assert (await client.get("/v1/cachedContents")).json() == {"cachedContents": [moved]}
        assert (await client.delete(path)).json() == {}

    async def test_a_prompt_reads_its_cache(self, client: httpx.AsyncClient) -> None:
        """Its tokens are in the prompt's; one for another model, or that is over, is refused."""
        made = (await client.post("/v1/cachedContents", json=self.body())).json()
        asked = {"contents": [{"parts": [{"text": "hi"}]}], "cachedContent": made["name"]}

        async def ask(model: str, method: str = "generateContent") -> httpx.Response:
            return await client.post(f"/v1/models/{model}:{method}", json=asked)

        usage = (await ask(MODEL)).json()["usageMetadata"]
        assert (usage["promptTokenCount"], usage["cachedContentTokenCount"]) == (4, 3)
        assert (await ask(MODEL, "countTokens")).json()["totalTokens"] == 4
        assert reason(await ask("gemini-2.5-pro")) == (400, "INVALID_ARGUMENT")
        await client.patch(f"/v1/{made['name']}", json={"expireTime": "2020-01-01T00:00:00Z"})
        assert reason(await ask(MODEL)) == (403, "PERMISSION_DENIED")

    @pytest.mark.parametrize(
        "fields", [{"ttl": "soon"}, {"expireTime": "soon"}, {"contents": []}, {"model": "x"}, {"size": 5}]
    )
    async def test_a_cache_that_cannot_be_is_refused(
        self, client: httpx.AsyncClient, fields: dict[str, Any]
    ) -> None:
        """A lifetime that is none, nothing to keep, an unknown model, an unknown field."""
        answer = await client.post("/v1/cachedContents", json=self.body(**fields))
        assert answer.status_code in {400, 404}

    async def test_only_the_lifetime_changes(self, client: httpx.AsyncClient) -> None:
        """Anything else in a PATCH is refused."""
        made = (await client.post("/v1/cachedContents", json=self.body())).json()
        answer = await client.patch(f"/v1/{made['name']}", json={"displayName": "x"})
        assert reason(answer) == (400, "INVALID_ARGUMENT")


def entry(text: str, **fields: Any) -> dict[str, Any]:
    return {"request": {"contents": [{"parts": [{"text": text}]}]}, **fields}


async def create(client: httpx.AsyncClient, source: dict[str, Any], name: str = "") -> dict[str, Any]:
    body = {"batch": {"displayName": name, "inputConfig": source}}
    return (await client.post(f"/v1/models/{MODEL}:batchGenerateContent", json=body)).json()


async def looks(client: httpx.AsyncClient, batch: dict[str, Any], count: int) -> list[dict[str, Any]]:
    return [(await client.get(f"/v1/{batch['name']}")).json() for _ in range(count)]


def states(batches: list[dict[str, Any]]) -> list[str]:
    return [batch["metadata"]["state"].removeprefix("BATCH_STATE_") for batch in batches]


class TestBatches:
    async def test_a_batch_runs_and_then_answers_each_request(self, client: httpx.AsyncClient) -> None:
        """In order, with what the sender wrote beside it; a bad request is an error of its own."""
        entries = [entry("count to 2", metadata={"key": "a"}), entry("", metadata={"key": "b"})]
        entries[1]["request"]["contents"] = []
        batch = await create(client, {"requests": {"requests": entries}})
        seen = [batch, *await looks(client, batch, 2)]
        assert states(seen) == ["PENDING", "RUNNING", "SUCCEEDED"]
        good, bad = seen[-1]["metadata"]["output"]["inlinedResponses"]["inlinedResponses"]
        assert good["response"]["candidates"][0]["content"]["parts"] == [{"text": "1 2"}]
        assert (good["metadata"], bad["metadata"], bad["error"]["code"]) == ({"key": "a"}, {"key": "b"}, 3)
        assert seen[-1]["done"]
        usage = (await client.get("/_sandbox/stats")).json()["usage"]
        assert usage["candidatesTokenCount"] == 2

    async def test_a_batch_from_a_file_answers_in_a_file(self, client: httpx.AsyncClient) -> None:
        """Lines in, lines out, and the file can be downloaded."""
        lines = "\n".join(json.dumps(entry(f"count to {n}", key=f"k{n}")) for n in (1, 2))
        source = await upload(client, lines.encode())
        batch = await create(client, {"fileName": source["name"]})
        done = (await looks(client, batch, 2))[-1]
        answer = await client.get(f"/v1/{done['response']['responsesFile']}:download?alt=media")
        assert [json.loads(line)["key"] for line in answer.text.splitlines()] == ["k1", "k2"]

    async def test_a_batch_may_take_long_or_fail(self, client: httpx.AsyncClient) -> None:
        """As its display name says."""
        source = {"requests": {"requests": [entry("x")]}}
        batch = await create(client, source, "[[processing:2]][[fail]]")
        seen = await looks(client, batch, 3)
        assert states(seen) == ["RUNNING", "RUNNING", "FAILED"]
        assert seen[-1]["error"]["code"] == 13

    async def test_a_batch_is_cancelled_listed_and_deleted(self, client: httpx.AsyncClient) -> None:
        """One that is over cannot be cancelled again."""
        batch = await create(client, {"requests": {"requests": [entry("x")]}})
        path = f"/v1/{batch['name']}"
        assert [(await client.post(f"{path}:cancel")).status_code for _ in range(2)] == [200, 400]
        listed = (await client.get("/v1/batches")).json()["operations"]
        assert states(listed) == ["CANCELLED"]
        assert (await client.delete(path)).json() == {}
        assert (await client.get(path)).status_code == 404

    @pytest.mark.parametrize("source", [{}, {"fileName": "files/none"}, {"requests": {"requests": []}}])
    async def test_a_batch_of_nothing_is_refused(
        self, client: httpx.AsyncClient, source: dict[str, Any]
    ) -> None:
        """No requests, or a file that is not there."""
        assert (await create(client, source))["error"]["code"] in {400, 404}

    async def test_a_file_that_holds_no_lines_of_json_is_refused(self, client: httpx.AsyncClient) -> None:
        """Nothing is taken that could not be answered."""
        source = await upload(client, b"{")
        assert (await create(client, {"fileName": source["name"]}))["error"]["code"] == 400
