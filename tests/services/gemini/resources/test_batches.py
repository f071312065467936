"""Batches: handed in, waited for, read."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from viber.errors import InvalidRequestError, ServerError, TimeoutError, TransportError
from viber.services.gemini import (
    Batch,
    Batches,
    BatchFailedError,
    BatchRequest,
    File,
    GeminiInvalidRequestError,
)
from viber.testing import Fail, Reply

Build = Callable[..., Any]


def batch(state: str, **more: Any) -> dict[str, Any]:
    return {"name": "batches/a", "metadata": {"state": state}, **more}


def sent(rig: Any) -> Any:
    return json.loads(rig.sent.body)["batch"]


async def test_requests_are_handed_in_inline(build: Build) -> None:
    """A prompt alone, or one with options and a key."""
    rig = build(Reply(json=batch("BATCH_STATE_PENDING")))
    keyed = BatchRequest("b", key="k", options={"temperature": 0.5, "model": "gemini-2.5-pro"})
    made = await rig.gemini.batches.create(["a", keyed], model="gemini-2.5-flash", display_name="night")
    assert (made.state, made.is_over) == ("PENDING", False)
    assert rig.sent.url.endswith("/models/gemini-2.5-flash:batchGenerateContent")
    first, second = sent(rig)["inputConfig"]["requests"]["requests"]
    assert first == {"request": {"contents": [{"parts": [{"text": "a"}], "role": "user"}]}}
    assert second["metadata"] == {"key": "k"}
    assert second["request"]["generationConfig"] == {"temperature": 0.5}
    assert second["request"]["model"] == "models/gemini-2.5-pro"
    assert sent(rig)["displayName"] == "night"


@pytest.mark.parametrize("source", ["files/f", "f", File.from_wire({"name": "files/f"})])
async def test_requests_are_handed_in_as_a_file(build: Build, source: Any) -> None:
    """By its name or as itself."""
    rig = build(Reply(json=batch("BATCH_STATE_PENDING")))
    await rig.gemini.batches.create(source)
    assert sent(rig) == {"inputConfig": {"fileName": "files/f"}}


async def test_a_batch_of_nothing_is_refused(build: Build) -> None:
    """And what is no sequence is a mistake; nothing is sent."""
    batches, number = build().gemini.batches, 5
    with pytest.raises(InvalidRequestError, match="needs requests"):
        await batches.create([])
    with pytest.raises(InvalidRequestError, match="prompt is empty"):
        await batches.create([""])
    with pytest.raises(TypeError, match="a sequence of requests"):
        await batches.create(number)


async def test_handing_in_is_not_repeated_when_it_may_have_been_done(build: Build) -> None:
    """A second one would be billed too."""
    rig = build(Fail(lambda: TransportError("reset")))
    with pytest.raises(TransportError):
        await rig.gemini.batches.create(["x"])
    assert len(rig.transport.requests) == 1


def test_lines_need_keys() -> None:
    """Otherwise nobody could tell which answer is whose."""
    for requests in ([BatchRequest("a")], [BatchRequest("a", key="k"), BatchRequest("b", key="k")]):
        with pytest.raises(InvalidRequestError, match="key of its own"):
            Batches.write_lines(requests)


async def test_waiting_ends_with_the_results(build: Build) -> None:
    """States are told without the prefix, whichever it is."""
    looks = ["BATCH_STATE_PENDING", "JOB_STATE_RUNNING", "BATCH_STATE_SUCCEEDED"]
    rig = build(*[Reply(json=batch(state)) for state in looks])
    done = await rig.gemini.batches.wait("a", timeout=60)
    assert (done.state, done.has_results, rig.clock.now()) == ("SUCCEEDED", True, 12.5)


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED", "EXPIRED", "SOMETHING_NEW"])
async def test_a_batch_without_results_is_an_error(build: Build, state: str) -> None:
    """With its state, and with what Google says of it."""
    failed = batch(f"BATCH_STATE_{state}", done=True, error={"code": 13, "message": "no"})
    with pytest.raises(BatchFailedError, match=f"{state}: no$") as caught:
        await build(Reply(json=failed)).gemini.batches.wait("a", timeout=60)
    assert caught.value.details == {"name": "batches/a", "state": state, "error": failed["error"]}
    assert not caught.value.retryable


async def test_waiting_ends_in_time(build: Build) -> None:
    """A batch may take a day."""
    rig = build(*[Reply(json=batch("BATCH_STATE_RUNNING"))] * 20)
    with pytest.raises(TimeoutError):
        await rig.gemini.batches.wait("a", timeout=30)
    assert rig.clock.now() <= 30


async def test_results_that_are_not_there_are_an_error(build: Build) -> None:
    """Not an empty list."""
    with pytest.raises(BatchFailedError, match="it is RUNNING"):
        await build().gemini.batches.results(Batch.from_wire(batch("BATCH_STATE_RUNNING")))


@pytest.mark.parametrize("response", [{}, {"inlinedResponses": None}, {"inlinedResponses": {}}], ids=repr)
async def test_a_batch_that_is_done_holds_results(build: Build, response: dict[str, Any]) -> None:
    """One that holds none answered nothing, which is not to be taken for no requests."""
    done = Batch.from_wire(batch("BATCH_STATE_SUCCEEDED", response=response))
    with pytest.raises(ServerError, match="holds no results"):
        await build().gemini.batches.results(done)


async def test_results_in_a_file_that_are_damaged_are_told(build: Build) -> None:
    """A line that is none is a failed request, not a lost one."""
    done = Batch.from_wire(batch("BATCH_STATE_SUCCEEDED", response={"responsesFile": "files/out"}))
    rig = build(Reply(body=b'{"key": "a", "response": {}}\n{"key": "b", "resp\n\n'))
    good, bad = await rig.gemini.batches.results(done)
    assert (good.key, good.text, good.error) == ("a", "", None)
    assert bad.error is not None
    with pytest.raises(type(bad.error), match="no answer to this request"):
        _ = bad.text


async def test_against_the_sandbox(live: Any) -> None:
    """Inline: every request is answered for itself, in order."""
    batches = live.gemini.batches
    wrong = BatchRequest(
        "b", key="wrong", options={"tool_config": {"functionCallingConfig": {"allowedFunctionNames": ["no"]}}}
    )
    made = await batches.create(["count to 2", wrong, BatchRequest("count to 3", key="three")])
    done = await batches.wait(made, timeout=10, interval=0.01)
    first, second, third = await batches.results(done)
    assert (first.text, third.text, third.key) == ("1 2", "1 2 3", "three")
    assert (second.key, second.response, type(second.error)) == ("wrong", None, GeminiInvalidRequestError)
    assert [each.name async for each in batches.list()] == [made.name]
    await batches.delete(made)


async def test_a_file_of_requests_against_the_sandbox(live: Any) -> None:
    """Uploaded, answered in a file, downloaded."""
    requests = [BatchRequest(f"count to {number}", key=f"k{number}") for number in (1, 2, 3)]
    lines = Batches.write_lines(requests)
    source = await live.gemini.files.upload(lines, mime_type="application/jsonl")
    made = await live.gemini.batches.create(source)
    await live.gemini.batches.wait(made, timeout=10, interval=0.01)
    results = await live.gemini.batches.results(made.name)
    assert {result.key: result.text for result in results} == {"k1": "1", "k2": "1 2", "k3": "1 2 3"}


async def test_a_cancelled_batch_against_the_sandbox(live: Any) -> None:
    """It is over, and has no results."""
    made = await live.gemini.batches.create(["x"], display_name="[[processing:9]]")
    await live.gemini.batches.cancel(made)
    with pytest.raises(BatchFailedError, match="it is CANCELLED"):
        await live.gemini.batches.wait(made, timeout=5, interval=0.01)
