from __future__ import annotations

import pytest

from viber.sandbox import SandboxError
from viber.sandbox._report import Report, Secrets, read_report, write_failure, write_report

REPORT = Report(
    supabase_url="http://127.0.0.1:1",
    gemini_url="http://127.0.0.1:2",
    workdir="/somewhere",
    secrets=Secrets(jwt_secret="s1", anon_key="s2", service_role_key="s3", gemini_key="s4"),
)


def test_a_report_survives_the_pipe() -> None:
    """The owner reads what the supervisor wrote."""
    assert read_report(write_report(REPORT)) == REPORT


def test_a_failure_is_raised_with_its_message() -> None:
    """What went wrong in the supervisor is raised in the owner."""
    with pytest.raises(SandboxError, match="no disk"):
        read_report(write_failure("no disk"))


def test_a_line_that_is_no_report_is_quoted() -> None:
    """A stranger's output on the pipe is an error that shows it."""
    with pytest.raises(SandboxError, match="hello"):
        read_report("hello")


def test_a_report_shows_no_secret() -> None:
    """Secrets stay out of the repr."""
    assert not any(secret in repr(REPORT) for secret in ("s1", "s2", "s3", "s4"))
