"""Mixed traffic for a long time, while servers fail: nothing grows, nothing stays behind, nothing lies.

After every period the traffic stops, and what the process holds is read: see `gauges.judge` for the rules. On
top of them, no warning of any kind, no error that nobody heard of, no task that was lost, no answer that was
wrong; and the ledger in the database agrees with what each insert was told. Ends with 1 if a rule is broken.
"""

import argparse
import asyncio
import sys
import threading
import time
import warnings
from collections import Counter
from collections.abc import Sequence
from random import Random, randrange

from gauges import Reading, Verdict, judge, open_files, read
from traffic import Traffic

from viber import CircuitBreakerConfig, HttpConfig, RetryConfig, ServiceFactory, Settings
from viber.cli._invariants import check_ledger
from viber.sandbox import Sandbox

HEADING = " seconds      calls  files  tasks  threads   objects  memory, MB"
WORKERS = 24
QUIET = 10.0
"""Seconds that it may take until idle connections are gone."""
RESTS = 60
SHOWN = 20
"""Rests that the table tells of."""
EXPECTED = frozenset(
    (
        *("succeeded", "cancelled", "CircuitOpenError", "ServerError", "StreamInterruptedError"),
        *("TimeoutError", "TransportError"),
    )
)
"""Ends of calls that no run goes without."""


