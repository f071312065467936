"""``viber sandbox``: a local Supabase and Gemini until Ctrl-C, or for the length of one command."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from viber.cli._commands import Subparsers

if TYPE_CHECKING:
    from viber.sandbox import Sandbox

_NOT_FOUND: Final = 127  # what a shell says
_KILLED: Final = 128  # plus the signal's number, what a shell says


def add_parser(subparsers: Subparsers) -> None:
    """Add ``sandbox`` to the commands; its ``handler`` is `run`."""
    text = "start a local Supabase and Gemini; stop them with Ctrl-C"
    parser = subparsers.add_parser("sandbox", help=text, description=text)
    parser.add_argument("--json", action="store_true", help="print the variables as one line of JSON")
    parser.add_argument("command", nargs="*", help="a command to run inside, after --; its exit code is ours")
    parser.set_defaults(handler=run)


def run(arguments: Namespace) -> int:
    """Start the sandbox, serve until a signal or until the command ends, and stop it.

    The exit code is 0, or the command's own.

    Raises:
        SandboxError: it cannot start.
    """
    from viber.sandbox import Sandbox

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # both signals leave through the same door
    try:
        with Sandbox() as sandbox:
            return _serve(sandbox, command=arguments.command, as_json=arguments.json)
    except KeyboardInterrupt:
        return 0


def format_environment(variables: Mapping[str, str], *, as_json: bool = False) -> str:
    """Return variables as lines for a shell to evaluate, or as one line of JSON.

    Example:
        >>> format_environment({"SUPABASE_URL": "http://127.0.0.1:4000"})
        'export SUPABASE_URL=http://127.0.0.1:4000'
    """
    if as_json:
        return json.dumps(dict(variables))
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())


def _serve(sandbox: Sandbox, *, command: Sequence[str], as_json: bool) -> int:
    if command:
        return _run_command(command, environment={**os.environ, **sandbox.environment()})
    print(format_environment(sandbox.environment(), as_json=as_json), flush=True)
    while True:
        signal.pause()


class _Leash:
    """Hands SIGTERM on to a command, also one that arrives while the command is being started."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._pulled = False

    def attach(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._hand_on()

    def pull(self, _number: int, _frame: object) -> None:
        self._pulled = True
        self._hand_on()

    def _hand_on(self) -> None:
        if self._pulled and self._process is not None:
            self._process.terminate()


def _run_command(command: Sequence[str], *, environment: Mapping[str, str]) -> int:
    leash = _Leash()
    signal.signal(signal.SIGTERM, leash.pull)
    signal.signal(signal.SIGINT, _leave_alone)
    try:
        process = subprocess.Popen(command, env=environment)  # noqa: S603 - what the user asked for
    except OSError as error:
        print(f"viber: {command[0]}: {error.strerror}", file=sys.stderr)
        return _NOT_FOUND
    leash.attach(process)
    code = process.wait()
    return code if code >= 0 else _KILLED - code


def _leave_alone(_number: int, _frame: object) -> None:
    """Ctrl-C reaches the command by itself, and what it means is for the command to say."""
