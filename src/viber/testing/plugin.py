"""Fixtures for pytest, opt-in: ``pytest -p viber.testing.plugin``, or ``pytest_plugins`` in a conftest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from viber.testing import FakeClock

if TYPE_CHECKING:
    from viber.sandbox import Sandbox


@pytest.fixture(scope="session")
def viber_sandbox() -> Iterator[Sandbox]:
    """Give the tests of a session one running sandbox; it needs the extra ``[sandbox]``."""
    from viber.sandbox import Sandbox

    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def fake_clock() -> FakeClock:
    """A clock that stands still until the test moves it."""
    return FakeClock()
