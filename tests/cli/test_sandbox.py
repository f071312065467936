from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from viber.cli._sandbox import add_parser, format_environment, run

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start ``viber sandbox`` with a folder for temporary files of its own."""
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            (sys.executable, "-m", "viber.cli", "sandbox", *arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": str(tmp_path)},
            start_new_session=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # a command inside would keep the pipes open
        process.communicate()


def parse(*arguments: str) -> tuple[bool, list[str]]:
    parser = ArgumentParser()
    add_parser(parser.add_subparsers())
    chosen = parser.parse_args(["sandbox", *arguments])
    assert chosen.handler is run
    return chosen.json, chosen.command


def test_a_command_stands_behind_two_dashes() -> None:
    """What follows ``--`` belongs to the command, options included."""
    assert parse() == (False, [])
    assert parse("--json") == (True, [])
    assert parse("--", "pytest", "-x", "--json") == (False, ["pytest", "-x", "--json"])


def test_variables_survive_a_shell() -> None:
    """The lines can be evaluated whatever a value holds."""
    lines = format_environment({"A": "it's $HOME", "B": "plain"})
    shell = subprocess.run(
        ("sh", "-c", f'{lines}\nprintf %s "$A|$B"'), capture_output=True, text=True, check=True
    )
    assert shell.stdout == "it's $HOME|plain"


def test_variables_as_json() -> None:
    """``--json`` is one line that a program reads."""
    assert json.loads(format_environment({"A": "1"}, as_json=True)) == {"A": "1"}


@pytest.mark.sandbox
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_a_signal(start: Start, tmp_path: Path, sent: signal.Signals) -> None:
    """The variables are printed once it answers; Ctrl-C and SIGTERM end it with 0 and leave nothing."""
    process = start()
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(5)]
    variables = dict(shlex.split(line)[1].split("=", 1) for line in lines)
    url, headers = variables["SUPABASE_URL"], {"apikey": variables["SUPABASE_ANON_KEY"]}
    assert httpx.get(f"{url}/rest/v1/rpc/add?a=1&b=2", headers=headers).json() == 3
    process.send_signal(sent)
    output, errors = process.communicate(timeout=30)
    assert (process.returncode, output, errors) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.sandbox
def test_a_command_runs_inside(start: Start, tmp_path: Path) -> None:
    """It finds the variables, its output is ours, and so is its exit code."""
    process = start(
        "--", sys.executable, "-c", "import os, sys; print(os.environ['GEMINI_BASE_URL']); sys.exit(7)"
    )
    output, errors = process.communicate(timeout=30)
    assert output.startswith("http://127.0.0.1:")
    assert (process.returncode, errors) == (7, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.sandbox
def test_sigterm_ends_the_command_too(start: Start, tmp_path: Path) -> None:
    """The signal is handed on, and the exit code is the one a shell would give."""
    process = start("--", "sh", "-c", "echo here; exec sleep 600")
    assert process.stdout is not None
    assert process.stdout.readline() == "here\n"
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


@pytest.mark.sandbox
def test_a_command_that_is_not_there(start: Start) -> None:
    """127 and one line, as a shell says it."""
    process = start("--", "no-such-command")
    output, errors = process.communicate(timeout=30)
    assert (process.returncode, output) == (127, "")
    assert errors == "viber: no-such-command: No such file or directory\n"


def test_a_sandbox_that_cannot_start_is_one_message(
    start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Exit code 1, and what the supervisor said."""
    (tmp_path / "aiohttp.py").write_text("raise ImportError('broken')\n")
    (tmp_path / "platformdirs.py").write_text("raise ImportError('broken')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    process = start()
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert errors.startswith("viber: the supervisor ended before it was ready")
