"""The page as a real browser shows it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI

from viber.dashboard import Dashboard
from viber.errors import ServerError
from viber.factory import ServiceFactory
from viber.machines import BreakerState, CircuitBreakerConfig, RetryConfig
from viber.settings import Settings

pytestmark = pytest.mark.timeout(300)  # the first run of a machine fetches the package

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
async def services() -> AsyncIterator[ServiceFactory]:
    async with ServiceFactory(Settings()) as factory:
        rules = CircuitBreakerConfig(failure_threshold=2, reset_timeout=60.0)
        factory.pipeline(HOSTILE, breaker=rules, retry=RetryConfig(max_attempts=1))
        yield factory


async def anybody(_: Any) -> bool:
    return True


async def fail(pipeline: Any) -> None:
    async def refuse() -> None:
        raise ServerError("no", service="quotes")

    with pytest.raises(ServerError):
        await pipeline.run(refuse)


async def test_names_are_text(browser: Any, serve: Any, services: ServiceFactory) -> None:
    """Markup in the name of a service, of an operation and of a code is shown, and does nothing."""
    pipeline = services.pipeline(HOSTILE)

    async def fetch() -> None:
        raise ServerError("x", code=f"code {HOSTILE}")

    fetch.__qualname__ = f"fetch {HOSTILE}"
    with pytest.raises(ServerError):
        await pipeline.run(fetch)
    async with Dashboard(services) as page, serve(page) as port:
        await browser.show(port)
        assert await browser.look("document.querySelector('.service h2').textContent") == HOSTILE
        text = await browser.look("document.querySelector('.service').textContent")
        assert await browser.look("document.querySelectorAll('img').length") == 0
        assert await browser.problems() == []
    assert f"code {HOSTILE}" in text
    assert f"fetch {HOSTILE}" in text


async def test_a_circuit_is_seen_to_open_within_two_seconds(
    browser: Any, serve: Any, services: ServiceFactory
) -> None:
    """In words, with its reason and a countdown; in the title and the summary too."""
    async with Dashboard(services) as page, serve(page) as port:
        await browser.show(port)
        assert await browser.look("document.querySelector('.badge').textContent") == "Closed"
        await fail(services.pipeline(HOSTILE))
        await fail(services.pipeline(HOSTILE))
        await browser.until("document.querySelector('.badge').textContent === 'Open'", within=2.0)
        story = await browser.look("document.querySelector('.story').textContent")
        assert "failure threshold reached" in story
        assert "next probe in" in story
        assert await browser.look("document.title") == "1 not closed · viber"
        assert await browser.look("document.querySelector('#summary').textContent") == f"{HOSTILE}: open"
        assert await browser.problems() == []


async def test_a_circuit_is_isolated_and_reset_by_its_buttons(
    browser: Any, serve: Any, services: ServiceFactory
) -> None:
    """Where a guard allows it; isolating asks first."""
    breaker = services.get_circuit_breaker(HOSTILE)
    async with Dashboard(services, allow=anybody) as page, serve(page) as port:
        await browser.show(port)
        await browser.order("click", selector=".actions button:nth-child(1)")
        await browser.until("document.querySelector('.badge').textContent === 'Isolated'", within=2.0)
        assert breaker.state is BreakerState.ISOLATED
        assert [each.partition(":")[0] for each in await browser.problems()] == ["dialog"]
        await browser.order("click", selector=".actions button:nth-child(2)")
        await browser.until("document.querySelector('.badge').textContent === 'Closed'", within=2.0)
        assert await browser.problems() == []


async def test_there_are_no_buttons_without_a_guard(
    browser: Any, serve: Any, services: ServiceFactory
) -> None:
    """The page is there to be looked at."""
    async with Dashboard(services) as page, serve(page) as port:
        await browser.show(port)
        assert await browser.look("document.querySelector('.actions').checkVisibility()") is False


async def test_a_lost_connection_is_told_and_found_again(
    browser: Any, serve: Any, services: ServiceFactory
) -> None:
    """The age of what is shown stands in a banner until the server is back."""
    async with Dashboard(services) as page:
        async with serve(page) as port:
            await browser.show(port)
            assert await browser.look("document.querySelector('#lost').hidden") is True
        await browser.until("!document.querySelector('#lost').hidden")
        text = await browser.until("document.querySelector('#lost').innerText")
        assert text.startswith("Connection lost. Data ")
        async with serve(page, port):
            await browser.until("document.querySelector('#lost').hidden")


async def test_a_page_that_nobody_sees_holds_no_stream(
    browser: Any, serve: Any, services: ServiceFactory
) -> None:
    """It comes back when it is looked at again."""
    hide = "Object.defineProperty(document, 'hidden', {{value: {}, configurable: true}});"
    tell = "document.dispatchEvent(new Event('visibilitychange'))"
    async with Dashboard(services) as page, serve(page) as port:
        await browser.show(port)
        for is_hidden, viewers in (("true", 0), ("false", 1)):
            await browser.look(hide.format(is_hidden) + tell)
            async with asyncio.timeout(10.0):
                while page.viewers != viewers:  # noqa: ASYNC110 - the browser decides
                    await asyncio.sleep(0.02)


FOCUS = "((node) => node.id || node.className || node.name || node.localName)(document.activeElement)"


async def test_it_can_be_used_by_keyboard(browser: Any, serve: Any, services: ServiceFactory) -> None:
    """Tab reaches everything in order, arrows choose the time, and the theme is remembered."""
    async with Dashboard(services) as page, serve(page) as port:
        await browser.show(port)
        reached: list[str] = []
        for _ in range(5):
            await browser.order("press", key="Tab")
            reached.append(await browser.look(FOCUS))
        assert reached == ["skip", "span", "theme", "summary", "events"]
        await browser.look("document.querySelector('#theme').focus()")
        await browser.order("press", key="Enter")
        await browser.order("press", key="Enter")
        assert await browser.look("document.documentElement.dataset.theme") == "dark"
        await browser.look("document.querySelector('[name=span]:checked').focus()")
        await browser.order("press", key="ArrowRight")
        assert await browser.look("document.querySelector('[name=span]:checked').value") == "900"
        await browser.show(port)
        assert await browser.look("document.documentElement.dataset.theme") == "dark"
        assert await browser.problems() == []


async def test_a_mounted_page_finds_its_parts(browser: Any, serve: Any, services: ServiceFactory) -> None:
    """Under a prefix of a FastAPI application, with or without the last slash."""
    app = FastAPI()
    async with Dashboard(services) as page:
        app.mount("/ops/viber", page)
        async with serve(page, app=app) as port:
            await browser.show(port, path="/ops/viber")
            assert await browser.problems() == []
