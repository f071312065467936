"""Resumable uploads: on from where a break left them, and discreet about where they go."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from viber.errors import BaseError, Delivery, InvalidRequestError, ServerError, TransportError
from viber.machines import CircuitBreakerConfig
from viber.resilience import Deadline
from viber.services.gemini import File, GeminiInvalidRequestError
from viber.testing import EventRecorder, Fail, Hang, Reply

Build = Callable[..., Any]
GRAIN = 256 * 1024
SECRET = "capability-0123456789"
URL = f"https://generativelanguage.googleapis.com/upload/v1beta/files?upload_id={SECRET}"
DROP = Fail(lambda: TransportError("reset", delivery=Delivery.UNKNOWN))


def begun(url: str = URL) -> Reply:
    return Reply(headers={"X-Goog-Upload-URL": url, "X-Goog-Upload-Status": "active"})


def active(received: int | None = None) -> Reply:
    told = {} if received is None else {"x-goog-upload-size-received": str(received)}
    return Reply(headers={"x-goog-upload-status": "active", **told})


def final(**file: Any) -> Reply:
    return Reply(headers={"x-goog-upload-status": "final"}, json={"file": {"name": "files/a", **file}})


def steps(rig: Any) -> list[tuple[str, str | None, int]]:
    """What was sent after the beginning: command, offset, size."""
    fields = [(dict(request.headers), request.body or b"") for request in rig.transport.requests[1:]]
    return [
        (field["x-goog-upload-command"], field.get("x-goog-upload-offset"), len(body))
        for field, body in fields
    ]


async def upload(rig: Any, data: Any, **options: Any) -> File:
    options = {"mime_type": "text/plain", "chunk_size": GRAIN, **options}
    return await rig.gemini.files.upload(data, **options)


async def test_a_file_goes_out_in_pieces(build: Build) -> None:
    """The beginning says what comes, each piece where it belongs, the last one that it is the last."""
    rig = build(begun(), active(), final())
    assert (await upload(rig, b"x" * (GRAIN + 5), display_name="notes")).name == "files/a"
    start = dict(rig.transport.requests[0].headers)
    assert start["x-goog-upload-header-content-length"] == str(GRAIN + 5)
    assert start["x-goog-upload-header-content-type"] == "text/plain"
    assert rig.transport.requests[0].body == b'{"file":{"mimeType":"text/plain","displayName":"notes"}}'
    assert steps(rig) == [("upload", "0", GRAIN), ("upload, finalize", str(GRAIN), 5)]


async def test_progress_is_told(build: Build) -> None:
    """At the start and after each piece."""
    told: list[tuple[int, int | None]] = []
    rig = build(begun(), active(), final())
    await upload(rig, b"x" * (GRAIN + 5), on_progress=lambda *step: told.append(step))
    assert told == [(0, GRAIN + 5), (GRAIN, GRAIN + 5), (GRAIN + 5, GRAIN + 5)]


async def test_a_stream_of_unknown_length(build: Build) -> None:
    """No length is promised; the total is told once it is known."""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 100_000

    told: list[tuple[int, int | None]] = []
    rig = build(begun(), active(), final())
    await upload(rig, pieces(), on_progress=lambda *step: told.append(step))
    assert "x-goog-upload-header-content-length" not in dict(rig.transport.requests[0].headers)
    assert told == [(0, None), (GRAIN, None), (300_000, 300_000)]


@pytest.mark.parametrize("received", [0, 1000, GRAIN], ids=["nothing", "a part", "all of it"])
async def test_after_a_break_it_goes_on_where_the_server_stands(build: Build, received: int) -> None:
    """The server is asked, and nothing is sent that it has."""
    rig = build(begun(), DROP, active(received), *[active()] * (received < GRAIN), final())
    await upload(rig, b"x" * (GRAIN + 5))
    assert steps(rig)[1] == ("query", None, 0)
    assert steps(rig)[2][1] == str(received)
    sent = sum(size for _, _, size in steps(rig)[2:])
    assert received + sent == GRAIN + 5


async def test_a_piece_is_never_repeated_blindly(build: Build) -> None:
    """Not even by a service whose calls may all be repeated."""
    rig = build(begun(), DROP, active(3), final())
    await rig.gemini.with_options(idempotent=True).files.upload(b"abc", mime_type="text/plain")
    assert [command for command, _, _ in steps(rig)] == ["upload, finalize", "query", "upload, finalize"]


async def test_a_break_behind_the_last_piece_is_settled_by_asking(build: Build) -> None:
    """The file is there already, and nothing is sent twice."""
    rig = build(begun(), DROP, final())
    assert (await upload(rig, b"abc")).name == "files/a"
    assert [command for command, _, _ in steps(rig)] == ["upload, finalize", "query"]


@pytest.mark.parametrize("failure", [DROP, Reply(503), Hang()], ids=["reset", "503", "silence"])
async def test_breaks_in_a_row_without_getting_on_end_it(build: Build, failure: Any) -> None:
    """As many as a call has attempts; the error is the last break's, and says how far it came."""
    rig = build(begun(), failure, active(0), failure, active(0), failure)
    with pytest.raises(BaseError) as caught:
        await upload(rig, b"abc")
    assert [command for command, _, _ in steps(rig)] == ["upload, finalize", "query"] * 2 + [
        "upload, finalize"
    ]
    assert any("stopped after 0 bytes" in note for note in caught.value.__notes__)