class Complaints:
    """Everything that Python says when nobody listens."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def listen(self) -> None:
        """From now on, hear of warnings and of errors that go nowhere."""
        warnings.simplefilter("always")
        warnings.showwarning = lambda text, kind, *_: self.heard.append(f"{kind.__name__}: {text}")
        sys.unraisablehook = lambda told: self.heard.append(
            f"unraisable: {told.exc_value!r} in {told.object!r}"
        )
        threading.excepthook = lambda told: self.heard.append(f"in a thread: {told.exc_value!r}")
        asyncio.get_running_loop().set_exception_handler(
            lambda _, told: self.heard.append(f"in the loop: {told['message']} {told.get('exception')!r}")
        )


class Soak:
    """Traffic and rests in turn, through one factory."""

    def __init__(self, sandbox: Sandbox, services: ServiceFactory, *, period: float, rng: Random) -> None:
        self._postgrest = sandbox.process("postgrest")
        self._services = services
        self._period = period
        self._rng = rng
        self._started = time.monotonic()
        self._files = open_files()
        self.traffic = Traffic(services, rng)
        self.readings: list[Reading] = []
        self.broken: list[str] = []
        """Promises about the ledger that were not kept."""

    async def run(self, seconds: float) -> None:
        """Periods of traffic, each followed by a rest."""
        while time.monotonic() < self._started + seconds:
            until = asyncio.get_running_loop().time() + self._period
            async with asyncio.TaskGroup() as tasks:
                for _ in range(WORKERS):
                    tasks.create_task(self.traffic.work(until))
                tasks.create_task(self._kill_and_revive())
            await self._settle_ledger()
            await rest(self._files)
            self.readings.append(read(time.monotonic() - self._started, self.traffic.calls))
            sys.stderr.write(line(self.readings[-1]) + "\n")

    async def _kill_and_revive(self) -> None:
        await asyncio.sleep(self._rng.uniform(0, self._period / 2))
        await asyncio.to_thread(self._postgrest.kill)
        await asyncio.sleep(self._rng.uniform(0, self._period / 4))
        await asyncio.to_thread(self._postgrest.start)

    async def _settle_ledger(self) -> None:
        """Compare what the callers were told with what is there, and begin a new page."""
        self._services.reset_circuit_breaker("supabase")
        patient = self._services.supabase.with_options(timeout=10.0, total_timeout=30.0)
        account, first = self.traffic.turn_page()
        checks = await check_ledger(patient, account, first=first)
        self.broken += [f"{one.promise}: {one.evidence}" for one in checks if not one.held]
        await patient.table("ledger").delete(all_rows=True)


async def rest(files: int) -> None:
    """Wait until idle connections are gone."""
    for _ in range(round(QUIET / 0.1)):
        if open_files() == files:
            return
        await asyncio.sleep(0.1)


def settings(sandbox: Sandbox, transport: str) -> Settings:
    """Short times, so that much goes wrong and right again within a period."""
    found = Settings.from_env(sandbox.environment())
    quick = {
        "retry": RetryConfig(initial_delay=0.01, max_delay=0.05),
        "breaker": CircuitBreakerConfig(failure_threshold=50, monitor_window=1.0, reset_timeout=0.1),
        "http": HttpConfig.model_validate({"transport": transport, "idle_expiry": 0.5}),
        "timeout": 0.3,
        "total_timeout": 2.0,
    }
    return Settings(
        supabase=found.require("supabase").model_copy(update=quick),
        gemini=found.require("gemini").model_copy(update=quick | {"idle_timeout": 0.3}),
    )


async def soak(sandbox: Sandbox, arguments: argparse.Namespace) -> int:
    """Run, close, and tell how it went."""
    complaints = Complaints()
    complaints.listen()
    files = open_files()
    async with ServiceFactory(settings(sandbox, arguments.transport)) as services:
        run = Soak(sandbox, services, period=arguments.period, rng=Random(arguments.seed))
        await run.run(60 * arguments.minutes)
    await rest(files)
    closed = read(0, 0)
    traffic = run.traffic
    verdicts = [
        *judge(run.readings),
        Verdict(
            "closing leaves no file and no task",
            (closed.files, closed.tasks) == (files, 1),
            f"{closed.files - files} files, {closed.tasks - 1} tasks",
        ),
        none("no warning, and no error that nobody heard of", complaints.heard),
        none("no answer is wrong, and every error is one of the library's", traffic.mistakes),
        none("a cancelled call ends cancelled", traffic.unheard),
        none("the ledger agrees with what each insert was told", run.broken),
        none("everything went wrong that can", sorted(EXPECTED - traffic.tally.keys())),
    ]
    report(run.readings, traffic.tally, verdicts)
    return 0 if all(one.held for one in verdicts) else 1


def none(rule: str, found: Sequence[str]) -> Verdict:
    """A rule that nothing may break."""
    return Verdict(rule, not found, "; ".join(found[:5]) or "none")


def line(one: Reading) -> str:
    """A row of the table."""
    return (
        f"{one.at:8.0f}{one.calls:11,}{one.files:7}{one.tasks:7}{one.threads:9}{one.objects:10,}"
        f"{one.memory / 1e6:12.1f}"
    )


def report(readings: Sequence[Reading], tally: Counter[str], verdicts: Sequence[Verdict]) -> None:
    """Show rests, of which there may be many, ends of calls, and verdicts."""
    shown = readings[:: -(-len(readings) // SHOWN)]
    lines = [
        HEADING,
        *map(line, shown),
        *(f"{number:8,} {end}" for end, number in tally.most_common()),
        *(f"{'held  ' if one.held else 'BROKEN'} {one.rule} ({one.evidence})" for one in verdicts),
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def main() -> int:
    """Read the command line, and start the servers."""
    parser = argparse.ArgumentParser(description="mixed traffic for a long time, while servers fail")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--period", type=float, help="seconds of traffic between two rests")
    parser.add_argument("--seed", type=int, default=randrange(2**32))
    parser.add_argument("--transport", choices=["httpcore", "aiohttp"], default="httpcore")
    arguments = parser.parse_args()
    arguments.period = arguments.period or max(2.0, arguments.minutes * 60 / RESTS)
    sys.stdout.write(f"{arguments.minutes:g} minutes over {arguments.transport}, seed {arguments.seed}\n")
    with Sandbox() as sandbox:
        return asyncio.run(soak(sandbox, arguments))


if __name__ == "__main__":
    sys.exit(main())
