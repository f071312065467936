"""How Gemini is reached."""

from typing import Annotated

from pydantic import Field, PositiveFloat, PositiveInt, SecretStr, field_validator

from viber.services._config import ServiceConfig, fault_of_address, fault_of_key


class GeminiConfig(ServiceConfig):
    """Where Gemini is, the key to it, and how patient to be; durations in seconds, None is no limit.

    Raises:
        ConfigurationError: a value is refused; it lists each, and shows none.

    Example:
        >>> config = GeminiConfig(api_key="AIza-example", model="gemini-flash-latest")
        >>> config.api_key
        SecretStr('**********')
    """

    api_key: SecretStr
    """Sent in a header, never in a URL."""
    model: Annotated[str, Field(min_length=1)] = "gemini-flash-latest"
    """What answers when a call names no model."""
    embedding_model: Annotated[str, Field(min_length=1)] = "gemini-embedding-001"
    """What embeds when a call names no model."""
    base_url: str = "https://generativelanguage.googleapis.com"
    api_version: Annotated[str, Field(pattern=r"^v[0-9][0-9a-z]*$")] = "v1beta"
    timeout: PositiveFloat | None = 60.0
    """Bounds each attempt; of a stream, the time to its first event."""
    total_timeout: PositiveFloat | None = 180.0
    """Bounds the whole call with its waits; of a stream, the time to its first event."""
    first_event_timeout: PositiveFloat | None = None
    """Bounds the time to the first event of a stream in place of `timeout`; None leaves it to `timeout`."""
    idle_timeout: PositiveFloat | None = 60.0
    """The longest silence of a stream between two pieces."""
    max_continuations: Annotated[int, Field(ge=0)] = 8
    """How often an answer that asks to be continued is."""
    max_request_bytes: PositiveInt = 20 * 1024 * 1024
    """A larger request is refused before it is sent."""
    repeat_generation: bool = True
    """Whether a generation may be repeated after a failure: the first may be billed too."""

    @field_validator("api_key")
    @classmethod
    def _can_be_sent(cls, key: SecretStr) -> SecretStr:
        if fault := fault_of_key(key.get_secret_value()):
            raise ValueError(f"{fault}: look at GEMINI_API_KEY")
        return key

    @field_validator("base_url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        if fault := fault_of_address(url):
            raise ValueError(f"{fault}: look at GEMINI_BASE_URL")
        return url.rstrip("/")
