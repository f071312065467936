"""How connections are made and kept."""

from typing import Annotated, Literal, Self

from pydantic import Field, FilePath, model_validator

from viber._config import Config

Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class HttpConfig(Config):
    """The connections of one base URL; durations in seconds, None = no limit.

    Raises:
        ConfigurationError: a value is out of range, a file is missing, or a key is unknown.

    Example:
        >>> HttpConfig(max_connections=10).connect_timeout
        5.0
    """

    transport: Literal["httpcore", "aiohttp"] = Field(
        default="httpcore",
        description="What speaks HTTP on the connections: the layer under httpx, which respx can replace; or "
        "the parser of aiohttp (extra `aiohttp`), in six tenths of the time. The results are the same.",
    )
    max_connections: Count | None = Field(
        default=50,
        description="Connections open at once; a request that finds none free waits its turn, unsent.",
    )
    connect_timeout: Seconds | None = Field(
        default=5.0, description="Finding, reaching and, for https, securing the server; all of it together."
    )
    idle_expiry: Seconds | None = Field(
        default=15.0,
        description="An idle connection older than this is closed; keep it below the server's own limit.",
    )
    max_connection_age: Seconds | None = Field(
        default=300.0,
        description="A connection older than this is not used again, so that DNS changes are followed.",
    )
    max_response_bytes: Count | None = Field(
        default=64 * 1024 * 1024, description="A larger answer is refused, counted after decompression."
    )
    verify: bool = Field(
        default=True,
        description="Check the server's certificate; without it anybody may stand in the middle.",
    )
    ca_file: FilePath | None = Field(
        default=None, description="Certificate authorities to trust instead, as PEM."
    )
    client_certificate: FilePath | None = Field(
        default=None, description="This side's own certificate, as PEM."
    )
    client_key: FilePath | None = Field(
        default=None, description="The key of `client_certificate`, unless it stands in the same file."
    )
    proxy: str | None = Field(
        default=None,
        repr=False,
        description="URL of an http, https or socks5 proxy that every request goes through.",
    )
    trust_env: bool = Field(
        default=True,
        description="Obey HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR.",
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.client_key and not self.client_certificate:
            raise ValueError("client_key needs client_certificate")
        if self.ca_file and not self.verify:
            raise ValueError("ca_file has no effect with verify=False: leave one of them out")
        return self
