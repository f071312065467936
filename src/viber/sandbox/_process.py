"""One real process under control: started, stopped, killed, frozen and thawed."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import StrEnum
from typing import Final

from viber.sandbox._child import Command, family, quote_log, spawn
from viber.sandbox._error import SandboxError

_READY_SECONDS: Final = 15.0
_STOP_SECONDS: Final = 3.0
_POLL_SECONDS: Final = 0.01


class ProcessState(StrEnum):
    """What a process is doing."""

    RUNNING = "running"
    FROZEN = "frozen"
    STOPPED = "stopped"


class ManagedProcess:
    """A server process that can be treated badly and started again at the same address.

    ``is_ready`` is asked, with the process id, until it says yes; ``stop_signal`` asks for an orderly end;
    what it ``needs`` has to run when it starts.
    """

    def __init__(
        self,
        name: str,
        command: Command,
        *,
        stop_signal: signal.Signals,
        is_ready: Callable[[int], Awaitable[bool]],
        needs: ManagedProcess | None = None,
    ) -> None:
        self.name = name
        self._command = command
        self._stop_signal = stop_signal
        self._is_ready = is_ready
        self._needs = needs
        self._process: Process | None = None
        self._frozen = False
        self._lock = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    @property
    def state(self) -> ProcessState:
        if self._process is None or self._process.returncode is not None:
            return ProcessState.STOPPED
        return ProcessState.FROZEN if self._frozen else ProcessState.RUNNING

    async def start(self) -> None:
        """Start it if it is stopped and wait until it answers (``SandboxError`` if it does not)."""
        async with self._lock:
            await self._start()

    async def stop(self) -> None:
        """End it in an orderly way, frozen or not."""
        async with self._lock:
            await self._end(self._stop_signal)

    async def kill(self) -> None:
        """End it with SIGKILL, its children too."""
        async with self._lock:
            await self._end(signal.SIGKILL)

    async def restart(self) -> None:
        """Stop it and start it again."""
        async with self._lock:
            self._check_needs()
            await self._end(self._stop_signal)
            await self._start()

    async def freeze(self) -> None:
        """Stop the time of it and of its children: connections stay open, nothing answers."""
        async with self._lock:
            if self.state is ProcessState.RUNNING:
                self._signal(signal.SIGSTOP)
                self._frozen = True

    async def thaw(self) -> None:
        """Let a frozen process go on."""
        async with self._lock:
            self._thaw()

    async def _start(self) -> None:
        if self.state is not ProcessState.STOPPED:
            return
        self._check_needs()
        self._frozen = False
        self._process = process = await spawn(self._command)
        try:
            async with asyncio.timeout(_READY_SECONDS):
                # A poll: neither program says aloud that it is ready.
                while process.returncode is None and not await self._is_ready(process.pid):  # noqa: ASYNC110
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            await self._end(signal.SIGKILL)
        if process.returncode is not None:
            raise SandboxError(f"{self.name} did not start{quote_log(self._command.log)}")

    def _check_needs(self) -> None:
        if self._needs is not None and self._needs.state is not ProcessState.RUNNING:
            raise SandboxError(f"{self.name} needs {self._needs.name}, which is {self._needs.state}")

    async def _end(self, how: signal.Signals) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        if how is signal.SIGKILL:
            self._signal(how)
        else:
            self._thaw()
            self._send(process.pid, how)
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await process.wait()

    def _thaw(self) -> None:
        if self.state is ProcessState.FROZEN:
            self._signal(signal.SIGCONT)
            self._frozen = False

    def _signal(self, what: signal.Signals) -> None:
        if self._process is not None:
            for pid in family(self._process.pid):
                self._send(pid, what)

    def _send(self, pid: int, what: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, what)
