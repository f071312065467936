"""`viber doctor`: what is there, what is not, and never a key."""

import json
import socket

import pytest

from viber.cli.__main__ import main
from viber.sandbox import Sandbox

pytestmark = pytest.mark.sandbox


@pytest.fixture
def environment(viber_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in viber_sandbox.environment().items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_all_is_well(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Both services answer: exit code 0, and how fast they were."""
    assert main(["doctor"]) == 0
    told = capsys.readouterr().out
    assert "supabase" in told
    assert "gemini" in told
    assert told.count("answered in") == 2


def test_a_wrong_key_is_told_and_not_shown(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A key that is not accepted: exit code 1, a reason, and no key in the output."""
    environment.setenv("GEMINI_API_KEY", "wrong-key-1234567890")
    environment.setenv("SUPABASE_ANON_KEY", "wrong-key-0987654321")
    assert main(["doctor", "--json"]) == 1
    told = capsys.readouterr()
    answer = json.loads(told.out)["services"]
    assert not answer["gemini"]["healthy"]
    assert not answer["supabase"]["healthy"]
    assert answer["gemini"]["suggestion"] == "check GEMINI_API_KEY"
    assert "wrong-key" not in told.out + told.err


def test_what_is_wrong_is_told_with_what_helps(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line a service: what it said, and what to do about it."""
    environment.setenv("GEMINI_API_KEY", "wrong-key-1234567890")
    assert main(["doctor"]) == 1
    assert "API key not valid: check GEMINI_API_KEY" in capsys.readouterr().out


def test_a_service_that_is_gone_is_told(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody listens at the address: exit code 1, with the address."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    environment.setenv("SUPABASE_URL", f"http://127.0.0.1:{port}")
    assert main(["doctor"]) == 1
    assert str(port) in capsys.readouterr().out


def test_one_service_is_enough(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A service that is not configured is said to be so, and is no failure."""
    environment.delenv("GEMINI_API_KEY")
    assert main(["doctor"]) == 0
    assert "not configured: set GEMINI_API_KEY" in capsys.readouterr().out
