"""What a table of a page tells of the code is so, and nothing is left out of it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

import viber
from viber import CircuitBreakerConfig, GeminiConfig, HttpConfig, RetryConfig, SupabaseConfig, errors
from viber.services import ServiceConfig
from viber.settings import BREAKER, GEMINI, RETRY, SUPABASE

DOCS: Final = Path(__file__).parents[1] / "docs"
SHARED: Final = {"retry", "breaker", "rate_limits", "max_queue", "http"}
"""What both services have, with the same defaults."""
TABLES: Final[list[tuple[str, str, Any, set[str]]]] = [
    ("resilience.md", "## Retry", RetryConfig, set()),
    ("resilience.md", "## Circuit breaker", CircuitBreakerConfig, set()),
    ("connections.md", "# Connections", HttpConfig, set()),
    ("configuration.md", "## Supabase", SupabaseConfig, SHARED),
    ("configuration.md", "## Gemini", GeminiConfig, SHARED),
    ("configuration.md", "## Both services", ServiceConfig, {"timeout", "total_timeout"}),
]
UNITS: Final = {"s": 1, "KiB": 1024, "MiB": 1024**2}


def rows(page: str, heading: str) -> Iterator[list[str]]:
    """The cells of the first table below a heading."""
    text = (DOCS / page).read_text()
    section = text.split(f"{heading}\n", 1)[1]
    for line in section[section.index("\n| --- ") :].split("\n\n", 1)[0].splitlines()[2:]:
        yield [cell.strip() for cell in line.strip("| ").split(" | ")]


def told_in(page: str, heading: str) -> dict[str, str]:
    told: dict[str, str] = {}
    for names, default, *_ in rows(page, heading):
        fields = re.findall(r"`(\w+)`", names)
        values = default.split(", ") if ", " in default else [default] * len(fields)
        told.update(zip(fields, values, strict=True))
    return told


def value_of(text: str) -> Any:
    """What a cell means: a number with or without its unit, several of them, a name, or none."""
    if text in ("none", "as above"):
        return None
    if text in ("True", "False"):
        return text == "True"
    if text.startswith("`"):
        name = text.strip("`")
        return name.strip('"') if name.startswith('"') else getattr(viber, name.removesuffix("()"))()
    number, *units = text.replace(",", "").split()
    if units and units[0].isdigit():
        return frozenset(map(int, text.split()))
    return float(number) * (UNITS[units[0]] if units else 1)


def default_of(field: Any) -> Any:
    value = field.get_default(call_default_factory=True)
    value = value.get_secret_value() if hasattr(value, "get_secret_value") else value
    return None if value in ("", (), frozenset()) else value


@pytest.mark.parametrize(("page", "heading", "config", "elsewhere"), TABLES)
def test_a_table_tells_every_default_as_it_is(
    page: str, heading: str, config: Any, elsewhere: set[str]
) -> None:
    """A reader can rely on the tables: they have every field, and its default."""
    told = told_in(page, heading)
    assert told.keys() == config.model_fields.keys() - elsewhere
    for name, text in told.items():
        field = config.model_fields[name]
        assert field.is_required() == (text == "needed"), name
        assert field.is_required() or default_of(field) == value_of(text), name


def test_the_page_names_every_variable_and_its_field() -> None:
    """Whatever the environment can say is on the page, beside what it sets."""
    told: dict[str, str] = {}
    for variables, fields in rows("configuration.md", "## The environment"):
        names = re.findall(r"`(\w+)`", variables)
        told.update(zip(names, re.findall(r"`(\w+)`", fields), strict=True))
    assert told == SUPABASE | GEMINI | RETRY | BREAKER


def test_the_page_tells_every_kind_of_error() -> None:
    """Each with its code, and whether it may pass; those that only say who spoke have no row."""
    told = {
        name.strip("`"): (code.strip("`"), may_pass == "yes")
        for name, code, may_pass, _ in rows("errors.md", "# Errors")
    }
    speakers = {errors.ServiceError, *errors.ServiceError.__subclasses__()}
    kinds = set(errors.BaseError.__subclasses__()) - speakers
    assert told == {kind.__name__: (kind.code, kind.retryable) for kind in kinds if is_ours(kind)}


def is_ours(kind: type[errors.BaseError]) -> bool:
    return kind.__module__.startswith("viber.errors")