async def test_who_gets_on_may_break_again(build: Build) -> None:
    """Only breaks without progress are counted."""
    breaks = [cue for step in range(1, 9) for cue in (DROP, active(step * 1000))]
    rig = build(begun(), *breaks, final(), breaker=CircuitBreakerConfig(failure_threshold=100))
    assert (await upload(rig, b"x" * 9000)).name == "files/a"


async def test_what_will_not_pass_is_told_at_once(build: Build) -> None:
    """A refusal is not asked about."""
    rig = build(begun(), Reply(400, json={"error": {"code": 400, "message": "too large"}}))
    with pytest.raises(GeminiInvalidRequestError, match="too large"):
        await upload(rig, b"abc")
    assert len(steps(rig)) == 1


async def test_one_attempt_means_one(build: Build) -> None:
    """Who wants no retry gets none here either."""
    rig = build(begun(), DROP)
    with pytest.raises(TransportError):
        await rig.gemini.with_options(max_attempts=1).files.upload(b"x", mime_type="text/plain")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Reply(headers={"x-goog-upload-status": "cancelled"}), "the upload is 'cancelled'"),
        (active(99), "more bytes than were sent"),
        (final(sizeBytes="99"), "another size"),
        (Reply(headers={"x-goog-upload-status": "final"}, json={}), "as which file"),
        (Reply(headers={}, body=b"<html>"), "not from Gemini"),
    ],
)
async def test_an_answer_that_makes_no_sense_is_an_error(build: Build, answer: Reply, message: str) -> None:
    """Nothing is taken for a file that may not be one."""
    with pytest.raises(ServerError, match=message) as caught:
        await upload(build(begun(), answer), b"abc")
    assert not caught.value.retryable


async def test_an_end_that_the_server_does_not_see_is_said_again(build: Build) -> None:
    """A finished upload that is still active is asked about, and finished once more."""
    rig = build(begun(), active(3), active(3), final())
    await upload(rig, b"abc")
    assert steps(rig)[-1] == ("upload, finalize", "3", 0)


@pytest.mark.parametrize(
    "url", ["", "/upload", "ftp://x/y", "http://generativelanguage.googleapis.com/u"], ids=repr
)
async def test_an_address_that_cannot_be_used_is_an_error(build: Build, url: str) -> None:
    """None, a relative one, one without encryption."""
    with pytest.raises(ServerError) as caught:
        await upload(build(*[begun(url)] * (1 if url else 3)), b"abc")
    assert not url or url not in repr(caught.value)


async def test_the_beginning_is_repeated(build: Build) -> None:
    """An upload that nobody goes on with is nothing."""
    rig = build(Reply(503), begun(), final())
    assert (await upload(rig, b"abc")).name == "files/a"


