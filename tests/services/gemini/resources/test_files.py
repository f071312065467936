"""Files: asked for, waited for, listed, downloaded."""

from collections.abc import Callable
from typing import Any

import pytest

from viber.errors import InvalidRequestError, TimeoutError
from viber.resilience import Deadline
from viber.services.gemini import File, FileFailedError, GeminiInvalidRequestError, GeminiNotFoundError
from viber.testing import Reply

Build = Callable[..., Any]


def file(state: str = "ACTIVE", **fields: Any) -> Reply:
    return Reply(json={"name": "files/a", "state": state, **fields})


async def test_a_file_is_known_by_its_name_or_by_itself(build: Build) -> None:
    """With or without the collection in front."""
    rig = build(file(), file(), file())
    found = await rig.gemini.files.get("a")
    await rig.gemini.files.get("files/a")
    await rig.gemini.files.get(found)
    paths = {request.url.partition("/v1beta/")[2] for request in rig.transport.requests}
    assert paths == {"files/a"}


@pytest.mark.parametrize("name", ["", "files/", "batches/a", "files/a/b", ".."])
async def test_a_name_that_is_none_is_refused(build: Build, name: str) -> None:
    """Before anything is sent."""
    with pytest.raises(InvalidRequestError, match="not a name of files"):
        await build().gemini.files.get(name)


async def test_a_name_cannot_leave_its_collection(build: Build) -> None:
    """It is percent-encoded."""
    rig = build(file())
    await rig.gemini.files.get("a?b#c")
    assert rig.sent.url.endswith("/files/a%3Fb%23c")


async def test_what_is_answered_is_typed_and_tolerant() -> None:
    """Numbers in text, moments with nanoseconds, unknown states and fields."""
    made = File.from_wire(
        {
            "name": "files/a",
            "sizeBytes": "12",
            "createTime": "2026-11-26T20:53:52.123456789Z",
            "state": "SOMETHING_NEW",
            "novel": [1],
        }
    )
    assert (made.size_bytes, made.state) == (12, "SOMETHING_NEW")
    assert made.create_time is not None
    assert made.create_time.microsecond == 123456
    assert made.to_wire()["novel"] == [1]


async def test_waiting_asks_until_it_is_active(build: Build) -> None:
    """At growing intervals of the clock."""
    rig = build(file("PROCESSING"), file("PROCESSING"), file("PROCESSING"), file())
    assert (await rig.gemini.files.wait_active("a", interval=2.0)).is_active
    assert rig.clock.now() == pytest.approx(2 + 3 + 4.5)


async def test_a_file_that_failed_is_an_error(build: Build) -> None:
    """With what Google says of it."""
    rig = build(file("FAILED", error={"message": "not a film"}))
    with pytest.raises(FileFailedError, match="files/a: not a film") as caught:
        await rig.gemini.files.wait_active("a")
    assert caught.value.details == {"name": "files/a", "error": {"message": "not a film"}}


async def test_waiting_ends_in_time(build: Build) -> None:
    """Without a last look that could not help; the health of the service is not in doubt."""
    rig = build(*[file("PROCESSING")] * 20)
    with pytest.raises(TimeoutError) as caught:
        await rig.gemini.files.wait_active("a", timeout=10.0)
    assert caught.value.code == "timeout.waiting"
    assert rig.clock.now() <= 10.0
    assert rig.failures == 0


async def test_waiting_keeps_to_the_deadline_around_it(build: Build) -> None:
    """Also without a limit of its own."""
    rig = build(*[file("PROCESSING")] * 20)
    with Deadline(3.0, clock=rig.clock), pytest.raises(TimeoutError):
        await rig.gemini.files.wait_active("a", timeout=None)
    assert rig.clock.now() <= 3.0


async def test_waiting_survives_a_failing_look(build: Build) -> None:
    """It is retried as any call is."""
    rig = build(Reply(503), file())
    assert (await rig.gemini.files.wait_active("a")).is_active


async def test_a_repeated_delete_that_finds_nothing_is_done(build: Build) -> None:
    """The first attempt may have deleted it; the first time, a 404 is an error."""
    missing = Reply(404, json={"error": {"code": 404, "message": "none", "status": "NOT_FOUND"}})
    await build(Reply(503), missing).gemini.files.delete("a")
    with pytest.raises(GeminiNotFoundError):
        await build(missing).gemini.files.delete("a")


async def test_only_what_gemini_made_is_downloaded(build: Build) -> None:
    """An uploaded file is refused before anything is sent."""
    rig = build(Reply(body=b"bytes"))
    made = File.from_wire({"name": "files/a", "downloadUri": "https://x"})
    assert await rig.gemini.files.download(made) == b"bytes"
    assert rig.sent.url.endswith("/files/a:download?alt=media")
    with pytest.raises(InvalidRequestError, match="cannot be downloaded"):
        await rig.gemini.files.download(File.from_wire({"name": "files/a"}))


async def test_a_download_that_is_refused_is_typed(build: Build) -> None:
    """As any other answer."""
    refusal = {"error": {"code": 400, "message": "no", "status": "INVALID_ARGUMENT"}}
    with pytest.raises(GeminiInvalidRequestError):
        await build(Reply(400, json=refusal)).gemini.files.download("a")


async def test_against_the_sandbox(live: Any) -> None:
    """Uploaded, waited for, used in a prompt, listed, deleted."""
    files = live.gemini.files
    made = await files.upload(b"film", mime_type="video/mp4", display_name="a film", name="mine")
    assert (made.name, made.display_name, made.state) == ("files/mine", "a film", "PROCESSING")
    with pytest.raises(GeminiInvalidRequestError):
        await live.gemini.generate_text(["count to 2", made])
    ready = await files.wait_active(made, interval=0.01)
    assert await live.gemini.generate_text(["count to 2", ready]) == "1 2"
    other = await files.upload(b"x", mime_type="text/plain")
    assert [each.name async for each in files.list(page_size=1)] == [made.name, other.name]
    await files.delete(made)
    with pytest.raises(GeminiNotFoundError):
        await files.get(made)


async def test_a_file_that_the_sandbox_cannot_process(live: Any) -> None:
    """Is told after a while."""
    made = await live.gemini.files.upload(
        b"x", mime_type="text/plain", display_name="[[processing:2]][[fail]]"
    )
    with pytest.raises(FileFailedError):
        await live.gemini.files.wait_active(made, interval=0.01)
