"""The table of names beside the conventions that are installed."""

from __future__ import annotations

import importlib
import importlib.metadata
import pkgutil
from pathlib import Path

import pytest

import viber.integrations.opentelemetry
from viber.integrations.opentelemetry import _names as names

attributes = pytest.importorskip("opentelemetry.semconv.attributes")
INSTALLED = importlib.metadata.version("opentelemetry-semantic-conventions")
same_package = pytest.mark.skipif(
    INSTALLED != names.GEN_AI_PACKAGE,
    reason=f"the names follow {names.GEN_AI_PACKAGE}, installed is {INSTALLED}",
)
FOLDER = Path(viber.integrations.opentelemetry.__file__).parent


def known(package: str) -> set[str]:
    """Every name of an attribute that a package lists."""
    room = importlib.import_module(package)
    modules = [
        importlib.import_module(f"{package}.{found.name}") for found in pkgutil.iter_modules(room.__path__)
    ]
    return {
        value
        for module in modules
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str)
    }


def ours(prefix: str) -> set[str]:
    """Every name in our table that begins so, without those that need the opt-in."""
    found: set[str] = set()
    for name, value in vars(names).items():
        if name.isupper() and not name.startswith("LATEST"):
            found |= set(value.values()) if isinstance(value, dict) else {value}
    return {name for name in found if name.startswith(prefix)}


@pytest.mark.parametrize("prefix", ["http.", "db.", "url.", "server.", "error."])
def test_names_are_those_of_the_stable_conventions(prefix: str) -> None:
    """A name that drifts makes every dashboard blind."""
    assert ours(prefix)
    assert ours(prefix) <= known("opentelemetry.semconv.attributes")


@same_package
def test_names_of_generative_ai_are_those_of_the_installed_package() -> None:
    """They are in development: this test tells when they have moved."""
    assert ours("gen_ai.") <= known("opentelemetry.semconv._incubating.attributes")


@same_package
def test_what_came_later_is_told_apart() -> None:
    """A newer name has not become one of the package: then it needs no opt-in any more."""
    latest = {names.LATEST_REASONING_LEVEL, *names.LATEST_BY_MODALITY.values()}
    assert not latest & known("opentelemetry.semconv._incubating.attributes")


def test_the_schema_is_one_that_is_published() -> None:
    """The version that spans claim to follow is known to the package."""
    schemas = importlib.import_module("opentelemetry.semconv.schemas").Schemas
    assert names.SCHEMA_URL in {schema.value for schema in schemas}


def test_providers_and_systems_are_those_of_the_conventions() -> None:
    """Values have names too."""
    gen_ai = importlib.import_module("opentelemetry.semconv._incubating.attributes.gen_ai_attributes")
    databases = importlib.import_module("opentelemetry.semconv.attributes.db_attributes")
    providers = {value.value for value in gen_ai.GenAiProviderNameValues}
    assert {names.GEMINI, names.VERTEX_AI} <= providers
    assert names.POSTGRESQL in {value.value for value in databases.DbSystemNameValues}


def test_nothing_unstable_is_imported_by_the_library() -> None:
    """The package of names is for this test alone; the library needs the API only."""
    text = "".join(path.read_text() for path in FOLDER.glob("*.py"))
    assert "_incubating" not in text
    assert "opentelemetry.semconv" not in text
    assert "opentelemetry.sdk" not in text
