"""`viber doctor`: are the services that the environment names there, and are the keys right?"""

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from viber.cli._commands import Subparsers
from viber.errors import ConfigurationError
from viber.factory import ServiceFactory
from viber.services import Health
from viber.settings import NEEDED, Settings


def add_parser(commands: Subparsers) -> None:
    """Tell argparse of this command."""
    parser = commands.add_parser("doctor", help="check the services named in the environment")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """Check every configured service; 0 only if there is one and all are well."""
    settings = Settings.from_env()
    if settings.supabase is None and settings.gemini is None:
        names = sorted(settings.absent)
        raise ConfigurationError(
            "no service is configured",
            problems=[f"{name}: not set" for name in names],
            suggestion="one service is enough; without any there is `viber sandbox -- viber doctor`",
        )
    results = asyncio.run(_check(settings))
    report = _as_json if arguments.json else _as_text
    print(report(results, settings))
    return 0 if all(health.healthy for health in results.values()) else 1


async def _check(settings: Settings) -> Mapping[str, Health]:
    async with ServiceFactory(settings) as services:
        return await services.health_check()


def _as_json(results: Mapping[str, Health], settings: Settings) -> str:
    answer: dict[str, Any] = {name: asdict(health) for name, health in results.items()}
    return json.dumps({"services": answer, "absent": sorted(settings.absent)}, indent=2)


def _as_text(results: Mapping[str, Health], settings: Settings) -> str:
    return "\n".join(_line(name, results.get(name), settings) for name in NEEDED)


def _line(name: str, health: Health | None, settings: Settings) -> str:
    good, bad, unused = (
        ("✓", "✗", "-") if (sys.stdout.encoding or "").lower() == "utf-8" else ("ok", "NO", "-")
    )
    if health is None:
        missing = [variable for variable in NEEDED[name] if variable in settings.absent]
        return f"{unused} {name:<9} not configured: set {', '.join(missing)}"
    if health.healthy:
        return f"{good} {name:<9} answered in {health.latency * 1000:.0f} ms"
    advice = f": {health.suggestion}" if health.suggestion else ""
    return f"{bad} {name:<9} {health.error.removesuffix('.')}{advice}"
