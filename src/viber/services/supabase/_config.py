"""How a Supabase project is reached."""

from typing import Annotated

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from viber.services._config import ServiceConfig, fault_of_address, fault_of_key

VARIABLES = {"anon_key": "SUPABASE_ANON_KEY", "service_role_key": "SUPABASE_SERVICE_ROLE_KEY"}


class SupabaseConfig(ServiceConfig):
    """Where a project is, the keys to it, and how patient to be; durations in seconds, None is no limit.

    Raises:
        ConfigurationError: a value is refused; it lists each, and shows none.

    Example:
        >>> config = SupabaseConfig(url="https://example.supabase.co/", anon_key="sb_publishable_example")
        >>> config.url, config.anon_key
        ('https://example.supabase.co', SecretStr('**********'))
    """

    url: str
    """The project's URL; a trailing slash, or a trailing `/rest/v1`, does no harm."""
    anon_key: SecretStr
    service_role_key: SecretStr | None = None
    """Passes by row level security: only `db.admin` uses it."""
    db_schema: Annotated[str, Field(min_length=1)] | None = None
    """The schema to work in; None is the project's first exposed one."""
    max_rows: Annotated[int, Field(ge=1)] | None = 1000
    """The server's row cap, as far as you know: a select of exactly this size is reported as doubtful."""
    max_url_length: Annotated[int, Field(ge=256)] = 4000
    """A longer URL is refused before it is sent, and a long `in_()` is asked for in parts. PostgREST repeats
    the query in a field of its answer, with every comma percent-encoded, up to twice as long; a gateway that
    finds that field too long, usually beyond 8 kB, answers 502."""
    decode_at_once: Annotated[int, Field(ge=1)] | None = 65_536
    """Bytes that are decoded at once; a larger answer is decoded in slices of about this size, and the event
    loop has its turn between them. So it stands still for a millisecond or two, however many rows there are.
    None is no limit."""
    health_table: Annotated[str, Field(min_length=1)] | None = None
    """A table that `health_check` asks for no rows; None asks for one that does not exist."""

    @field_validator("url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        if fault := fault_of_address(url):
            raise ValueError(f"{fault}: look at SUPABASE_URL")
        return url.rstrip("/").removesuffix("/rest/v1").rstrip("/")

    @field_validator("anon_key", "service_role_key")
    @classmethod
    def _can_be_sent(cls, key: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if key is not None and (fault := fault_of_key(key.get_secret_value())):
            raise ValueError(f"{fault}: look at {VARIABLES[info.field_name or '']}")
        return key
