"""Turns tables into Markdown to read and JSON to compare."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

from _harness import Effort, Row, Table, machine, middle

RESULTS = Path(__file__).parent / "results"
HEADER = "| | median | min | CPU median | CPU min | per second | CPU ratio | of all rounds |"


@dataclass(frozen=True, slots=True)
class Sizes:
    """One figure of each candidate: bytes that it holds, or something else that is better small."""

    title: str
    held: Mapping[str, float]
    unit: str = "bytes"


def publish(
    name: str,
    tables: Sequence[Table],
    *,
    packages: Sequence[str],
    effort: Effort,
    sizes: Sequence[Sizes] = (),
) -> None:
    """Print the tables, and unless it was a smoke run write them down."""
    about = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine(), "rounds": effort.rounds}
    versions = {package: version(package) for package in ("viber-integration", *packages)}
    parts = [heading(name, about, versions), *map(markdown, tables), *map(markdown_of_sizes, sizes)]
    text = "\n\n".join(parts) + "\n"
    print(text)
    if effort.smoke:
        return
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(text)
    content = {
        **about,
        "versions": versions,
        "tables": [asdict(table) for table in tables],
        "sizes": [asdict(table) for table in sizes],
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n")


def heading(name: str, about: dict[str, object], versions: dict[str, str]) -> str:
    packages = ", ".join(f"{package} {number}" for package, number in versions.items())
    return f"# {name}\n\n{about['date']}, {about['machine']}, {about['rounds']} rounds\n{packages}"


def markdown(table: Table) -> str:
    yardstick = next(row for row in table.rows if row.name == table.yardstick)
    lines = [f"## {table.title}", "", HEADER, "| --- |" + " ---: |" * 7]
    lines += [line(row, yardstick) for row in table.rows]
    return "\n".join([*lines, "", f"{table.operations} operations a round; ratios to: {table.yardstick}"])


def markdown_of_sizes(sizes: Sizes) -> str:
    lines = [f"## {sizes.title}", "", f"| | {sizes.unit} |", "| --- | ---: |"]
    lines += [f"| {name} | {held:,.0f} |" for name, held in sizes.held.items()]
    return "\n".join(lines)


def line(row: Row, yardstick: Row) -> str:
    wall, cpu, ratios = middle(row, "wall"), middle(row, "cpu"), row.ratios(yardstick)
    cells = [row.name, *map(duration, (*wall, *cpu)), f"{1e9 / wall[0]:,.0f}", f"{median(ratios):.2f}"]
    return f"| {' | '.join(cells)} | {ratios[0]:.2f} to {ratios[-1]:.2f} |"


def duration(nanoseconds: float) -> str:
    return f"{nanoseconds:.0f} ns" if nanoseconds < 10_000 else f"{nanoseconds / 1000:,.1f} µs"
