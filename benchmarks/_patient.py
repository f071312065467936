"""A server that begins any number of streams at once, and ends none of them before it is told to."""

import asyncio
import json
import re
import resource

from _apart import serve
from _canned import LAST_CHUNK, STREAM_HEAD, Speaker, chunk, whole

NUMBER = re.compile(rb'"text": *"(\d+)"')
BACKLOG = 4096


class Patient(Speaker):
    """Answers a prompt that is a number with that number, and later with the same again."""

    connections = 0
    held: "dict[Patient, bytes]" = {}  # noqa: RUF012 - what all connections share

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        Patient.connections += 1

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - however it went
        Patient.connections -= 1
        self.held.pop(self, None)

    def answer(self, path: bytes, request: bytes) -> None:
        if path == b"/finish":
            self.finish()
        elif path == b"/connections":
            self.write(whole(json.dumps(Patient.connections).encode()))
        elif number := NUMBER.search(request):
            self.held[self] = number[1]
            self.write(STREAM_HEAD + chunk(event(number[1])))

    def finish(self) -> None:
        for stream, number in self.held.items():
            stream.write(chunk(event(number, "STOP")) + LAST_CHUNK)
        self.write(whole(json.dumps(len(self.held)).encode()))
        self.held.clear()


def event(number: bytes, finish: str | None = None) -> bytes:
    candidate = {"content": {"parts": [{"text": number.decode()}], "role": "model"}, "index": 0}
    said = {"candidates": [candidate | ({"finishReason": finish} if finish else {})]}
    return b"data: %b\r\n\r\n" % json.dumps(said).encode()


def allow_files() -> int:
    """Let this process open as many files as it may, and say how many."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


async def main() -> None:
    allow_files()
    await serve(await asyncio.get_running_loop().create_server(Patient, "127.0.0.1", 0, backlog=BACKLOG))


if __name__ == "__main__":
    asyncio.run(main())
