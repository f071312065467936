"""`viber demo --page`: the live page of services that are called, and break, until Ctrl-C."""

import asyncio
import signal
import socket
from collections.abc import Callable, MutableMapping
from datetime import date
from decimal import Decimal
from importlib.util import find_spec
from itertools import cycle
from typing import Any, Final

from viber.cli._commands import say_it_starts
from viber.cli._traffic import Traffic
from viber.dashboard import Dashboard
from viber.errors import ConfigurationError
from viber.factory import ServiceFactory
from viber.machines import CircuitBreakerConfig, RetryConfig
from viber.sandbox import Sandbox
from viber.services.gemini import ModelLimits, Price, PriceTable
from viber.settings import Settings

PORT: Final = 8737
_RETRY = RetryConfig(initial_delay=0.05, max_delay=0.2)
_BREAKER = CircuitBreakerConfig(failure_threshold=5, reset_timeout=3.0, monitor_window=10.0)
_LIMITS = (ModelLimits(rpm=240, tpm=20_000, rpd=5000),)
_PRICES = PriceTable(
    source="made up for the demo",
    updated=date(2026, 11, 26),
    prices=(Price(model="*", input=Decimal("0.3"), output=Decimal("2.5"), cached=Decimal("0.03")),),
)
Fault = Callable[[Sandbox], None]
_CALM: Final = 10.0
_LAST: Final = 5.0
"""Seconds that a fault lasts, and that pass before the next."""


def run(port: int) -> int:
    """Serve the page on loopback until a signal comes; port 0 takes any that is free.

    Raises:
        ConfigurationError: there is no server to serve it with.
    """
    if find_spec("uvicorn") is None:
        raise ConfigurationError(
            "the page needs a server",
            suggestion='python -m pip install "viber-integration[dashboard,sandbox]"',
        )
    say_it_starts()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # both signals leave through the same door
    with socket.create_server(("127.0.0.1", port)) as listening, Sandbox() as sandbox:
        asyncio.run(_serve(sandbox, listening))
    return 0


async def _serve(sandbox: Sandbox, listening: socket.socket) -> None:
    import uvicorn

    async with ServiceFactory(_settings(sandbox)) as services, Dashboard(services, allow=_anybody) as page:
        config = uvicorn.Config(page, log_level="warning", lifespan="off", timeout_graceful_shutdown=2)
        traffic = Traffic(services)
        working = [asyncio.create_task(work) for work in (traffic.run(), _break(sandbox))]
        print(f"the page: http://127.0.0.1:{listening.getsockname()[1]}/ (Ctrl-C ends it)", flush=True)
        try:
            await uvicorn.Server(config).serve(sockets=[listening])
        finally:
            await _ended(*working)


async def _anybody(_: MutableMapping[str, Any]) -> bool:
    """Whoever may look may act: this machine."""
    return True


async def _ended(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, Exception):
            raise outcome


async def _break(sandbox: Sandbox) -> None:
    """One fault after the other, with rest between them."""
    for inflict, relieve in cycle(_FAULTS):
        await asyncio.sleep(_CALM)
        await asyncio.to_thread(inflict, sandbox)
        await asyncio.sleep(_LAST)
        await asyncio.to_thread(relieve, sandbox)


def _kill(sandbox: Sandbox) -> None:
    sandbox.process("postgrest").kill()


def _revive(sandbox: Sandbox) -> None:
    sandbox.process("postgrest").start()


def _gemini(fault: str) -> tuple[Fault, Fault]:
    return (lambda sandbox: _add(sandbox, fault)), (lambda sandbox: sandbox.gemini_faults.clear())


def _add(sandbox: Sandbox, fault: str) -> None:
    sandbox.gemini_faults.add(fault)


_FAULTS: Final[tuple[tuple[Fault, Fault], ...]] = (
    (_kill, _revive),
    _gemini("status=503; rate=0.4"),
    _gemini("latency=0.6"),
    _gemini("status=500"),
)


def _settings(sandbox: Sandbox) -> Settings:
    settings = Settings.from_env(sandbox.environment())
    quick = {"retry": _RETRY, "breaker": _BREAKER}
    gemini = {**quick, "limits": _LIMITS, "prices": _PRICES}
    return Settings(
        supabase=settings.require("supabase").model_copy(update=quick),
        gemini=settings.require("gemini").model_copy(update=gemini),
    )
