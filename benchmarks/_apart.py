"""A server of a benchmark in a process of its own, so that only the client is measured."""

import asyncio
import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def apart(script: str, *arguments: object) -> Iterator[int]:
    """Run a script of this folder, which hears `arguments` and says its port; it ends with the block."""
    with subprocess.Popen([sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        if process.stdin is None or process.stdout is None:
            raise TypeError(process)
        pickle.dump(arguments, process.stdin)
        process.stdin.flush()
        yield int(process.stdout.readline())


def arguments() -> Any:
    """In the script: what it was given."""
    return pickle.load(sys.stdin.buffer)


async def serve(server: asyncio.Server) -> None:
    """In the script: say the port, and serve until the benchmark is done with it or dies."""
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.buffer.read)
