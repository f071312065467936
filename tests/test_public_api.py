"""Every public name stands in `public_api.txt`, so that a change of the surface shows up as a diff.

``python tests/test_public_api.py`` writes the file anew.
"""

import importlib
from difflib import unified_diff
from pathlib import Path
from typing import Final

LISTING: Final = Path(__file__).with_name("public_api.txt")
COMMAND: Final = "python tests/test_public_api.py"
DOORS: Final = (
    "viber",
    "viber.dashboard",
    "viber.errors",
    "viber.http",
    "viber.integrations.fastapi",
    "viber.integrations.opentelemetry",
    "viber.integrations.prometheus",
    "viber.integrations.structlog",
    "viber.machines",
    "viber.observability",
    "viber.resilience",
    "viber.sandbox",
    "viber.services",
    "viber.services.gemini",
    "viber.services.supabase",
    "viber.testing",
)


def surface() -> list[str]:
    """Each public name once a line."""
    return [f"{door}.{name}" for door in DOORS for name in sorted(importlib.import_module(door).__all__)]


def test_the_public_names_are_those_that_are_listed() -> None:
    """Nothing becomes public, and nothing goes, unless somebody means it."""
    listed, found = LISTING.read_text().splitlines(), surface()
    difference = "\n".join(unified_diff(listed, found, "listed", "found", lineterm="", n=0))
    assert not difference, f"if this is meant, run: {COMMAND}\n{difference}"


if __name__ == "__main__":
    LISTING.write_text("\n".join(surface()) + "\n")
