"""The stream: what viewers are sent, how many there may be, and how it ends."""

import asyncio
import logging
from typing import Any

import pytest

from viber.errors import ServerError


async def test_a_viewer_sees_everything_first_and_then_what_stands_each_second(stage: Any) -> None:
    """A snapshot with the past, and pictures without it, numbered."""
    await stage.call(None)
    async with stage.watching(stage.dashboard()) as reader:
        await stage.clock.advance(3.0)
    events = reader.answer.events
    assert next(name for name, _ in events) == "snapshot"
    assert {name for name, _ in events[1:]} == {"delta"}
    assert len({picture["number"] for _, picture in events}) == 4
    assert ["history" in picture for _, picture in events] == [True] + [False] * (len(events) - 1)
    assert reader.answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert reader.answer.headers["cache-control"] == "no-store"


async def test_a_browser_is_told_when_to_come_back(stage: Any) -> None:
    """After two seconds."""
    async with stage.watching(stage.dashboard()) as reader:
        assert reader.answer.body.startswith(b"retry: 2000\n")


async def test_a_circuit_that_opens_is_seen_at_the_next_second(stage: Any) -> None:
    """With its reason and the time to the next probe."""
    async with stage.watching(stage.dashboard()) as reader:
        await stage.call(*[ServerError("x", service="quotes")] * 2)
        await stage.clock.advance(1.0)
    circuit = reader.answer.events[-1][1]["services"][0]["circuit"]
    assert (circuit["state"], circuit["reason"]) == ("open", "failure threshold reached")
    assert circuit["retry_after"] == 9.0


