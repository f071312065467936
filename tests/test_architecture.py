"""What the shape of the code promises, read from its source: floors, sizes, names."""

import ast
import functools
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

import pytest

ROOT: Final = Path(__file__).parents[1]
PACKAGE: Final = ROOT / "src" / "viber"
OURS: Final = sorted(
    path for folder in ("src", "tests", "benchmarks", "examples") for path in (ROOT / folder).rglob("*.py")
)

FLOORS: Final[tuple[tuple[str, ...], ...]] = (
    ("_config", "errors"),
    ("machines",),
    ("_home", "_serving", "clock", "observability"),
    ("http", "resilience"),
    ("services", "services.gemini", "services.supabase"),
    ("health", "settings"),
    ("factory",),
    ("dashboard", "integrations"),
    ("sandbox", "testing"),
    ("cli",),
    ("",),  # the front door
)
NESTED: Final = {
    ("_config", "errors"),
    ("services.gemini", "services"),
    ("services.supabase", "services"),
    ("testing", "sandbox"),
}
"""Who may import whom on one floor."""

FLOOR_OF: Final = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
NEVER_IN_MACHINES: Final = {"anyio", "asyncio", "h11", "httpcore", "httpx", "logging", "random", "time"}
ONLY_IN_HTTP: Final = {"h11", "httpcore", "httpx"}
SAYS_NOTHING: Final = {"common", "helpers", "utils"}
LONGEST_FILE: Final = 300
LONGEST_FUNCTION: Final = 60
MEDIAN_FUNCTION: Final = 7


class Import(NamedTuple):
    """One imported module, and where it is imported."""

    importer: str
    module: str
    line: int

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.module}"


@functools.cache
def imports() -> tuple[Import, ...]:
    """Every import of the package, also those inside functions and those for type checkers."""
    return tuple(found for path in sorted(PACKAGE.rglob("*.py")) for found in imports_of(path))


def imports_of(path: Path) -> Iterator[Import]:
    importer = name_of(path)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (Import(importer, alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{importer}:{node.lineno}: imports are absolute here"
            yield from (Import(importer, imported(node, alias), node.lineno) for alias in node.names)


def imported(node: ast.ImportFrom, alias: ast.alias) -> str:
    """The module that `from package import name` reaches: the name may be a module itself."""
    full = f"{node.module}.{alias.name}"
    return full if full in modules() else str(node.module)


@functools.cache
def modules() -> frozenset[str]:
    return frozenset(name_of(path) for path in PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    """The room that a module of ours stands in: the longest one that holds it, "" for the front door."""
    path = module.removeprefix("viber").removeprefix(".")
    holding = [room for room in FLOOR_OF if room and f"{path}.".startswith(f"{room}.")]
    return max(holding, key=len, default=path.partition(".")[0])


def ours() -> Iterator[tuple[Import, str, str]]:
    for found in imports():
        if found.module.partition(".")[0] == "viber":
            yield found, room_of(found.importer), room_of(found.module)


def functions() -> Iterator[tuple[str, int]]:
    """Every function of ours with its length in lines, without its docstring and its decorators."""
    for path in OURS:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", length_of(node)


def length_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = function.body[0]
    is_docstring = ast.get_docstring(function, clean=False) is not None
    docstring = (first.end_lineno or 0) - first.lineno + 1 if is_docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def test_every_room_has_a_floor() -> None:
    """A room without a floor would escape the rules, and a floor without a room would describe nothing."""
    assert {room_of(module) for module in modules()} == set(FLOOR_OF)


def test_no_import_goes_up() -> None:
    """A lower room knows nothing of a higher one."""
    assert not [str(found) for found, low, high in ours() if FLOOR_OF[low] < FLOOR_OF[high]]


def test_rooms_of_one_floor_do_not_know_each_other() -> None:
    """Except where one is nested in the other."""
    across = {
        (importer, room, str(found))
        for found, importer, room in ours()
        if importer != room and FLOOR_OF[importer] == FLOOR_OF[room]
    }
    assert not [text for importer, room, text in across if (importer, room) not in NESTED]


def test_a_room_is_entered_by_its_door() -> None:
    """What begins with an underscore is private to its room, and to the rooms nested in it."""
    through_the_wall = [
        str(found)
        for found, importer, room in ours()
        if "._" in found.module.removeprefix(f"viber.{room}") and not f"{importer}.".startswith(f"{room}.")
    ]
    assert not through_the_wall


def test_no_imports_run_in_a_circle() -> None:
    """Each module can be understood before those that import it."""
    graph = TopologicalSorter[str]()
    for found, _, _ in ours():
        graph.add(found.importer, found.module)
    graph.prepare()  # raises CycleError and shows the circle


def test_machines_are_pure() -> None:
    """A machine waits for nothing, reads no clock, throws no dice and writes no log."""
    assert not [
        str(found)
        for found in imports()
        if room_of(found.importer) == "machines" and found.module.partition(".")[0] in NEVER_IN_MACHINES
    ]


def test_only_http_knows_the_http_library() -> None:
    """The transport seam has one side on which httpx and its layers exist."""
    assert not [
        str(found)
        for found in imports()
        if found.module.partition(".")[0] in ONLY_IN_HTTP and room_of(found.importer) != "http"
    ]


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_can_be_read_in_one_go(path: Path) -> None:
    """No file is longer than 300 lines, and none is named after nothing."""
    assert len(path.read_text().splitlines()) <= LONGEST_FILE
    assert path.stem.strip("_") not in SAYS_NOTHING


def test_no_function_is_long() -> None:
    """No function is longer than 60 lines."""
    assert not [f"{where}: {length}" for where, length in functions() if length > LONGEST_FUNCTION]


def test_functions_are_short() -> None:
    """Half of all functions have at most 7 lines."""
    assert median(length for _, length in functions()) <= MEDIAN_FUNCTION
