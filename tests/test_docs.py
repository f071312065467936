"""Every example of the README, of `docs/` and of the docstrings runs.

A fence that opens with ```` ```python ```` is a program and runs as it stands; it may `await` at its top
level. ```` ```python continues ```` goes on where the program before it in the same file ended, and
```` ```python no-run: reason ```` says why it cannot run here. What a program defines to be run by pytest
(`test_...`, a `TestCase`) is run too. A program that reads the environment finds the sandbox there.
"""

import ast
import asyncio
import doctest
import importlib
import inspect
import re
import unittest
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[1]
PACKAGE: Final = ROOT / "src" / "viber"
PAGES: Final = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
BLOCK: Final = re.compile(r"^```python *(?P<note>[^\n]*)\n(?P<source>.*?)^```$", re.DOTALL | re.MULTILINE)
NO_RUN: Final = re.compile(r"no-run: \S.+")
READS_ENVIRONMENT: Final = re.compile(r"from_env\(\)|os\.environ|ServiceFactory\(\)")


@dataclass(slots=True)
class Program:
    """One or more fences of a page, each at the line where it stands there."""

    page: Path
    line: int
    source: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    def extend(self, line: int, source: str) -> None:
        """Go on, with empty lines for the prose between, so that a traceback shows the page's lines."""
        self.source += "\n" * (line - 1 - self.source.count("\n")) + source

    def run(self) -> dict[str, Any]:
        code = compile(
            self.source, str(self.page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True
        )
        names: dict[str, Any] = {"__name__": "__example__"}
        outcome = eval(code, names)
        if inspect.iscoroutine(outcome):
            asyncio.run(outcome)
        return names


def programs(page: Path) -> list[Program]:
    found: list[Program] = []
    text = page.read_text()
    for block in BLOCK.finditer(text):
        line = text.count("\n", 0, block.start("source")) + 1
        note, source = block["note"].strip(), block["source"]
        if note == "continues":
            found[-1].extend(line, source)
        elif not note:
            found.append(Program(page, line, "\n" * (line - 1) + source))
        else:
            assert NO_RUN.fullmatch(note), f"{page.name}:{line}: what does {note!r} mean?"
    return found


def documented_modules() -> list[str]:
    """The modules with an example in some docstring, found without importing them."""
    paths = [path for path in PACKAGE.rglob("*.py") if ">>>" in path.read_text()]
    parts = [path.relative_to(PACKAGE.parent).with_suffix("").parts for path in sorted(paths)]
    return [".".join(part for part in module if part != "__init__") for module in parts]


def run_tests_of(names: Mapping[str, Any]) -> None:
    """Run what a program defines for pytest to find."""
    for name, value in names.items():
        if isinstance(value, type) and issubclass(value, unittest.TestCase):
            result = unittest.defaultTestLoader.loadTestsFromTestCase(value).run(unittest.TestResult())
            assert result.testsRun, f"{name} tests nothing"
            assert result.wasSuccessful(), [trace for _, trace in (*result.errors, *result.failures)]
        elif name.startswith("test_"):
            outcome = value()
            if inspect.iscoroutine(outcome):
                asyncio.run(outcome)


@pytest.mark.parametrize("program", [program for page in PAGES for program in programs(page)], ids=str)
def test_a_program_of_the_documents_runs(
    program: Program, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a reader copies works."""
    if READS_ENVIRONMENT.search(program.source):
        for name, value in request.getfixturevalue("viber_sandbox").environment().items():
            monkeypatch.setenv(name, value)
    run_tests_of(program.run())


@pytest.mark.parametrize("module", documented_modules())
def test_the_examples_of_docstrings_run(module: str) -> None:
    """What a docstring shows is what happens."""
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    for example in doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(module)):
        runner.run(example, out=report.append)
    assert runner.tries, "the examples of this module are in no docstring"
    assert not runner.failures, "".join(report)


def test_a_fence_may_await_continue_and_define_tests(tmp_path: Path) -> None:
    """The rules of this runner hold: without this test a runner that runs nothing would pass."""
    page = tmp_path / "page.md"
    page.write_text(
        "prose\n```python\nimport asyncio\nx = await asyncio.sleep(0, 1)\n```\nprose\n```python continues\n"
        "def test_x():\n    assert x == 2\n```\n```python no-run: needs a key\nboom\n```\n```sh\nboom\n```\n"
    )
    [program] = programs(page)
    names = program.run()
    assert names["x"] == 1
    assert names["test_x"].__code__.co_firstlineno == 8
    with pytest.raises(AssertionError):
        run_tests_of(names)


def test_a_fence_that_does_not_run_says_why(tmp_path: Path) -> None:
    """An unknown note is no way around."""
    page = tmp_path / "page.md"
    page.write_text("```python skip\nboom\n```\n")
    with pytest.raises(AssertionError, match="what does 'skip' mean"):
        programs(page)
