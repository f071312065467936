"""Child processes that die with the supervisor, whatever kills it. Linux only."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
from asyncio.subprocess import Process
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from viber.sandbox._error import SandboxError

_PR_SET_PDEATHSIG: Final = 1
_LIBC = ctypes.CDLL(None, use_errno=True)
_TAIL: Final = 2_000  # characters of a log that an error quotes


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a child runs as: a user and group id, or a step taken in the child itself; by default as we are."""

    user: int | None = None
    enter: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """A program to run; ``environment`` is all it gets, ``death_signal`` what it hears when we die."""

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    cwd: Path
    log: Path
    death_signal: signal.Signals = signal.SIGKILL
    identity: Identity = Identity()


async def spawn(command: Command) -> Process:
    """Start a program; call it from the main thread only.

    The kernel ties the parent-death signal to the thread that forked. The child gets a process group of its
    own but stays in the supervisor's session: when the supervisor dies, the kernel then wakes a child that is
    stopped, which would otherwise sleep through its signal.
    """
    with command.log.open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *command.argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=command.cwd,
            env=dict(command.environment),
            process_group=0,
            preexec_fn=_before_exec(command, parent=os.getpid()),
            user=command.identity.user,
            group=command.identity.user,
            extra_groups=None if command.identity.user is None else [],
        )


async def run(command: Command, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - of the program
    """Run a program to its end.

    Raises:
        SandboxError: it failed, or ran longer than ``timeout`` seconds; the message ends with its log.
    """
    process = await spawn(command)
    try:
        async with asyncio.timeout(timeout):
            code = await process.wait()
    except TimeoutError:
        raise SandboxError(f"{_name(command)} took more than {timeout} s{quote_log(command.log)}") from None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    if code != 0:
        raise SandboxError(f"{_name(command)} ended with exit code {code}{quote_log(command.log)}")


def quote_log(log: Path) -> str:
    """Return the end of a log, for an error message; empty when there is nothing in it."""
    with suppress(OSError):
        text = log.read_text(errors="replace").strip()
        return f":\n{text[-_TAIL:]}" if text else ""
    return ""


def family(pid: int) -> list[int]:
    """Return a process and its children: PostgreSQL is one process per connection."""
    return [pid, *(child for child in _all_pids() if _parent_of(child) == pid)]


def _all_pids() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _parent_of(pid: int) -> int | None:
    with suppress(OSError, IndexError, ValueError):
        stat = Path(f"/proc/{pid}/stat").read_text()
        return int(stat.rpartition(")")[2].split()[1])
    return None


def _before_exec(command: Command, *, parent: int) -> Callable[[], None]:
    def prepare() -> None:  # pragma: no cover - in the child, before exec
        # A change of identity clears the death signal, so it comes first.
        if command.identity.enter is not None:
            command.identity.enter()
        _LIBC.prctl(_PR_SET_PDEATHSIG, command.death_signal.value)
        if os.getppid() != parent:  # the parent died before the signal was asked for
            os._exit(1)

    return prepare


def _name(command: Command) -> str:
    return Path(command.argv[0]).name
