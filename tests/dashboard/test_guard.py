"""Who may look, and who may act."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from viber.machines import BreakerState

HOST = (b"host", b"localhost:8000")
TOLD = (b"x-viber-action", b"isolate")
Guard = Callable[[Any], Awaitable[bool]]


def decides(*, may: bool) -> Guard:
    async def guard(scope: Any) -> bool:
        assert scope["headers"]
        return may

    return guard


@pytest.mark.parametrize(
    ("client", "host"),
    [
        (("127.0.0.1", 1), b"127.0.0.1:8000"),
        (("127.0.0.1", 1), b"LOCALHOST"),
        (("::1", 1), b"[::1]:8000"),
        (("127.9.9.9", 1), b"localhost:1"),
    ],
)
async def test_this_machine_may_look(stage: Any, client: Any, host: bytes) -> None:
    """By any name it has for itself."""
    answer = await stage.ask(stage.dashboard(), "/", client=client, headers=[(b"host", host)])
    assert answer.status == 200


@pytest.mark.parametrize(
    ("client", "headers"),
    [
        (("10.0.0.7", 1), [HOST]),
        (("::ffff:10.0.0.7", 1), [HOST]),
        (("testclient", 1), [HOST]),
        (None, [HOST]),
        (("127.0.0.1", 1), []),
        (("127.0.0.1", 1), [(b"host", b"rebound.example:8000")]),
        (("127.0.0.1", 1), [(b"host", b"localhost.example")]),
        (("127.0.0.1", 1), [HOST, (b"x-forwarded-for", b"127.0.0.1")]),
        (("127.0.0.1", 1), [HOST, (b"forwarded", b"for=10.0.0.7")]),
    ],
)
@pytest.mark.parametrize("path", ["/", "/static/app.js", "/api/snapshot", "/api/stream"])
async def test_others_may_not(stage: Any, client: Any, headers: Any, path: str) -> None:
    """Neither from elsewhere, nor through a proxy, nor by a name that somebody pointed here."""
    answer = await stage.ask(stage.dashboard(), path, client=client, headers=headers)
    assert answer.status == 403
    assert "auth=" in answer.text


async def test_a_guard_decides_instead(stage: Any) -> None:
    """Wherever the request comes from."""
    far = {"client": ("10.0.0.7", 1), "headers": [(b"host", b"app.example")]}
    assert (await stage.ask(stage.dashboard(auth=decides(may=True)), "/", **far)).status == 200
    assert (await stage.ask(stage.dashboard(auth=decides(may=False)), "/")).status == 403


async def test_what_stands_in_front_may_decide(stage: Any) -> None:
    """It has to be said."""
    answer = await stage.ask(stage.dashboard(local_only=False), "/", client=("10.0.0.7", 1))
    assert answer.status == 200


async def act(stage: Any, *, action: str = "isolate", headers: Any = (HOST, TOLD), **options: Any) -> Any:
    body = json.dumps({"place": 0, "action": action}).encode()
    app = stage.dashboard(**options)
    return await stage.ask(app, "/api/circuit", method="POST", headers=headers, body=body)


async def test_a_circuit_may_be_isolated_and_reset(stage: Any) -> None:
    """By whom the guard lets."""
    breaker = stage.services.get_circuit_breaker("quotes")
    assert (await act(stage, allow=decides(may=True))).status == 204
    assert breaker.state is BreakerState.ISOLATED
    assert (await act(stage, action="reset", allow=decides(may=True))).status == 204
    assert breaker.state is BreakerState.CLOSED


async def test_viewers_see_an_action_at_once(stage: Any) -> None:
    """They do not wait for the next second."""
    app = stage.dashboard(allow=decides(may=True))
    body = json.dumps({"place": 0, "action": "isolate"}).encode()
    async with stage.watching(app) as reader:
        await stage.clock.advance(0.1)
        await stage.ask(app, "/api/circuit", method="POST", headers=[HOST, TOLD], body=body)
        await stage.clock.settle()
    picture = reader.answer.events[-1][1]
    assert picture["services"][0]["circuit"]["state"] == "isolated"
    assert picture["events"][0]["text"] == "closed → isolated: isolated by hand"


@pytest.mark.parametrize(
    ("headers", "options"),
    [
        ((HOST, TOLD), {}),
        ((HOST, TOLD), {"allow": decides(may=False)}),
        ((HOST,), {"allow": decides(may=True)}),
        ((HOST, TOLD, (b"sec-fetch-site", b"cross-site")), {"allow": decides(may=True)}),
        ((HOST, TOLD, (b"sec-fetch-site", b"same-site")), {"allow": decides(may=True)}),
        ((HOST, TOLD), {"allow": decides(may=True), "auth": decides(may=False)}),
    ],
    ids=["no guard", "guard says no", "no header", "another site", "another origin", "may not look"],
)
async def test_nothing_is_changed_by_others(stage: Any, headers: Any, options: Any) -> None:
    """A page of another site can neither set the header nor hide where it comes from."""
    assert (await act(stage, headers=headers, **options)).status == 403
    assert stage.services.get_circuit_breaker("quotes").state is BreakerState.CLOSED


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"place":0}',
        b'{"place":9,"action":"reset"}',
        b'{"place":-1,"action":"reset"}',
        b'{"place":true,"action":"reset"}',
        b'{"place":"0","action":"reset"}',
        b'{"place":0,"action":"disable"}',
        b'{"place":0,"action":["reset"]}',
        b'{"place":0,"action":"__init__"}',
        b" " * 5000,
        b"\xff",
    ],
)
async def test_an_action_that_is_none_is_refused(stage: Any, body: bytes) -> None:
    """Only a place that there is, and reset or isolate."""
    app = stage.dashboard(allow=decides(may=True))
    answer = await stage.ask(app, "/api/circuit", method="POST", headers=[HOST, TOLD], body=body)
    assert answer.status == 400
    assert stage.services.get_circuit_breaker("quotes").state is BreakerState.CLOSED


async def test_the_page_knows_whether_there_are_actions(stage: Any) -> None:
    """It shows no buttons that nobody may press."""
    assert not (await stage.picture(stage.dashboard()))["acts"]
    assert (await stage.picture(stage.dashboard(allow=decides(may=True))))["acts"]