async def test_the_key_goes_only_home(build: Build) -> None:
    """An address on another host gets neither the key nor any header field that was meant for the API."""
    for url, is_home in [(URL, True), (f"https://elsewhere.test/?upload_id={SECRET}", False)]:
        rig = build(begun(url), final())
        gemini = rig.gemini.with_options(headers={"x-own": "value"})
        await gemini.files.upload(b"abc", mime_type="text/plain")
        sent = rig.transport.requests[1]
        assert sent.url == url
        assert (("x-goog-api-key" in dict(sent.headers)), ("x-own" in dict(sent.headers))) == (
            is_home,
            is_home,
        )


async def test_the_address_appears_nowhere(build: Build, caplog: pytest.LogCaptureFixture) -> None:
    """Not in errors, their notes and causes, reprs, events or logs, even if the server repeats it."""
    echo = {"error": {"code": 400, "message": f"bad upload {URL}", "details": [{"upload_id": SECRET}]}}
    rig, recorder = build(begun(), DROP, active(0), Reply(400, json=echo)), EventRecorder()
    rig.gemini._channel.pipeline.listeners.add(recorder)
    with caplog.at_level(logging.DEBUG), pytest.raises(GeminiInvalidRequestError) as caught:
        await upload(rig, b"abc")
    error = caught.value
    shown = [repr(error), str(error.details), error.debug_message, str(getattr(error, "__notes__", ""))]
    shown += [repr(recorder.events), caplog.text, repr(rig.transport.requests)]
    assert recorder.events
    assert not [text for text in shown if SECRET in text]


@pytest.mark.parametrize("size", [0, 1000, GRAIN + 1])
async def test_a_size_of_pieces_that_google_refuses_is_refused(build: Build, size: int) -> None:
    """It is a multiple of 256 KiB."""
    with pytest.raises(InvalidRequestError, match="256 KiB"):
        await upload(build(), b"x", chunk_size=size)


async def test_a_cancelled_upload_leaves_nothing(build: Build) -> None:
    """No request stays under way."""
    rig = build(begun(), Hang())
    gemini = rig.gemini.with_options(timeout=None, total_timeout=None)
    task = asyncio.ensure_future(gemini.files.upload(b"x", mime_type="text/plain"))
    await rig.clock.settle()
    assert rig.transport.in_flight == 1
    task.cancel()
    await asyncio.wait([task])
    assert (task.cancelled(), rig.transport.in_flight) == (True, 0)


RESUMED = "path=/upload/v1beta/files/resume"


@pytest.mark.parametrize(
    "fault", ["cut-before", "cut-after", "cut-after;reset", "status=503", "truncate=5", "html", "empty"]
)
async def test_against_the_sandbox_a_broken_upload_arrives_whole(
    live: Any, tmp_path: Path, fault: str
) -> None:
    """Twice broken: the file has every byte once."""
    path = tmp_path / "notes.txt"
    path.write_bytes(bytes(range(256)) * 4096)
    gemini = live.suffering(f"{fault};times=2;key=a;{RESUMED}")
    made = await gemini.files.upload(path, chunk_size=GRAIN)
    assert made.size_bytes == 1024 * 1024
    plain = await live.gemini.files.upload(path)
    assert made.sha256_hash == plain.sha256_hash


async def test_a_server_that_asks_to_wait_is_waited_for(build: Build) -> None:
    """As long as it says, before it is asked how far it came."""
    busy = {
        "error": {"code": 429, "message": "slow down. Please retry in 12s", "status": "RESOURCE_EXHAUSTED"}
    }
    rig = build(begun(), *[Reply(429, json=busy)] * 3, active(0), final())
    await upload(rig, b"abc")
    assert rig.clock.now() >= 12 * 3


async def test_a_deadline_ends_an_upload(build: Build) -> None:
    """No wait is begun that could not end in time; the error is what broke it off."""
    rig = build(begun(), Reply(503))
    with Deadline(0.5, clock=rig.clock), pytest.raises(ServerError) as caught:
        await upload(rig, b"abc")
    assert any("could not start in time" in note for note in caught.value.__notes__)
    assert rig.clock.now() < 0.5
