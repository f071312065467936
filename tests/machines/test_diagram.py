"""The picture of the circuit breaker in the documentation is its transition table.

``python tests/machines/test_diagram.py`` draws it anew.
"""

from difflib import unified_diff
from pathlib import Path
from typing import Final

from viber.machines import TRANSITIONS

PAGE: Final = Path(__file__).parents[2] / "docs" / "resilience.md"
COMMAND: Final = "python tests/machines/test_diagram.py"
FENCE, END = "```mermaid\nstateDiagram-v2\n", "```"


def diagram() -> str:
    """An arrow for each row of the table, in its order."""
    rows = TRANSITIONS.items()
    return "".join(f"    {a.value} --> {b.value}: {trigger.value}\n" for (a, trigger), b in rows)


def parts(page: str) -> tuple[str, str, str]:
    """What stands before the arrows of the page, the arrows, and what stands behind them."""
    before, after = page.split(FENCE)
    arrows, rest = after.split(END, 1)
    return before + FENCE, arrows, END + rest


def test_the_documented_diagram_is_the_transition_table() -> None:
    """Every arrow of the diagram is a row of the table, in its order, and there is no other."""
    _, drawn, _ = parts(PAGE.read_text())
    lines = unified_diff(drawn.splitlines(), diagram().splitlines(), "drawn", "table", lineterm="", n=0)
    difference = "\n".join(lines)
    assert not difference, f"if this is meant, run: {COMMAND}\n{difference}"


if __name__ == "__main__":
    before, _, behind = parts(PAGE.read_text())
    PAGE.write_text(before + diagram() + behind)
