"""Ten thousand streams at once: what each holds while it waits, whether one is lost, and what stays behind.

Each candidate runs in a process of its own, for memory that one gives back is not seen by the next. Its
streams begin and wait together; a tenth of them is cancelled; the server is told to finish the rest.
"""

import asyncio
import gc
import json
import resource
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import sample
from statistics import median

import aiohttp
from _apart import apart
from _canned import LENGTH
from _harness import Effort, Row, Sample, Table, Watch
from _patient import allow_files
from _report import Sizes, publish

from viber import ServiceFactory, Settings
from viber.http import HttpConfig

PEER = "google-genai over aiohttp"
PACKAGES = ["google-genai", "httpx", "httpcore", "aiohttp", "pydantic"]
STREAMS = 10_000
ROUNDS = 3
OPENING = 200
"""Streams that are opened at the same time: a server does not queue any number of connections."""
LEAVING = 10
"""One of so many is cancelled."""
SPARE_FILES = 100
KEY = "key-of-the-benchmark"

Read = Callable[[int, Callable[[], None]], Awaitable[object]]
"""Reads a whole stream, calls back at its first piece, raises unless every piece is what it has to be."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What happened to the streams of one candidate."""

    streams: int
    wall: float
    cpu: float
    """Nanoseconds to open and to read one of them."""
    held: float
    """Bytes of memory for each while all wait."""
    idle: float
    """Nanoseconds of processor time for all in a second of waiting."""
    lost: int
    left: int
    """Connections that the server still sees a second after the client was closed."""


async def google(stack: AsyncExitStack, url: str) -> Read:
    from google import genai  # takes seconds, and the others do not need it
    from google.genai import types

    session = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
    options = types.HttpOptions(base_url=url, api_version="v1beta", aiohttp_client=session)
    client = genai.Client(api_key=KEY, http_options=options)
    stack.push_async_callback(client.aio.aclose)

    async def read(number: int, begin: Callable[[], None]) -> None:
        chunks = await client.aio.models.generate_content_stream(model="patient", contents=str(number))
        check([(await anext(chunks)).text], [number])
        begin()
        check([chunk.text async for chunk in chunks], [number])

    return read


async def bare_aiohttp(stack: AsyncExitStack, url: str) -> Read:
    connector = aiohttp.TCPConnector(limit=0)
    session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))

    async def read(number: int, begin: Callable[[], None]) -> None:
        async with session.post(url, json={"text": str(number)}) as answer:
            pieces = [await answer.content.readany()]
            begin()
            pieces += [piece async for piece in answer.content.iter_any()]
        check([b"".join(pieces).count(b'"text": "%d"' % number)], [2])

    return read


def viber(transport: str) -> Callable[[AsyncExitStack, str], Awaitable[Read]]:
    async def opened(stack: AsyncExitStack, url: str) -> Read:
        found = Settings.from_env({"GEMINI_BASE_URL": url, "GEMINI_API_KEY": KEY}).require("gemini")
        http = HttpConfig.model_validate({"transport": transport, "max_connections": None})
        settings = Settings(gemini=found.model_copy(update={"http": http}))
        services = await stack.enter_async_context(ServiceFactory(settings))

        async def read(number: int, begin: Callable[[], None]) -> None:
            async with services.gemini.stream(str(number)) as tokens:
                check([(await anext(tokens)).text], [number])
                begin()
                check([token.text async for token in tokens], [number])

        return read

    return opened


CANDIDATES = {
    PEER: google,
    "aiohttp, bytes only": bare_aiohttp,
    "**viber** over httpcore": viber("httpcore"),
    "**viber** over aiohttp": viber("aiohttp"),
}


def check(found: list[object], due: list[int]) -> None:
    if list(map(str, found)) != list(map(str, due)):
        raise AssertionError(f"a wrong answer: {found} instead of {due}")


