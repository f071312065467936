"""What is shipped: the wheel, its version, and what a plain installation can do without any extra."""

import importlib
import json
import pkgutil
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any, Final

import pytest

import viber

ROOT: Final = Path(__file__).parents[1]
PROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PACKAGES: Final = [
    "viber",
    *(found.name for found in pkgutil.walk_packages(viber.__path__, "viber.") if found.ispkg),
]
_is_inside_a_service = re.compile(r"viber\.services\.\w+\.\w+").fullmatch
DOORS: Final = [
    name
    for name in PACKAGES
    if name not in {"viber.cli", "viber.integrations"} and not _is_inside_a_service(name)
]
"""What users enter by: not the rooms inside a service, nor a mere folder."""

IMPORT_WITHOUT_EXTRAS: Final = """
import importlib, json, sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"{name} is blocked", name=name)

BLOCKED, doors = json.loads(sys.argv[1])
sys.meta_path.insert(0, Blocker())
for door in doors:
    importlib.import_module(door)
"""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def names_of(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=!~; ]", requirement)[0] for requirement in requirements}


def extra_modules() -> set[str]:
    """The top-level modules that only an extra brings."""
    extras = names_of([one for extra in PROJECT["optional-dependencies"].values() for one in extra])
    return {module for module, brought_by in packages_distributions().items() if extras & set(brought_by)}


def run_python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], check=False, capture_output=True, text=True)


def test_the_wheel_holds_what_the_package_needs_at_run_time(wheel: zipfile.ZipFile) -> None:
    """Types and the schema of the sandbox are shipped, not only the modules."""
    assert {"viber/__init__.py", "viber/py.typed", "viber/sandbox/schema.sql"} <= set(wheel.namelist())


def test_the_wheel_holds_the_whole_page(wheel: zipfile.ZipFile) -> None:
    """Every file of the dashboard is shipped, the license of what others wrote among them."""
    page = ROOT / "src" / "viber" / "dashboard" / "static"
    names = {f"viber/dashboard/static/{file.name}" for file in page.iterdir()}
    assert {"index.html", "uplot.js", "uplot.LICENSE.txt"} <= {name.rpartition("/")[2] for name in names}
    assert names <= set(wheel.namelist())


def test_the_wheel_holds_nothing_else(wheel: zipfile.ZipFile) -> None:
    """No test, document or left-over of the working tree is shipped."""
    folders = {name.partition("/")[0] for name in wheel.namelist()}
    assert folders == {"viber", f"viber_integration-{PROJECT['version']}.dist-info"}
    assert not [name for name in wheel.namelist() if name.endswith((".pyc", ".orig"))]


def test_the_version_stands_in_one_place() -> None:
    """What is installed says the version of the project file."""
    assert version(PROJECT["name"]) == PROJECT["version"]


def test_the_core_needs_three_libraries() -> None:
    """A dependency is a promise: httpx with the two layers below it, anyio and pydantic, and no other."""
    assert names_of(PROJECT["dependencies"]) == {"anyio", "h11", "httpcore", "httpx", "pydantic"}


def test_the_core_works_without_any_extra() -> None:
    """Every door but an integration's opens with all extras blocked: each is imported where it is used."""
    blocked = extra_modules()
    assert {"aiohttp", "hypothesis", "platformdirs", "pytest", "rich"} <= blocked
    doors = [name for name in PACKAGES if not name.startswith("viber.integrations.")] + ["viber.cli.__main__"]
    result = run_python("-c", IMPORT_WITHOUT_EXTRAS, json.dumps([sorted(blocked), doors]))
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("package", DOORS)
def test_a_door_names_what_it_opens_in_order(package: str) -> None:
    """`__all__` is there, sorted (constants, classes, functions), without doubles, and every name exists."""
    module = importlib.import_module(package)
    names: list[str] = module.__all__
    assert names == sorted(set(names), key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    assert not [name for name in names if not hasattr(module, name)]
