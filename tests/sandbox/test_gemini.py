from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from aiohttp import web

from viber.sandbox._faults import FaultBook
from viber.sandbox._gemini import create_gemini_app

KEY = "sandbox-key"
MODEL = "gemini-3.8-flash"
EMBEDDER = "gemini-embedding-001"


@pytest.fixture
async def client(serve: Callable[[web.Application], Awaitable[str]]) -> AsyncIterator[httpx.AsyncClient]:
    base = await serve(create_gemini_app(api_key=KEY, book=FaultBook()))
    async with httpx.AsyncClient(base_url=base, headers={"x-goog-api-key": KEY}, trust_env=False) as http:
        yield http


def body(text: str, **fields: Any) -> dict[str, Any]:
    return {"contents": [{"parts": [{"text": text}]}], **fields}


async def post(client: httpx.AsyncClient, method: str, json: Any, *, model: str = MODEL) -> httpx.Response:
    return await client.post(f"/v1beta/models/{model}:{method}", json=json)


def reason(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["status"]


class TestMethods:
    @pytest.mark.parametrize("version", ["v1", "v1beta", "v1alpha"])
    async def test_every_version_answers(self, client: httpx.AsyncClient, version: str) -> None:
        """The three versions of the API speak alike."""
        answer = await client.post(f"/{version}/models/{MODEL}:generateContent", json=body("count to 3"))
        (candidate,) = answer.json()["candidates"]
        assert candidate["content"] == {"parts": [{"text": "1 2 3"}], "role": "model"}
        assert candidate["finishReason"] == "STOP"
        assert answer.json()["modelVersion"] == MODEL

    async def test_vertex_answers_too(self, client: httpx.AsyncClient) -> None:
        """Below a project and a location, and the publisher of its models."""
        home = f"/v1beta1/projects/p/locations/global/publishers/google/models/{MODEL}"
        answer = await client.post(f"{home}:generateContent", json=body("count to 3"))
        assert answer.json()["candidates"][0]["finishReason"] == "STOP"
        count = await client.post(f"{home}:countTokens", json=body("count to 3"))
        assert count.json()["totalTokens"] > 0

    async def test_count_tokens_agrees_with_the_answer(self, client: httpx.AsyncClient) -> None:
        """Counting a request gives the promptTokenCount of its answer, in both forms of the call."""
        asked = body("one two", systemInstruction={"parts": [{"text": "Be kind"}]})
        used = (await post(client, "generateContent", asked)).json()["usageMetadata"]["promptTokenCount"]
        for form in (asked, {"generateContentRequest": {"model": f"models/{MODEL}", **asked}}):
            assert (await post(client, "countTokens", form)).json()["totalTokens"] == used == 4

    async def test_embeddings(self, client: httpx.AsyncClient) -> None:
        """One content and a batch of it give the same vector."""
        entry = {"content": {"parts": [{"text": "hello"}]}, "outputDimensionality": 4}
        one = await post(client, "embedContent", entry, model=EMBEDDER)
        many = await post(client, "batchEmbedContents", {"requests": [entry]}, model=EMBEDDER)
        assert many.json()["embeddings"] == [one.json()["embedding"]]

    async def test_models_are_paged(self, client: httpx.AsyncClient) -> None:
        """Pages of any size give every model once, and each can be fetched by its name."""
        names: list[str] = []
        query = {"pageSize": "7"}
        while query:
            page = (await client.get("/v1/models", params=query)).json()
            names += [model["name"] for model in page["models"]]
            token = page.get("nextPageToken")
            query = {"pageSize": "7", "pageToken": token} if token else {}
        assert len(names) == len(set(names)) > 14
        assert (await client.get(f"/v1/{names[-1]}")).json()["name"] == names[-1]

    @pytest.mark.parametrize("query", [{"pageToken": "x"}, {"pageSize": "x"}])
    async def test_a_page_that_does_not_exist_is_refused(
        self, client: httpx.AsyncClient, query: dict[str, str]
    ) -> None:
        """A token nobody gave out, or a size that is no number, is a 400."""
        assert reason(await client.get("/v1/models", params=query)) == (400, "INVALID_ARGUMENT")


class TestRefusals:
    async def test_a_wrong_key_is_a_400_with_its_reason(self, client: httpx.AsyncClient) -> None:
        """A wrong key is INVALID_ARGUMENT, told from others by API_KEY_INVALID; the key is not repeated."""
        answer = await client.get("/v1/models", headers={"x-goog-api-key": "wrong-key"})
        assert reason(answer) == (400, "INVALID_ARGUMENT")
        assert answer.json()["error"]["details"][0]["reason"] == "API_KEY_INVALID"
        assert "wrong-key" not in answer.text

    async def test_a_wrong_token_is_a_401(self, client: httpx.AsyncClient) -> None:
        """An access token that is not known, or not any more, is told from a wrong key."""
        headers = {"x-goog-api-key": "", "authorization": "Bearer old-token"}
        answer = await client.get("/v1/models", headers=headers)
        assert reason(answer) == (401, "UNAUTHENTICATED")
        assert "old-token" not in answer.text

    async def test_no_key_is_a_403(self, client: httpx.AsyncClient) -> None:
        """A caller without a key is PERMISSION_DENIED."""
        del client.headers["x-goog-api-key"]
        assert reason(await client.get("/v1/models")) == (403, "PERMISSION_DENIED")

    async def test_a_key_is_taken_from_where_google_takes_it(self, client: httpx.AsyncClient) -> None:
        """The query and a bearer token serve as well as the header."""
        del client.headers["x-goog-api-key"]
        assert (await client.get("/v1/models", params={"key": KEY})).status_code == 200
        bearer = {"authorization": f"Bearer {KEY}"}
        assert (await client.get("/v1/models", headers=bearer)).status_code == 200

    @pytest.mark.parametrize(
        ("model", "method"),
        [("gemini-9", "generateContent"), (EMBEDDER, "generateContent"), (MODEL, "sing")],
    )
    async def test_an_unknown_model_or_method_is_a_404(
        self, client: httpx.AsyncClient, model: str, method: str
    ) -> None:
        """A model that is not there, or cannot do this, is NOT_FOUND."""
        assert reason(await post(client, method, body("x"), model=model)) == (404, "NOT_FOUND")

    async def test_broken_json_is_a_400(self, client: httpx.AsyncClient) -> None:
        """A body that is no JSON is INVALID_ARGUMENT."""
        answer = await client.post(f"/v1/models/{MODEL}:generateContent", content=b"{")
        assert reason(answer) == (400, "INVALID_ARGUMENT")

    async def test_an_error_before_a_stream_is_plain_json(self, client: httpx.AsyncClient) -> None:
        """Refused, alt=sse answers plain JSON under its own content type, the array form a list of one."""
        events = await client.post(f"/v1/models/{MODEL}:streamGenerateContent?alt=sse", json={})
        assert reason(events) == (400, "INVALID_ARGUMENT")
        assert events.headers["content-type"].startswith("text/event-stream")
        array = await post(client, "streamGenerateContent", {})
        assert array.json()[0]["error"]["code"] == 400

    async def test_a_delay_that_is_no_number_is_refused(self, client: httpx.AsyncClient) -> None:
        """A header x-viber-token-delay that cannot be read is a 400."""
        for delay in ("fast", "-1", "inf"):
            client.headers["x-viber-token-delay"] = delay
            answer = await client.post(f"/v1/models/{MODEL}:streamGenerateContent?alt=sse", json=body("x"))
            assert reason(answer) == (400, "INVALID_ARGUMENT")


class TestStats:
    async def test_requests_and_usage_add_up(self, client: httpx.AsyncClient) -> None:
        """The stats count requests by method, and the usage of the answers that were given."""
        answers = [(await post(client, "generateContent", body(f"count to {n}"))).json() for n in (3, 4)]
        await post(client, "countTokens", body("x"))
        await client.get("/v1/models")
        stats = (await client.get("/_sandbox/stats")).json()
        assert stats["requests"] == {"generateContent": 2, "countTokens": 1, "models.list": 1}
        assert stats["requests_open"] == stats["streams_open"] == 0
        assert stats["tokens_sent"] == stats["usage"]["candidatesTokenCount"] == 7
        assert stats["usage"]["totalTokenCount"] == sum(
            answer["usageMetadata"]["totalTokenCount"] for answer in answers
        )

    async def test_a_reset_starts_anew(self, client: httpx.AsyncClient) -> None:
        """After a reset all counts are zero."""
        await post(client, "generateContent", body("count to 3"))
        assert (await client.delete("/_sandbox/stats")).status_code == 204
        stats = (await client.get("/_sandbox/stats")).json()
        assert (stats["requests"], stats["tokens_sent"], stats["usage"]) == ({}, 0, {})