async def test_one_look_a_second_serves_all_viewers(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are."""
    looks = 0
    read = stage.services.metrics

    def metrics() -> Any:
        nonlocal looks
        looks += 1
        return read()

    monkeypatch.setattr(stage.services, "metrics", metrics)
    app = stage.dashboard()
    async with stage.watching(app), stage.watching(app), stage.watching(app):
        looks = 0
        await stage.clock.advance(10.0)
    assert looks == 10


async def test_nobody_looks_when_nobody_looks_on(stage: Any) -> None:
    """The last viewer takes the clock, the listener and the tasks along."""
    app = stage.dashboard()
    async with stage.watching(app):
        assert stage.clock.pending > 0
        assert app.viewers == 1
    await stage.clock.settle()
    assert (app.viewers, stage.clock.pending) == (0, 0)
    assert not stage.services._listeners.callables


async def test_within_its_block_it_looks_on_for_those_who_will_come(stage: Any) -> None:
    """A new viewer sees what happened before."""
    async with stage.dashboard() as app:
        await stage.call(None)
        await stage.clock.advance(30.0)
        async with stage.watching(app) as reader:
            pass
    await stage.clock.settle()
    history = reader.answer.events[0][1]["history"][0]
    assert len(history["ago"]) >= 30
    assert history["ago"][0] == pytest.approx(30.0)
    assert stage.clock.pending == 0


async def test_a_slow_viewer_is_sent_the_newest_picture_next(stage: Any) -> None:
    """What it missed is gone, and nothing is kept for it."""
    async with stage.watching(stage.dashboard()) as reader:
        await stage.clock.advance(1.0)
        reader.can_read.clear()
        await stage.clock.advance(50.0)
        reader.can_read.set()
        await stage.clock.settle()
    numbers = [picture["number"] for _, picture in reader.answer.events]
    assert numbers[-1] >= 51
    assert len(numbers) <= 6


async def test_one_viewer_too_many_is_turned_away(stage: Any) -> None:
    """And comes in when another has left."""
    app = stage.dashboard(max_viewers=1)
    async with stage.watching(app):
        refused = await stage.ask(app, "/api/stream")
        assert (refused.status, refused.headers["retry-after"]) == (503, "5")
    async with stage.watching(app) as reader:
        assert reader.answer.status == 200


async def test_a_stream_ends_after_its_life(stage: Any) -> None:
    """Properly, so that the browser begins a new one."""
    async with stage.watching(stage.dashboard(max_life=60.0)) as reader:
        await stage.clock.advance(61.0)
        assert reader.request.done()
    assert reader.answer.is_complete


async def test_a_viewer_that_takes_nothing_is_given_up(stage: Any) -> None:
    """Some seconds after its life."""
    async with stage.watching(app := stage.dashboard(max_life=60.0)) as reader:
        reader.can_read.clear()
        await stage.clock.advance(66.0)
        assert reader.request.done()
    assert (reader.answer.is_complete, app.viewers) == (False, 0)


async def test_all_streams_end_when_they_are_told_to(stage: Any) -> None:
    """Those that take what they are sent properly, the others at once."""
    app = stage.dashboard()
    async with stage.watching(app) as good, stage.watching(app) as stuck:
        stuck.can_read.clear()
        await stage.clock.advance(2.0)
        app.end()
        await stage.clock.settle()
        assert good.request.done()
        assert stuck.request.done()
    assert (good.answer.is_complete, stuck.answer.is_complete, app.viewers) == (True, False, 0)


async def test_leaving_the_block_ends_streams(stage: Any) -> None:
    """Whoever owns the services closes them next."""
    async with stage.dashboard() as app:
        watching = stage.watching(app)
        reader = await watching.__aenter__()
    await stage.clock.settle()
    assert reader.request.done()
    await watching.__aexit__(None, None, None)


async def test_a_request_that_is_cancelled_leaves_nothing_behind(stage: Any) -> None:
    """Cancelled it is, and the viewer is gone."""
    app = stage.dashboard()
    async with stage.watching(app) as reader:
        reader.request.cancel()
        await asyncio.gather(reader.request, return_exceptions=True)
        assert reader.request.cancelled()
        reader.request = asyncio.create_task(asyncio.sleep(0))
    await stage.clock.settle()
    assert (app.viewers, stage.clock.pending) == (0, 0)


async def test_services_that_cannot_be_read_end_the_streams(
    stage: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The log tells why; a viewer that comes back finds out whether it is over."""
    app = stage.dashboard(check_health=None)

    def broken() -> Any:
        raise RuntimeError("no metrics today")

    async with stage.watching(app) as reader:
        with monkeypatch.context() as patch, caplog.at_level(logging.ERROR, "viber"):
            patch.setattr(stage.services, "metrics", broken)
            await stage.clock.advance(1.0)
        assert reader.request.done()
    assert "no metrics today" in caplog.text
    async with stage.watching(app) as reader:
        await stage.clock.advance(1.0)
        assert reader.answer.events[-1][0] == "delta"


async def test_health_is_asked_while_somebody_looks(stage: Any) -> None:
    """Seldom, and its answer is shown."""
    asked = 0

    async def database() -> None:
        nonlocal asked
        asked += 1

    stage.services.health.register("database", database)
    async with stage.watching(stage.dashboard(check_health=20.0)) as reader:
        await stage.clock.advance(61.0)
    assert asked == 4
    [check] = reader.answer.events[-1][1]["checks"]
    assert (check["name"], check["healthy"]) == ("database", True)


async def test_health_is_not_asked_for_nobody(stage: Any) -> None:
    """Also within the block of a dashboard, which looks on by itself."""

    async def database() -> None:
        raise AssertionError("asked")

    stage.services.health.register("database", database)
    async with stage.dashboard():
        await stage.clock.advance(60.0)
    assert stage.services.health.latest() == {}


async def test_health_may_be_left_to_others(stage: Any) -> None:
    """Then nothing is asked."""

    async def database() -> None:
        raise AssertionError("asked")

    stage.services.health.register("database", database)
    async with stage.watching(stage.dashboard(check_health=None)) as reader:
        await stage.clock.advance(60.0)
    assert reader.answer.events[-1][1]["checks"] == []
