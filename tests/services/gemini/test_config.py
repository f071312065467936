import pytest
from pydantic import SecretStr

from viber.errors import ConfigurationError
from viber.services.gemini import GeminiConfig


@pytest.mark.parametrize(
    "key", ["", "two words", "key\r\nx-evil: 1", "key\n", "ключ", "key\x00", "tab\tkey"], ids=repr
)
def test_a_key_that_no_header_can_carry_is_refused(key: str) -> None:
    """It names the variable to set, and never the key."""
    with pytest.raises(ConfigurationError, match="GEMINI_API_KEY") as caught:
        GeminiConfig(api_key=SecretStr(key))
    assert not key or key not in str(caught.value)


def test_a_key_is_demanded() -> None:
    """Without a key there is no configuration."""
    with pytest.raises(ConfigurationError, match="api_key"):
        GeminiConfig()


@pytest.mark.parametrize(
    "url", ["", "example.com", "ftp://host", "https://user:pw@host", "https://host?key=1"]
)
def test_a_base_url_is_scheme_host_and_path(url: str) -> None:
    """Anything else in it would leak or be lost."""
    with pytest.raises(ConfigurationError, match="GEMINI_BASE_URL"):
        GeminiConfig(api_key=SecretStr("k"), base_url=url)


@pytest.mark.parametrize("url", ["https://host/v1beta", "https://host/v1beta/"])
def test_a_base_url_holds_no_version(url: str) -> None:
    """It would be in each URL twice, which a server answers with a bare 404."""
    with pytest.raises(ConfigurationError, match="api_version adds"):
        GeminiConfig(api_key=SecretStr("k"), base_url=url)
    assert GeminiConfig(api_key=SecretStr("k"), base_url=url, api_version="v1").api_version == "v1"


def test_the_key_is_never_shown() -> None:
    """Neither repr nor str of a configuration holds the key."""
    config = GeminiConfig(api_key=SecretStr("AIza-secret"), base_url="http://localhost:8080/")
    assert "AIza-secret" not in f"{config!r} {config}"
    assert config.base_url == "http://localhost:8080"


@pytest.mark.parametrize(
    "field",
    [
        {"max_continuations": -1},
        {"timeout": 0},
        {"idle_timeout": -1},
        {"model": ""},
        {"api_version": "../v1"},
    ],
)
def test_what_is_out_of_range_is_refused(field: dict[str, object]) -> None:
    """Each field says what it takes, and is refused by name."""
    with pytest.raises(ConfigurationError, match=next(iter(field))):
        GeminiConfig(**{"api_key": "k", **field})


def test_an_unknown_setting_is_refused() -> None:
    """A typo is never a setting that does nothing."""
    with pytest.raises(ConfigurationError, match="modell"):
        GeminiConfig(api_key=SecretStr("k"), modell="x")  # type: ignore[call-arg]  # the mistake itself
