"""Programs from npm that others wrote."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

SCRIPTS: Final = Path(__file__).parent / "npm"


@pytest.fixture(scope="session")
def node(node_program: str) -> Callable[[str], list[str]]:
    """How a script is run by Node."""
    return lambda script: [node_program, str(SCRIPTS / script)]


@pytest.fixture(scope="session")
def node_environment(node_modules: Callable[[Path], Path]) -> dict[str, str]:
    """Where the scripts find their packages."""
    return {**os.environ, "NODE_MODULES": str(node_modules(SCRIPTS)), "NO_PROXY": "127.0.0.1"}
