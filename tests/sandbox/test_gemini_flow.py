import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from aiohttp import web

from viber.sandbox._faults import FaultBook
from viber.sandbox._gemini import create_gemini_app

KEY = "sandbox-key"
PATH = "/v1/models/gemini-3.8-flash:streamGenerateContent"
SSE = PATH + "?alt=sse"
ASKED = {"contents": [{"parts": [{"text": "count to 12"}]}]}
LONG = {"contents": [{"parts": [{"text": "count to 9999"}]}]}


@pytest.fixture
async def client(serve: Callable[[web.Application], Awaitable[str]]) -> AsyncIterator[httpx.AsyncClient]:
    base = await serve(create_gemini_app(api_key=KEY, book=FaultBook()))
    async with httpx.AsyncClient(base_url=base, headers={"x-goog-api-key": KEY}, trust_env=False) as http:
        yield http


def events(text: str) -> list[dict[str, Any]]:
    blocks = text.split("\r\n\r\n")
    assert blocks.pop() == ""
    return [json.loads(block.removeprefix("data: ")) for block in blocks]


def text_of(payloads: list[dict[str, Any]]) -> str:
    return "".join(one["candidates"][0]["content"]["parts"][0]["text"] for one in payloads)


async def fetch(
    client: httpx.AsyncClient, fault: str = "", *, path: str = SSE, asked: Any = None
) -> tuple[httpx.Response, str, type[Exception] | None]:
    """Read a stream as far as it goes; the third value is how it broke."""
    headers = {"x-viber-fault": fault} if fault else {}
    chunks: list[str] = []
    async with client.stream("POST", path, json=asked or ASKED, headers=headers) as answer:
        try:
            async for chunk in answer.aiter_text():
                chunks.append(chunk)  # noqa: PERF401 - what came before the break is wanted
        except httpx.TransportError as error:
            return answer, "".join(chunks), type(error)
    return answer, "".join(chunks), None


async def stats_once(client: httpx.AsyncClient, name: str, value: int) -> dict[str, Any]:
    async with asyncio.timeout(5):
        while True:
            stats: dict[str, Any] = (await client.get("/_sandbox/stats")).json()
            if stats[name] == value:
                return stats


class TestFraming:
    async def test_events_end_with_crlf_and_without_a_sentinel(self, client: httpx.AsyncClient) -> None:
        """With alt=sse each answer is one data line and a blank one; only the last has a finishReason."""
        answer, text, broken = await fetch(client)
        assert broken is None
        assert answer.headers["content-type"] == "text/event-stream"
        assert "[DONE]" not in text
        payloads = events(text)
        assert text_of(payloads) == "1 2 3 4 5 6 7 8 9 10 11 12"
        assert [one["candidates"][0].get("finishReason") for one in payloads] == [None, None, "STOP"]
        assert [one["usageMetadata"]["candidatesTokenCount"] for one in payloads] == [4, 8, 12]

    async def test_without_alt_it_is_one_array(self, client: httpx.AsyncClient) -> None:
        """The array form holds the same answers, pretty-printed."""
        answer, text, _ = await fetch(client, path=PATH)
        assert answer.headers["content-type"] == "application/json"
        assert text.startswith('[{\n  "candidates"')
        assert json.loads(text) == events((await fetch(client))[1])

    async def test_line_separators_are_sent_raw(self, client: httpx.AsyncClient) -> None:
        """U+2028 and U+0085 inside a text arrive as they are, in the middle of a data line."""
        asked = {"contents": [{"parts": [{"text": "repeat: a\u2028b\x85c"}]}]}
        _, text, _ = await fetch(client, asked=asked)
        assert "\u2028" in text
        assert text_of(events(text)) == "a\u2028b\x85c"


