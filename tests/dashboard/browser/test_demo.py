"""The page of a demo whose services break and come back, as a real browser shows it."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(300)]

IMAGES = Path(__file__).parents[3] / "docs" / "images"
PATIENCE = 30.0


@pytest.fixture
async def demo() -> AsyncIterator[int]:
    """The port of a demo that serves its page while things break."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "viber.cli", "demo", "--page", "--port", "0"),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 60.0)
    yield int(line.decode().partition("127.0.0.1:")[2].partition("/")[0])
    process.send_signal(signal.SIGINT)
    assert await asyncio.wait_for(process.wait(), PATIENCE) == 130


OBSERVE = """
window.seen = { open: 0, closed: 0 };
new MutationObserver(() => {
  const service = [...document.querySelectorAll('.service')].find(
    (node) => node.querySelector('h2').textContent === 'supabase');
  const state = service.dataset.state;
  if (state === 'open') window.seen.open ||= Date.now();
  if (state === 'closed' && window.seen.open) window.seen.closed ||= Date.now();
}).observe(document.querySelector('#services'), {
  subtree: true, attributes: true, attributeFilter: ['data-state'],
});
"""
HAPPENED = """
fetch('api/snapshot').then((answer) => answer.json()).then((picture) => Object.fromEntries(
  picture.events.filter((event) => event.service === 'supabase' && ['open', 'closed'].includes(event.kind))
    .map((event) => [event.kind, Date.now() - 1000 * event.began])))
"""


async def test_a_demo_under_faults_is_shown_as_it_happens(browser: Any, demo: int, tmp_path: Path) -> None:
    """A circuit opens and closes before our eyes, within two seconds of it happening; nothing goes wrong."""
    await browser.show(demo)
    await browser.look(OBSERVE)
    await browser.until("window.seen.closed")
    happened, seen = await browser.look(HAPPENED), await browser.look("window.seen")
    for state in ("open", "closed"):
        assert -100 <= seen[state] - happened[state] <= 2000, (state, seen, happened)
    assert await browser.look("document.querySelectorAll('.service').length") == 2
    await _take_pictures(browser, tmp_path)
    assert await browser.problems() == []


async def _take_pictures(browser: Any, folder: Path) -> None:
    """At both widths and in both schemes; into the documents only if `VIBER_SCREENSHOTS` is set."""
    if os.environ.get("VIBER_SCREENSHOTS"):
        folder = IMAGES
        await asyncio.sleep(75.0)  # there is more to see after a while
    colors: dict[str, str] = {}
    for width in (1280, 360):
        for scheme in ("light", "dark"):
            await browser.order("size", width=width, height=900, scheme=scheme)
            await asyncio.sleep(1.5)  # a second passes, and the charts are drawn anew
            if folder == IMAGES:
                await browser.until("document.querySelector('[data-state=open]')")
            assert await browser.look("document.documentElement.scrollWidth") == width
            colors[scheme] = await browser.look("getComputedStyle(document.body).backgroundColor")
            path = folder / f"page-{width}-{scheme}.png"
            await browser.order("shoot", path=str(path), whole=width == 360)
            assert path.stat().st_size > 10_000
    assert colors["light"] != colors["dark"]
