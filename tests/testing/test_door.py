"""What `viber.testing` offers, and what it needs."""

import subprocess
import sys
from textwrap import dedent

import pytest

import viber.testing


@pytest.mark.parametrize("name", viber.testing.__all__)
def test_every_name_is_there(name: str) -> None:
    """Each exported name leads somewhere, the lazy ones too."""
    assert getattr(viber.testing, name) is not None


def test_other_names_are_refused() -> None:
    """A name that is not offered is an AttributeError."""
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        viber.testing.Nonsense  # noqa: B018 - asking is the test


def test_clock_transport_and_recorder_need_no_extra() -> None:
    """Without hypothesis the rest works, and what needs it names the extra to install."""
    program = """
        import sys
        sys.modules["hypothesis"] = None
        import asyncio
        from viber.testing import EventRecorder, FakeClock, ScriptedTransport
        asyncio.run(FakeClock(auto=True).sleep(3600))
        try:
            from viber.testing import BreakerStateMachine
        except ImportError as error:
            print(error)
    """
    run = subprocess.run([sys.executable, "-c", dedent(program)], capture_output=True, text=True, check=True)
    assert "viber-integration[testing]" in run.stdout
