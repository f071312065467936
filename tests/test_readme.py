"""The front page keeps its own promises."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
LINKS = re.findall(r"\[([^\]]+)\]\((?!https?:)([^)]+)\)", README)
PROOFS = [(name, path) for name, path in LINKS if path.startswith("tests/")]


def test_it_is_short() -> None:
    """Whoever opens it reads it to the end."""
    assert len(README.splitlines()) <= 200


@pytest.mark.parametrize(("name", "path"), LINKS)
def test_every_link_leads_somewhere(name: str, path: str) -> None:
    """What it points to is there."""
    assert (ROOT / path).is_file()


def test_every_page_is_linked() -> None:
    """Whoever looks for a page finds it from here."""
    pages = {str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md")}
    assert pages <= {path for _, path in LINKS}


@pytest.mark.parametrize(("name", "path"), PROOFS)
def test_every_promise_names_a_test_that_is_there(name: str, path: str) -> None:
    """The proof of a promise is a test, or a whole file of them."""
    is_file = path.endswith(f"/{name}")
    assert is_file or re.search(rf"def {name}\(", (ROOT / path).read_text())
