"""What the supervisor tells its owner, as one line of JSON on its standard output."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from viber.sandbox._error import SandboxError


@dataclass(frozen=True, slots=True)
class Secrets:
    """What opens the two services."""

    jwt_secret: str = field(repr=False)
    anon_key: str = field(repr=False)
    service_role_key: str = field(repr=False)
    gemini_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Report:
    """Where a running sandbox is."""

    supabase_url: str
    gemini_url: str
    workdir: str
    secrets: Secrets


def write_report(report: Report) -> str:
    """Return the line for a sandbox that is ready."""
    return json.dumps({"ready": asdict(report)})


def write_failure(message: str) -> str:
    """Return the line for a sandbox that could not start."""
    return json.dumps({"error": message})


def read_report(line: str) -> Report:
    """Read the supervisor's line.

    Raises:
        SandboxError: it reports a failure, or is no report.
    """
    try:
        said = json.loads(line)
    except ValueError:
        raise SandboxError(f"the supervisor said {line[:200]!r} instead of a report") from None
    if "error" in said:
        raise SandboxError(said["error"])
    ready: dict[str, Any] = said["ready"]
    return Report(secrets=Secrets(**ready.pop("secrets")), **ready)
