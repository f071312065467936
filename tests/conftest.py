from __future__ import annotations

import os

import pytest

pytest_plugins = ["viber.testing.plugin", "npm_packages"]

EXPECTED_SKIPS: frozenset[str] = frozenset()
"""The reasons for which a test may be skipped in CI; any other skip fails the run."""

unexpected_skips = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[unexpected_skips] = []


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A test that is skipped where nobody looks proves nothing."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter is not None else []
    found = [f"{report.nodeid}: {reason}" for report in skipped if (reason := _reason(report)) is not None]
    if found and os.environ.get("CI"):
        session.config.stash[unexpected_skips] = found
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if found := terminalreporter.config.stash[unexpected_skips]:
        terminalreporter.section("skipped, and nobody expects it", red=True)
        terminalreporter.write_line("\n".join(found))


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str | None:
    """Why it was skipped, unless that is expected; a report tells file, line and reason."""
    reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
    reason = reason.removeprefix("Skipped: ")
    return None if reason in EXPECTED_SKIPS else reason
