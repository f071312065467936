"""Settings of an application: read once, from the environment or from a mapping."""

import os
from collections.abc import Mapping
from typing import Any, Literal, Self, TypeVar, overload

from viber._config import Config
from viber.errors import ConfigurationError
from viber.machines import CircuitBreakerConfig, RetryConfig
from viber.services.gemini import GeminiConfig
from viber.services.supabase import SupabaseConfig

C = TypeVar("C", bound=Config)

RETRY = {
    "RETRY_MAX_ATTEMPTS": "max_attempts",
    "RETRY_INITIAL_DELAY": "initial_delay",
    "RETRY_MAX_DELAY": "max_delay",
}
BREAKER = {
    "CIRCUIT_BREAKER_FAILURE_THRESHOLD": "failure_threshold",
    "CIRCUIT_BREAKER_RESET_TIMEOUT": "reset_timeout",
    "CIRCUIT_BREAKER_HALF_OPEN_MAX_CALLS": "half_open_max_calls",
    "CIRCUIT_BREAKER_MONITOR_WINDOW": "monitor_window",
}
SUPABASE = {
    "SUPABASE_URL": "url",
    "SUPABASE_ANON_KEY": "anon_key",
    "SUPABASE_SERVICE_ROLE_KEY": "service_role_key",
    "SUPABASE_SCHEMA": "db_schema",
    "SUPABASE_TIMEOUT": "timeout",
    "SUPABASE_TOTAL_TIMEOUT": "total_timeout",
}
GEMINI = {
    "GEMINI_API_KEY": "api_key",
    "GEMINI_MODEL": "model",
    "GEMINI_BASE_URL": "base_url",
    "GEMINI_API_VERSION": "api_version",
    "GEMINI_TIMEOUT": "timeout",
    "GEMINI_TOTAL_TIMEOUT": "total_timeout",
}
NEEDED: Mapping[str, tuple[str, ...]] = {
    "supabase": ("SUPABASE_URL", "SUPABASE_ANON_KEY"),
    "gemini": ("GEMINI_API_KEY",),
}
"""What must be set before a service can be used."""


class Settings(Config):
    """The configuration of every service; one that is absent is missed when it is first used.

    Example:
        >>> settings = Settings.from_env({"GEMINI_API_KEY": "key", "GEMINI_TIMEOUT": "5"})
        >>> settings.require("gemini").timeout
        5.0
    """

    supabase: SupabaseConfig | None = None
    gemini: GeminiConfig | None = None
    absent: frozenset[str] = frozenset()
    """Variables that a service needs and that were not set when the environment was read."""

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Self:
        """Settings from environment variables; an empty variable counts as absent.

        Raises:
            ConfigurationError: variables are malformed; it lists all of them.
        """
        reader = _Reader(os.environ if env is None else env)
        shared = {
            "retry": reader.build(RetryConfig, RETRY),
            "breaker": reader.build(CircuitBreakerConfig, BREAKER),
        }
        supabase = reader.build_service("supabase", SupabaseConfig, SUPABASE, shared)
        gemini = reader.build_service("gemini", GeminiConfig, GEMINI, shared)
        if reader.problems:
            raise ConfigurationError("the environment is not valid", problems=reader.problems)
        return cls(supabase=supabase, gemini=gemini, absent=frozenset(reader.absent))

    @overload
    def require(self, service: Literal["supabase"]) -> SupabaseConfig: ...
    @overload
    def require(self, service: Literal["gemini"]) -> GeminiConfig: ...
    def require(self, service: Literal["supabase", "gemini"]) -> SupabaseConfig | GeminiConfig:
        """The configuration of a service that is about to be used.

        Raises:
            ConfigurationError: there is none; it names the variables to set.
        """
        config = self.supabase if service == "supabase" else self.gemini
        if config is None:
            names = [name for name in NEEDED[service] if name in self.absent] or NEEDED[service]
            problems = [f"{name}: not set" for name in names]
            raise ConfigurationError(f"{service} is not configured", problems=problems, service=service)
        return config


class _Reader:
    """Builds configurations from variables, and gathers every problem under the variable's name."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self.problems: list[str] = []
        self.absent: list[str] = []

    def build(self, model: type[C], variables: Mapping[str, str], **given: Any) -> C | None:
        fields = {field: _value(self._env[name]) for name, field in variables.items() if self._env.get(name)}
        try:
            return model(**fields, **given)
        except ConfigurationError as error:
            names = {field: name for name, field in variables.items()}
            self.problems += [_renamed(problem, names) for problem in error.problems]
            return None

    def build_service(
        self, service: str, model: type[C], variables: Mapping[str, str], shared: Mapping[str, Config | None]
    ) -> C | None:
        """None when something that it needs is not set: it may not be used here at all."""
        missing = [name for name in NEEDED[service] if not self._env.get(name)]
        self.absent += missing
        if missing:
            return None
        return self.build(
            model, variables, **{name: part for name, part in shared.items() if part is not None}
        )


def _value(text: str) -> str | None:
    return None if text.strip().lower() == "none" else text.strip()


def _renamed(problem: str, names: Mapping[str, str]) -> str:
    field, separator, reason = problem.partition(": ")
    name = names.get(field, field)
    return f"{name}{separator}{reason.removesuffix(f': look at {name}')}"
