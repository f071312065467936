"""The owner's end of the supervisor process."""

from __future__ import annotations

import selectors
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, Final

from viber.sandbox._error import SandboxError
from viber.sandbox._report import Report, read_report
from viber.sandbox._workdir import remove_workdir

# The supervisor needs none of the library, whose front door alone takes longer to import than PostgreSQL to
# start: the two packages above it are put in place without running them.
_SUPERVISE: Final = """
import sys, types
for name, folder in zip(("viber", "viber.sandbox"), sys.argv[1:]):
    package = sys.modules[name] = types.ModuleType(name)
    package.__path__ = [folder]
from viber.sandbox._supervisor import main
main()
"""
_STOP_SECONDS: Final = 10.0
_TAIL: Final = 4_000  # bytes of what a supervisor wrote before it died


class Supervisor:
    """A supervisor process, alive from its creation until `end`, or until this process is gone."""

    def __init__(self) -> None:
        self._report: Report | None = None
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - end() closes it
        try:
            self._process = _spawn(complaints=self._complaints)
        except OSError as error:
            self._complaints.close()
            raise SandboxError(f"the supervisor cannot be started: {error}") from error

    @property
    def pid(self) -> int:
        return self._process.pid

    def await_report(self, *, timeout: float | None) -> Report:
        """Wait until the sandbox is ready, at most ``timeout`` seconds.

        Raises:
            SandboxError: it did not become ready; the message says why, with the end of the log that knows.
        """
        line = self._read_line(timeout=timeout)
        if not line:
            raise SandboxError(f"the supervisor ended before it was ready:\n{self._last_words()}")
        self._report = read_report(line.decode())
        return self._report

    def end(self) -> None:
        """Let it stop everything, and make sure that it did."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._complaints.close()
        self._clear_up()

    def _read_line(self, *, timeout: float | None) -> bytes:
        if self._process.stdout is None:
            return b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            if not selector.select(timeout):
                raise SandboxError(f"the sandbox was not ready after {timeout} s")
        return self._process.stdout.readline()

    def _last_words(self) -> str:
        self._process.wait(_STOP_SECONDS)
        self._complaints.seek(0)
        return self._complaints.read()[-_TAIL:].decode(errors="replace").strip()

    def _clear_up(self) -> None:
        # A supervisor that was killed had no time to; otherwise the next sandbox would sweep the folder.
        if self._report is not None and Path(self._report.workdir).exists():
            remove_workdir(Path(self._report.workdir))


def _spawn(*, complaints: IO[bytes]) -> subprocess.Popen[bytes]:
    here = Path(__file__).parent
    return subprocess.Popen(
        # -P: a file in the current folder must not pass for a module of ours.
        (sys.executable, "-P", "-c", _SUPERVISE, str(here.parent), str(here)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=complaints,
        start_new_session=True,  # Ctrl-C reaches the owner, who decides
    )