class Crowd:
    """Streams that all wait for the same server."""

    def __init__(self, read: Read, count: int) -> None:
        self._read = read
        self._opening = asyncio.Semaphore(OPENING)
        self._missing = count
        self.is_there = asyncio.Event()
        self.tasks = [asyncio.create_task(self._one(number)) for number in range(count)]

    async def _one(self, number: int) -> None:
        await self._opening.acquire()
        with ExitStack() as beginning:
            beginning.callback(self._begin)  # also when it fails: the others must not wait for it
            await self._read(number, beginning.close)

    def _begin(self) -> None:
        self._opening.release()
        self._missing -= 1
        if not self._missing:
            self.is_there.set()


class Control:
    """Another connection to the server, to ask and to tell it."""

    @classmethod
    async def to(cls, port: int) -> "Control":
        control = cls()
        control._reader, control._writer = await asyncio.open_connection("127.0.0.1", port)
        return control

    async def say(self, path: str) -> int:
        self._writer.write(f"GET {path} HTTP/1.1\r\n\r\n".encode())
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = LENGTH.search(head)
        return json.loads(await self._reader.readexactly(int(length[1]) if length else 0))

    async def connections(self, due: int) -> int:
        """Those beside this one, as soon as they are so many, or else after a second."""
        for _ in range(100):
            if (found := await self.say("/connections") - 1) == due:
                break
            await asyncio.sleep(0.01)
        return found

    def close(self) -> None:
        self._writer.close()


async def measured(name: str, count: int) -> Finding:
    watch, idle = Watch(), Watch()
    with apart(str(Path(__file__).with_name("_patient.py"))) as port:
        control = await Control.to(port)
        async with AsyncExitStack() as stack:
            read = await CANDIDATES[name](stack, f"http://127.0.0.1:{port}")
            gc.collect()
            before = resident()
            watch.start()
            crowd = Crowd(read, count)
            await crowd.is_there.wait()
            watch.stop()
            gc.collect()
            held = resident() - before
            idle.start()
            await asyncio.sleep(1)
            idle.stop()
            leaving = set(crowd.tasks[::LEAVING])
            for task in leaving:
                task.cancel()
            await asyncio.wait(leaving)
            check([await control.connections(count - len(leaving))], [count - len(leaving)])
            watch.start()
            await control.say("/finish")
            ends = await asyncio.gather(*crowd.tasks, return_exceptions=True)
            watch.stop()
        left = await control.connections(0)
        control.close()
    lost = sum(end is not None for task, end in zip(crowd.tasks, ends, strict=True) if task not in leaving)
    one = watch.sample(count)
    return Finding(count, one.wall, one.cpu, held / count, idle.sample(1).cpu, lost, left)


def resident() -> int:
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def in_process(name: str, count: int) -> Finding:
    command = [sys.executable, __file__, "--one", name, str(count)]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return Finding(**json.loads(found.stdout))


def main(effort: Effort) -> None:
    allowed = allow_files() - SPARE_FILES
    count = min(round(STREAMS * effort.scale), allowed)
    if allowed < STREAMS:
        print(f"no more than {allowed:,} streams: the system allows no more open files")
    findings: dict[str, list[Finding]] = {name: [] for name in CANDIDATES}
    for _ in range(min(effort.rounds, ROUNDS)):
        for name in sample(list(findings), len(findings)):
            findings[name].append(in_process(name, count))
    rows = [Row(name, [Sample(one.wall, one.cpu) for one in found]) for name, found in findings.items()]
    sizes = [
        Sizes(
            title,
            {name: median(getattr(one, field) for one in found) for name, found in findings.items()},
            unit,
        )
        for title, field, unit in (
            ("A stream that waits", "held", "bytes"),
            ("A second of waiting, for all streams together", "idle", "ns of processor time"),
            ("Streams that were lost or wrong", "lost", "streams"),
            ("Connections that stay behind", "left", "connections"),
        )
    ]
    table = Table(f"{count:,} streams at once, each opened and read", PEER, count, rows)
    publish("many_streams", [table], packages=PACKAGES, effort=replace(effort, rounds=ROUNDS), sizes=sizes)
    ours = [one for name, found in findings.items() if "viber" in name for one in found]
    if any(one.lost or one.left for one in ours):
        raise AssertionError("a stream was lost, or a connection stayed behind")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        allow_files()
        print(json.dumps(asdict(asyncio.run(measured(sys.argv[2], int(sys.argv[3]))))))
    else:
        main(Effort.parse())
