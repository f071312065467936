"""What an import costs: each in a process of its own, from compiled files, as they are when installed."""

import asyncio
import os
import resource
import sys
import time
from compileall import compile_dir
from pathlib import Path

from _harness import Candidate, Effort, Run, Sample, compare
from _report import publish

import viber

BASE = "httpx, pydantic"
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
MODEL = "import httpx; from pydantic import BaseModel; type('Order', (BaseModel,), {})"
STATEMENTS = {
    "nothing": "",
    BASE: "import httpx, pydantic",
    "httpx, and one model of pydantic": MODEL,
    "viber": "import viber",
    "viber and its services": "from viber import ServiceFactory",
    "supabase": "import supabase",
    "google-genai": "from google import genai",
}
PACKAGES = ["httpx", "pydantic", "supabase", "google-genai"]


def importing(statement: str) -> Run:
    """Import in new processes; their own time is what counts."""

    async def run(count: int) -> Sample:
        began, spent = time.perf_counter_ns(), spent_by_children()
        for _ in range(count):
            process = await asyncio.create_subprocess_exec(sys.executable, "-c", statement, env=ENVIRONMENT)
            if await process.wait():
                raise AssertionError(statement)
        wall, cpu = time.perf_counter_ns() - began, spent_by_children() - spent
        return Sample(wall / count, cpu / count)

    return run


def spent_by_children() -> float:
    """Nanoseconds of processor time."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (usage.ru_utime + usage.ru_stime) * 1e9


async def main(effort: Effort) -> None:
    compile_dir(str(Path(viber.__file__).parent), quiet=1)
    runs = [Candidate(name, importing(statement)) for name, statement in STATEMENTS.items()]
    table = await compare("Import", runs, yardstick=BASE, operations=3, effort=effort)
    publish("import", [table], packages=PACKAGES, effort=effort)


if __name__ == "__main__":
    asyncio.run(main(Effort.parse()))
