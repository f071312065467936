"""The picture of the circuit breaker in the documentation is its transition table."""

from pathlib import Path

from viber.machines import TRANSITIONS

PAGE = Path(__file__).parents[2] / "docs" / "resilience.md"


def test_the_documented_diagram_is_the_transition_table() -> None:
    """Every arrow of the diagram is a row of the table, in its order, and there is no other."""
    arrows = [f"    {a.value} --> {b.value}: {trigger.value}" for (a, trigger), b in TRANSITIONS.items()]
    diagram = PAGE.read_text().split("stateDiagram-v2\n")[1].split("\n```")[0]
    assert diagram == "\n".join(arrows)
