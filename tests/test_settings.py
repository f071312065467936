"""Settings from the environment."""

import pytest

from viber import ConfigurationError, Settings
from viber.settings import BREAKER, GEMINI, NEEDED, RETRY, SUPABASE

BOTH = {
    "SUPABASE_URL": "https://project.example.com",
    "SUPABASE_ANON_KEY": "anon-key",
    "GEMINI_API_KEY": "gemini-key",
}
VALUES = {
    "SUPABASE_URL": "https://other.example.com",
    "SUPABASE_ANON_KEY": "another-key",
    "SUPABASE_SERVICE_ROLE_KEY": "service-key",
    "SUPABASE_SCHEMA": "shop",
    "SUPABASE_TIMEOUT": "3.5",
    "SUPABASE_TOTAL_TIMEOUT": "7",
    "GEMINI_API_KEY": "third-key",
    "GEMINI_MODEL": "gemini-other",
    "GEMINI_BASE_URL": "http://127.0.0.1:9",
    "GEMINI_API_VERSION": "v1alpha",
    "GEMINI_TIMEOUT": "4",
    "GEMINI_TOTAL_TIMEOUT": "8",
    "RETRY_MAX_ATTEMPTS": "7",
    "RETRY_INITIAL_DELAY": "0.25",
    "RETRY_MAX_DELAY": "9",
    "CIRCUIT_BREAKER_FAILURE_THRESHOLD": "9",
    "CIRCUIT_BREAKER_RESET_TIMEOUT": "11",
    "CIRCUIT_BREAKER_HALF_OPEN_MAX_CALLS": "2",
    "CIRCUIT_BREAKER_MONITOR_WINDOW": "13",
}


def test_both_services_are_read() -> None:
    """What is set becomes the configuration of its service."""
    settings = Settings.from_env(BOTH)
    assert settings.require("supabase").url == "https://project.example.com"
    assert settings.require("gemini").api_key.get_secret_value() == "gemini-key"


@pytest.mark.parametrize("variable", [*SUPABASE, *GEMINI, *RETRY, *BREAKER])
def test_every_variable_is_read(variable: str) -> None:
    """Each documented variable changes the settings."""
    changed = Settings.from_env({**BOTH, variable: VALUES[variable]})
    assert changed != Settings.from_env(BOTH)


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a mapping the environment of the process is read."""
    for name, value in BOTH.items():
        monkeypatch.setenv(name, value)
    assert Settings.from_env().gemini is not None


def test_a_service_that_is_not_configured_is_missed_when_it_is_used() -> None:
    """Reading an empty environment is fine; using a service then names every variable to set."""
    settings = Settings.from_env({})
    with pytest.raises(ConfigurationError) as caught:
        settings.require("supabase")
    assert caught.value.problems == ("SUPABASE_URL: not set", "SUPABASE_ANON_KEY: not set")


def test_only_what_is_missing_is_named() -> None:
    """A half-configured service asks for its other half alone."""
    settings = Settings.from_env({"SUPABASE_URL": "https://project.example.com"})
    with pytest.raises(ConfigurationError) as caught:
        settings.require("supabase")
    assert caught.value.problems == ("SUPABASE_ANON_KEY: not set",)


def test_an_empty_variable_counts_as_absent() -> None:
    """`GEMINI_API_KEY=` in a file of variables is not a key."""
    assert Settings.from_env({**BOTH, "GEMINI_API_KEY": ""}).gemini is None


def test_every_malformed_variable_is_listed_at_once() -> None:
    """One error lists every problem under the name of its variable."""
    wrong = {
        "SUPABASE_URL": "project.example.com",
        "SUPABASE_TIMEOUT": "soon",
        "RETRY_MAX_ATTEMPTS": "0",
        "CIRCUIT_BREAKER_RESET_TIMEOUT": "-1",
        "GEMINI_TIMEOUT": "nan",
    }
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_env({**BOTH, **wrong})
    assert sorted(problem.partition(":")[0] for problem in caught.value.problems) == sorted(wrong)


def test_a_variable_is_named_once() -> None:
    """Where a configuration itself points at the variable, the environment need not say so again."""
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_env({**BOTH, "SUPABASE_URL": "project.example.com"})
    assert caught.value.problems == ("SUPABASE_URL: not a URL that begins with http:// or https://",)


def test_a_problem_never_shows_the_value() -> None:
    """A key pasted into the wrong variable does not end up in a log."""
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_env({**BOTH, "SUPABASE_TIMEOUT": "sb_secret_1234567890"})
    assert "sb_secret_1234567890" not in f"{caught.value}{caught.value!r}{caught.value.__context__}"


def test_no_limit_has_to_be_said() -> None:
    """The word none takes a limit away."""
    assert Settings.from_env({**BOTH, "GEMINI_TOTAL_TIMEOUT": "none"}).require("gemini").total_timeout is None


def test_settings_show_no_key() -> None:
    """A repr of the settings can be logged."""
    shown = repr(Settings.from_env({**BOTH, "SUPABASE_SERVICE_ROLE_KEY": "service-key"}))
    assert not any(key in shown for key in ("anon-key", "gemini-key", "service-key"))


def test_what_is_needed_can_be_set() -> None:
    """Every variable that is demanded is one that is read."""
    assert {name for names in NEEDED.values() for name in names} <= {*SUPABASE, *GEMINI}
