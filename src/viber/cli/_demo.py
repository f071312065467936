"""`viber demo`: the whole library at work on a local database and model, while things break."""

import argparse
import asyncio
from typing import TYPE_CHECKING

from viber.cli import _page
from viber.cli._commands import Subparsers, say_it_starts
from viber.factory import ServiceFactory
from viber.machines import CircuitBreakerConfig, RetryConfig
from viber.sandbox import Sandbox
from viber.settings import Settings

if TYPE_CHECKING:
    from viber.cli._screen import Screen


# Short times, so that a whole outage fits into a few seconds.
RETRY = RetryConfig(initial_delay=0.05, max_delay=0.2)
BREAKER = CircuitBreakerConfig(failure_threshold=5, reset_timeout=0.5, monitor_window=10.0)


def add_parser(commands: Subparsers) -> None:
    """Tell argparse of this command."""
    parser = commands.add_parser(
        "demo", help="write, read, stream, kill the database, and check every promise"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end")
    parser.add_argument("--page", action="store_true", help="serve the live page under faults until Ctrl-C")
    parser.add_argument("--port", type=int, default=_page.PORT, help="of the page; 0 takes any that is free")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Play every scene, 0 only if every promise held; or serve the page."""
    if arguments.page:
        return _page.run(arguments.port)
    say_it_starts()
    with Sandbox() as sandbox:
        from viber.cli._screen import JsonLines, Terminal

        screen = JsonLines() if arguments.json else Terminal()
        return asyncio.run(_play(sandbox, screen))


async def _play(sandbox: Sandbox, screen: "Screen") -> int:
    from viber.cli import _scenes
    from viber.cli._timeline import Timeline

    timeline = Timeline(screen.moment)
    async with ServiceFactory(_settings(sandbox), listeners=[timeline]) as services:
        screen.title("Rows: write, read, walk")
        checks = await _scenes.write_and_read(services, screen)
        checks += await _scenes.walk(services, screen)
        screen.title("Tokens: as they arrive")
        checks += await _scenes.stream(services, screen)
        screen.title("Faults: one at a time")
        checks += await _scenes.misbehave(services, timeline)
        screen.title("Outage: the database dies under load, and comes back")
        checks += await _scenes.outage(sandbox, services, timeline)
    screen.report(timeline, checks)
    return 0 if all(check.held for check in checks) else 1


def _settings(sandbox: Sandbox) -> Settings:
    settings = Settings.from_env(sandbox.environment())
    quick = {"retry": RETRY, "breaker": BREAKER}
    return Settings(
        supabase=settings.require("supabase").model_copy(update=quick),
        gemini=settings.require("gemini").model_copy(update=quick),
    )
