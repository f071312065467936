"""The page as it is served: its files, their protection, its place under a prefix."""

import re
from pathlib import Path
from typing import Any

import pytest

import viber.dashboard

STATIC = Path(viber.dashboard.__file__).parent / "static"
OURS = sorted({*STATIC.glob("*.js"), *STATIC.glob("*.css"), *STATIC.glob("*.html")})


async def test_the_page_is_served(stage: Any) -> None:
    """At the root of wherever it is mounted."""
    answer = await stage.ask(stage.dashboard(), "/")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.text == (STATIC / "index.html").read_text()


@pytest.mark.parametrize("name", [path.name for path in STATIC.iterdir()])
async def test_every_file_of_the_page_is_served(stage: Any, name: str) -> None:
    """Whole, of its type, to be asked for again with its tag."""
    answer = await stage.ask(stage.dashboard(), f"/static/{name}")
    assert (answer.status, answer.body) == (200, (STATIC / name).read_bytes())
    assert answer.headers["content-length"] == str(len(answer.body))
    assert answer.headers["cache-control"] == "no-cache"


async def test_a_file_that_the_browser_has_is_not_sent_again(stage: Any) -> None:
    """It asks with the tag it was given."""
    app = stage.dashboard()
    tag = (await stage.ask(app, "/static/app.js")).headers["etag"]
    again = await stage.ask(
        app, "/static/app.js", headers=[(b"host", b"localhost"), (b"if-none-match", tag.encode())]
    )
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(
    "path", ["/static/", "/static/../_dashboard.py", "/static/%2e%2e", "/nothing", "/api", "/static//app.js"]
)
async def test_nothing_else_is_served(stage: Any, path: str) -> None:
    """Paths are looked up among the files that are shipped, and nowhere else."""
    assert (await stage.ask(stage.dashboard(), path)).status == 404


@pytest.mark.parametrize("path", ["/", "/static/app.js", "/api/snapshot", "/nothing"])
async def test_every_answer_forbids_what_is_not_its_own(stage: Any, path: str) -> None:
    """No inline script or style, no other origin, no frame around it."""
    headers = (await stage.ask(stage.dashboard(), path)).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_the_page_asks_nobody_else(path: Path) -> None:
    """Neither a script nor a style nor the page names another host, or an address from the root."""
    text = path.read_text()
    named = set(re.findall(r"""(?:src|href)=["'](?!static/|#)([^"']*)|url\(([^)]*)\)""", text))
    assert not named
    assert not set(re.findall(r"https?://[\w.-]+", text)) - {"https://github.com"}  # in a comment of uPlot


@pytest.mark.parametrize(
    "path", [path for path in OURS if path.name != "uplot.js"], ids=lambda path: path.name
)
def test_data_is_only_ever_text(path: Path) -> None:
    """No way from a name to markup, to a style or to code."""
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|cssText|srcdoc|\bon\w+="
    )
    assert not re.findall(forbidden, path.read_text())


async def test_it_may_be_mounted_under_any_prefix(stage: Any) -> None:
    """The prefix is the `root_path` of the scope, within `path` as ASGI says."""
    app = stage.dashboard()
    answer = await stage.ask(app, "/deep/viber/static/app.js", root_path="/deep/viber")
    assert answer.status == 200


async def test_without_its_last_slash_it_leads_to_the_page(stage: Any) -> None:
    """Addresses in the page are relative to its folder."""
    answer = await stage.ask(stage.dashboard(), "/deep/viber", root_path="/deep/viber")
    assert (answer.status, answer.headers["location"]) == (307, "viber/")


async def test_head_is_answered_like_get_without_a_body(stage: Any) -> None:
    """The stream too, which else would never end."""
    app = stage.dashboard()
    for path in ("/", "/api/stream"):
        answer = await stage.ask(app, path, method="HEAD")
        assert (answer.status, answer.body, answer.is_complete) == (200, b"", True)
    assert app.viewers == 0


@pytest.mark.parametrize(
    ("path", "method"), [("/", "POST"), ("/api/snapshot", "DELETE"), ("/api/circuit", "GET")]
)
async def test_other_methods_are_refused(stage: Any, path: str, method: str) -> None:
    """With those that are not."""
    answer = await stage.ask(stage.dashboard(), path, method=method)
    assert answer.status == 405
    assert method not in answer.headers["allow"]


async def test_it_speaks_http_only(stage: Any) -> None:
    """A socket is a mistake of who mounted it."""
    with pytest.raises(TypeError, match="websocket"):
        await stage.dashboard()({"type": "websocket"}, None, None)


async def test_it_may_be_an_application_of_its_own(stage: Any) -> None:
    """Its life is then the server's: it looks on from the start to the end."""
    app, said, told = (
        stage.dashboard(),
        [],
        iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]),
    )

    async def receive() -> Any:
        await stage.clock.settle()
        return next(told)

    async def send(message: Any) -> None:
        said.append((message["type"], stage.clock.pending > 0))

    await app({"type": "lifespan"}, receive, send)
    assert [name for name, _ in said] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_the_repr_names_no_secret(stage: Any) -> None:
    """It counts."""
    assert repr(stage.dashboard()).endswith("viewers 0>")
