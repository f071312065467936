"""The front of the command line: exit codes, and errors without a traceback."""

from importlib.metadata import version

import pytest

from viber.cli.__main__ import main
from viber.errors import ConfigurationError, ServerError
from viber.sandbox import SandboxError

KEYS = ("SUPABASE_URL", "SUPABASE_ANON_KEY", "SUPABASE_SERVICE_ROLE_KEY", "GEMINI_API_KEY", "GEMINI_BASE_URL")


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)


def test_missing_settings_are_exit_code_2_and_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing configured: every variable is named, on standard error."""
    assert main(["doctor"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "Traceback" not in told.err
    assert all(name in told.err for name in ("SUPABASE_URL", "SUPABASE_ANON_KEY", "GEMINI_API_KEY"))
    assert "one service is enough" in told.err


def test_malformed_settings_are_all_listed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two wrong variables are two lines."""
    monkeypatch.setenv("SUPABASE_URL", "nonsense")
    monkeypatch.setenv("SUPABASE_ANON_KEY", "key")
    monkeypatch.setenv("GEMINI_API_KEY", "key")
    monkeypatch.setenv("GEMINI_TIMEOUT", "never")
    assert main(["doctor"]) == 2
    told = capsys.readouterr().err
    assert "SUPABASE_URL" in told
    assert "GEMINI_TIMEOUT" in told


def test_no_command_shows_how_to_use_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a command argparse says what there is."""
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 2
    assert "usage: viber" in capsys.readouterr().err


def test_it_says_which_version_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """The version of the package that is installed."""
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.strip() == version("viber-integration")


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (ConfigurationError("not valid", problems=["GEMINI_API_KEY: not set"]), 2, "GEMINI_API_KEY: not set"),
        (ServerError("it is down", suggestion="look at its status page"), 1, "look at its status page"),
        (SandboxError("not installed: aiohttp"), 1, "not installed: aiohttp"),
        (KeyboardInterrupt(), 130, ""),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_command_that_fails_says_why(
    error: BaseException,
    code: int,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An error becomes its message and a suggestion on standard error, and an exit code."""

    def fail(_: object) -> int:
        raise error

    monkeypatch.setattr("viber.cli._doctor.run", fail)
    assert main(["doctor"]) == code
    assert told in capsys.readouterr().err
