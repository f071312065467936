"""A streamed answer, from the call to each event's text, beside Google's own client and bare transports.

Then the time to its first event, and the decoder of server-sent events alone, beside those of other clients.
"""

import asyncio
import gc
import json
import warnings
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from statistics import median

from _canned import canned, streamed
from _harness import Candidate, Effort, Run, Sample, Table, Watch, compare, middle
from _report import Sizes, publish
from _stories import Story
from peers.decoders import DECODERS, Chunks, Decode
from peers.streams import (
    BODY,
    FIELDS,
    KEY,
    Client,
    bare_aiohttp,
    bare_httpx,
    google_over_aiohttp,
    google_over_httpx,
)

from viber import ServiceFactory, Settings
from viber.http import HttpConfig, Request, create_transport
from viber.machines import SseDecoder

PACKAGES = ["google-genai", "openai", "anthropic", "httpx-sse", "httpx", "httpcore", "aiohttp", "pydantic"]
STORIES = {Story("small", 1000, 300): 5000, Story("large", 50, 20_000): 500}
"""With the number of events that are read in a round."""
SINGLE = Story("single", 1, 300)
THINKING = 0.05
"""Seconds until a slow server answers; a model takes longer."""
PEER, TRANSPORT, VIBER = "google-genai", "viber's transport alone, bytes only", "**viber**"
OVER = {"httpx": "httpcore", "aiohttp": "aiohttp"}
"""The HTTP libraries, and what viber's transport on the same protocol code is called."""


def config(library: str) -> HttpConfig:
    return HttpConfig.model_validate({"transport": OVER[library]})


async def pool(stack: AsyncExitStack, url: str, library: str) -> Client:
    """The transport alone."""
    transport = create_transport(config(library), url)
    stack.push_async_callback(transport.aclose)
    fields, body = (*FIELDS.items(), ("content-type", "application/json")), json.dumps(BODY).encode()

    async def read(story: Story, first: Watch) -> int:
        answer = await transport.open(Request("POST", f"{url}{story.path}?alt=sse", fields, body))
        size = len(await answer.read())
        first.stop()
        while piece := await answer.read():
            size += len(piece)
        return size

    return Client(read, is_bare=True)


async def viber(stack: AsyncExitStack, url: str, library: str) -> Client:
    found = Settings.from_env({"GEMINI_BASE_URL": url, "GEMINI_API_KEY": KEY}).require("gemini")
    settings = Settings(gemini=found.model_copy(update={"http": config(library)}))
    services = await stack.enter_async_context(ServiceFactory(settings))

    async def read(story: Story, first: Watch) -> int:
        async with services.gemini.stream("Tell", model=story.model) as tokens:
            letters = len((await anext(tokens)).text)
            first.stop()
            async for token in tokens:
                letters += len(token.text)
        return letters

    return Client(read)


async def clients(stack: AsyncExitStack, url: str, library: str) -> dict[str, Client]:
    """Everybody who speaks through this HTTP library; the peer is the first."""
    if library == "httpx":
        google, bare = await google_over_httpx(stack, url), await bare_httpx(stack, url)
    else:
        google, bare = await google_over_aiohttp(stack, url), await bare_aiohttp(stack, url)
    return {
        PEER: google,
        f"{library}, bytes only": bare,
        TRANSPORT: await pool(stack, url, library),
        VIBER: await viber(stack, url, library),
    }


