"""How Gemini is reached."""

from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    field_validator,
    model_validator,
)

from viber.services._config import ServiceConfig, fault_of_address, fault_of_key
from viber.services.gemini.access._access import TokenSource
from viber.services.gemini.access._vertex import Vertex
from viber.services.gemini.limits._budget import Budget
from viber.services.gemini.limits._limits import ModelLimits
from viber.services.gemini.limits._prices import PriceTable


class GeminiConfig(ServiceConfig):
    """Where Gemini is, the key to it, and how patient to be; durations in seconds, None is no limit.

    Raises:
        ConfigurationError: a value is refused; it lists each, and shows none.

    Example:
        >>> config = GeminiConfig(api_key="AIza-example", model="gemini-flash-latest")
        >>> config.api_key
        SecretStr('**********')
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(arbitrary_types_allowed=True)
    api_key: SecretStr = SecretStr("")
    """Sent in a header, never in a URL; needed unless there is a source of tokens."""
    token: TokenSource | None = None
    """Fetches the access tokens that are sent in place of a key: see `AccessToken`."""
    vertex: Vertex | None = None
    """Gemini on Vertex AI: sets `base_url`, `api_version` (`v1beta1`) and `project` unless they are given."""
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
    limits: tuple[ModelLimits, ...] = ()
    """What each model allows; a call that would break a limit waits its turn."""
    prices: PriceTable | None = None
    """What tokens cost; without it every cost is unknown."""
    budget: Budget | None = None
    """What all calls together may take; a call that does not fit is refused."""
    project: str = ""
    """Whose limits they are: services of one base URL and project share them, whatever their keys."""
    repeat_generation: bool = True
    """Whether a generation may be repeated after a failure: the first may be billed too."""

    @model_validator(mode="before")
    @classmethod
    def _is_on_vertex(cls, fields: Any) -> Any:
        vertex = fields.get("vertex")
        if not isinstance(vertex, Vertex):
            return fields
        place = {"base_url": vertex.base_url, "api_version": "v1beta1", "project": vertex.path}
        return place | fields

    @model_validator(mode="after")
    def _can_sign(self) -> Self:
        if self.token is None and not self.api_key.get_secret_value():
            raise ValueError("api_key: empty: look at GEMINI_API_KEY")
        return self

    @field_validator("api_key")
    @classmethod
    def _can_be_sent(cls, key: SecretStr) -> SecretStr:
        if key.get_secret_value() and (fault := fault_of_key(key.get_secret_value())):
            raise ValueError(f"{fault}: look at GEMINI_API_KEY")
        return key

    @field_validator("base_url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        if fault := fault_of_address(url):
            raise ValueError(f"{fault}: look at GEMINI_BASE_URL")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _names_the_version_once(self) -> Self:
        if self.base_url.endswith(f"/{self.api_version}"):
            raise ValueError("base_url: ends with the version, which api_version adds: leave it out")
        return self

    @model_validator(mode="after")
    def _has_one_kind_of_limits(self) -> Self:
        if self.limits and self.rate_limits:
            raise ValueError("set limits, each model's own, or rate_limits, all models' together")
        return self