class TestFaults:
    async def test_cut_stream(self, client: httpx.AsyncClient) -> None:
        """The connection breaks after n events, without the end of the body."""
        _, text, broken = await fetch(client, "cut-stream=2")
        assert (len(events(text)), broken) == (2, httpx.RemoteProtocolError)

    async def test_cut_stream_by_reset(self, client: httpx.AsyncClient) -> None:
        """With reset the client reads the events and then a connection reset."""
        _, text, broken = await fetch(client, "cut-stream=2; reset")
        assert (len(events(text)), broken) == (2, httpx.ReadError)

    async def test_cut_stream_before_the_first_event(self, client: httpx.AsyncClient) -> None:
        """After 0 events the client has seen the head of the answer only."""
        answer, text, broken = await fetch(client, "cut-stream=0")
        assert (answer.status_code, text, broken) == (200, "", httpx.RemoteProtocolError)

    @pytest.mark.parametrize(("after", "left"), [(0, 0), (2, 2), (99, 3)])
    async def test_end_stream(self, client: httpx.AsyncClient, after: int, left: int) -> None:
        """The body ends cleanly after n events, and never with a finishReason."""
        _, text, broken = await fetch(client, f"end-stream={after}")
        payloads = events(text) if text else []
        assert (len(payloads), broken) == (left, None)
        assert "finishReason" not in text

    async def test_end_stream_of_a_blocked_prompt(self, client: httpx.AsyncClient) -> None:
        """A stream that would tell of a block ends without telling."""
        asked = {"contents": [{"parts": [{"text": "[[block]]"}]}]}
        _, text, _ = await fetch(client, "end-stream=9", asked=asked)
        assert "blockReason" not in text

    async def test_error_event(self, client: httpx.AsyncClient) -> None:
        """After n events an event is an error with the chosen status; the body ends cleanly."""
        _, text, broken = await fetch(client, "error-event=1; status=503")
        _, error = events(text)
        assert error["error"]["status"] == "UNAVAILABLE"
        assert broken is None

    async def test_error_event_with_a_body_of_its_own(self, client: httpx.AsyncClient) -> None:
        """The error need not be the first key."""
        _, text, _ = await fetch(client, 'error-event=0; body={"x": 1, "error": {"code": 500}}')
        assert list(events(text)[0]) == ["x", "error"]

    async def test_error_tail(self, client: httpx.AsyncClient) -> None:
        """After n events a bare JSON error over many lines follows, which is no event."""
        _, text, broken = await fetch(client, "error-tail=1; status=500")
        block, tail = text.split("\r\n\r\n")
        assert block.startswith("data: {")
        assert tail.startswith('{\n  "error"')
        assert json.loads(tail)["error"]["status"] == "INTERNAL"
        assert broken is None

    async def test_an_error_in_the_array_form(self, client: httpx.AsyncClient) -> None:
        """Without alt=sse the error is one more element."""
        _, text, _ = await fetch(client, "error-event=1", path=PATH)
        assert json.loads(text)[1]["error"]["code"] == 503

    async def test_stall(self, client: httpx.AsyncClient) -> None:
        """After n events nothing comes, until the client has had enough."""
        client.timeout = httpx.Timeout(5, read=0.05)
        _, text, broken = await fetch(client, "stall=1")
        assert (len(events(text)), broken) == (1, httpx.ReadTimeout)
        client.timeout = httpx.Timeout(5)
        await stats_once(client, "streams_broken", 1)

    async def test_a_stream_fault_needs_a_stream(self, client: httpx.AsyncClient) -> None:
        """On a unary method a stream fault is refused, not ignored."""
        path = PATH.replace("streamGenerate", "generate")
        answer = await client.post(path, json=ASKED, headers={"x-viber-fault": "stall"})
        assert answer.status_code == 400

    async def test_a_quota_error(self, client: httpx.AsyncClient) -> None:
        """A 429 tells RetryInfo and QuotaFailure, in a list when the stream is an array."""
        fault = "status=429; retry-delay=45.5; quota-id=RequestsPerDay-FreeTier; quota-value=0"
        for path in (SSE, PATH):
            answer, text, _ = await fetch(client, fault, path=path)
            assert answer.status_code == 429
            assert "retry-after" not in answer.headers
            body = json.loads(text)
            error = body["error"] if path == SSE else body[0]["error"]
            quota, retry = error["details"]
            (violation,) = quota["violations"]
            assert error["status"] == "RESOURCE_EXHAUSTED"
            assert (violation["quotaId"], violation["quotaValue"]) == ("RequestsPerDay-FreeTier", "0")
            assert violation["quotaDimensions"]["model"] == "gemini-3.8-flash"
            assert retry["retryDelay"] == "45.5s"

    @pytest.mark.parametrize("fault", ["truncate=50", "cut-after"])
    async def test_a_whole_stream_may_be_withheld(self, client: httpx.AsyncClient, fault: str) -> None:
        """Truncated or cut afterwards, the model has answered and is billed, and nothing counts as sent."""
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post(SSE, json=ASKED, headers={"x-viber-fault": fault})
        stats = await stats_once(client, "requests_open", 0)
        assert (stats["usage"]["candidatesTokenCount"], stats["tokens_sent"]) == (12, 0)


class TestStats:
    async def test_a_finished_stream_adds_up(self, client: httpx.AsyncClient) -> None:
        """Tokens sent and usage are those of the events."""
        last = events((await fetch(client))[1])[-1]["usageMetadata"]
        stats = await stats_once(client, "streams_finished", 1)
        assert stats["tokens_sent"] == 12
        assert stats["usage"]["totalTokenCount"] == last["totalTokenCount"]
        assert stats["streams_open"] == stats["streams_abandoned"] == 0

    @pytest.mark.parametrize("delay", ["0", "0.05"])
    async def test_a_client_that_leaves_ends_the_stream(self, client: httpx.AsyncClient, delay: str) -> None:
        """When the client goes away the server stops generating, and bills what it had sent."""
        headers = {"x-viber-token-delay": delay}
        async with client.stream("POST", SSE, json=LONG, headers=headers) as answer:
            await anext(answer.aiter_bytes())
            opened = (await client.get("/_sandbox/stats")).json()
        assert opened["streams_open"] == 1
        stats = await stats_once(client, "streams_open", 0)
        assert stats["streams_abandoned"] == 1
        assert stats["tokens_sent"] == stats["usage"]["candidatesTokenCount"] < 9999

    async def test_the_delay_paces_the_tokens(self, client: httpx.AsyncClient) -> None:
        """A stream takes its number of tokens times the delay."""
        client.headers["x-viber-token-delay"] = "0.005"
        started = asyncio.get_running_loop().time()
        await fetch(client)
        assert asyncio.get_running_loop().time() - started >= 12 * 0.005