def repeated(client: Client, story: Story) -> Run:
    """An operation is an event."""
    due = client.due(story)

    async def run(count: int) -> None:
        watch = Watch()
        for _ in range(max(1, count // story.events)):
            if await client.read(story, watch) != due:
                raise AssertionError("a wrong answer")

    return run


def to_first_event(client: Client) -> Run:
    """An operation is a stream; the clock stops at its first event."""
    due = client.due(SINGLE)

    async def run(count: int) -> Sample:
        watch = Watch()
        for _ in range(count):
            watch.start()
            if await client.read(SINGLE, watch) != due:
                raise AssertionError("a wrong answer")
        return watch.sample(count)

    return run


async def end_to_end(effort: Effort) -> list[Table]:
    answers = {story.path: streamed(story.pieces) for story in STORIES}
    async with AsyncExitStack() as stack:
        url = stack.enter_context(canned(answers))
        everybody = {library: await clients(stack, url, library) for library in OVER}
        return [
            await compare(
                f"{story.title} over {library}, per event",
                [Candidate(name, repeated(client, story)) for name, client in found.items()],
                yardstick=PEER,
                operations=operations,
                effort=effort,
            )
            for story, operations in STORIES.items()
            for library, found in everybody.items()
        ]


async def first_events(effort: Effort) -> tuple[list[Table], Sizes]:
    tables: list[Table] = []
    for thinking in (0.0, THINKING):
        server = f"after {thinking * 1000:.0f} ms" if thinking else "at once"
        async with AsyncExitStack() as stack:
            url = stack.enter_context(canned({SINGLE.path: streamed(SINGLE.pieces)}, thinking=thinking))
            for library in OVER:
                found = await clients(stack, url, library)
                tables.append(
                    await compare(
                        f"Time to the first event over {library}, from a server that answers {server}",
                        [Candidate(name, to_first_event(client)) for name, client in found.items()],
                        yardstick=TRANSPORT,
                        operations=20 if thinking else 200,
                        effort=effort,
                    )
                )
    return tables, Sizes(
        "Time on the wall to viber's first event",
        {table.title: 100 * waited(table) for table in tables},
        unit="% of the transport's own",
    )


def waited(table: Table) -> float:
    """Median over the rounds."""
    rows = {row.name: row for row in table.rows}
    return median(rows[VIBER].ratios(rows[TRANSPORT], "wall"))


def by_viber(chunks: Chunks) -> Iterator[bytes]:
    decoder = SseDecoder()
    for chunk in chunks:
        for event in decoder.feed(chunk):
            yield event.data


def by_viber_as_text(chunks: Chunks) -> Iterator[str]:
    return (data.decode("utf-8", "replace") for data in by_viber(chunks))


def decoded(decode: Decode, chunks: Sequence[bytes], events: int) -> Run:
    """An operation is an event; how many came, and how long they are, is checked."""
    size = sum(map(len, chunks)) - events * len(b"data: \r\n\r\n")

    async def run(count: int) -> None:
        for _ in range(max(1, count // events)):
            found = [len(data) for data in decode(chunks)]
            if (len(found), sum(found)) != (events, size):
                raise AssertionError("a wrong answer")

    return run


def cut(stream: bytes, size: int) -> list[bytes]:
    return [stream[at : at + size] for at in range(0, len(stream), size)]


async def decoders(effort: Effort) -> tuple[list[Table], Sizes]:
    bytes(30_000_000)  # once freed, malloc keeps as much for itself, and no page of it is fetched anew
    small, large = Story("small", 2000, 300), Story("large", 200, 20_000)
    two, four = Story("huge", 1, 2_000_000), Story("huge", 1, 4_000_000)
    works = {
        "pieces of one event": (small, small.pieces, 4000),
        "pieces of 64 kB": (small, cut(b"".join(small.pieces), 65_536), 4000),
        "pieces of 64 bytes": (small, cut(b"".join(small.pieces), 64), 2000),
        "pieces of 64 kB ": (large, cut(b"".join(large.pieces), 65_536), 400),
        "pieces of 1 kB": (two, cut(two.event(0), 1000), 4),
        "pieces of 1 kB ": (four, cut(four.event(0), 1000), 4),
    }
    everybody = {VIBER: by_viber, "**viber**, as text": by_viber_as_text, **DECODERS}
    tables = [
        await compare(
            f"The decoder alone: {story.title} in {title.strip()}",
            [Candidate(name, decoded(decode, chunks, story.events)) for name, decode in everybody.items()],
            yardstick=VIBER,
            operations=operations,
            effort=effort,
        )
        for title, (story, chunks, operations) in works.items()
    ]
    twice = zip(tables[-1].rows, tables[-2].rows, strict=True)
    growth = {large.name: 100 * middle(large, "cpu")[1] / middle(small, "cpu")[1] for large, small in twice}
    return tables, Sizes(
        "4 MB in one event, fastest rounds: linear is twice 2 MB", growth, unit="% of the time of 2 MB"
    )


async def main(effort: Effort) -> None:
    warnings.simplefilter("ignore", DeprecationWarning)  # the peer's own
    gc.freeze()  # the modules of so many clients are no garbage, and looking at them takes long
    whole = await end_to_end(effort)
    first, waits = await first_events(effort)
    alone, growth = await decoders(effort)
    publish("stream", [*whole, *first, *alone], packages=PACKAGES, effort=effort, sizes=[waits, growth])


if __name__ == "__main__":
    asyncio.run(main(Effort.parse()))
