"""How the demo shows itself to a person."""

import pytest

from viber.cli._invariants import Check
from viber.cli._screen import Terminal
from viber.cli._timeline import Timeline
from viber.errors import ServerError
from viber.machines import BreakerState, Trigger
from viber.observability import CallFinished, CircuitChanged, RetryScheduled
from viber.testing import FakeClock


def call(error: BaseException | None) -> CallFinished:
    return CallFinished("supabase", "select orders", "r1", 1, 0.1, error, at=0.0)


def test_a_timeline_tells_of_circuits_and_counts_the_rest() -> None:
    """A moving circuit is worth a line, at its time; calls and retries are counted."""
    clock = FakeClock()
    timeline = Timeline(lambda _: None, clock)
    clock.jump(2.5)
    timeline(CircuitChanged("supabase", BreakerState.CLOSED, BreakerState.OPEN, Trigger.THRESHOLD, 2.5))
    timeline(RetryScheduled("supabase", "select", "r1", 1, 0.1, ServerError("down"), at=2.5))
    timeline(call(None))
    timeline(call(ServerError("down")))
    assert [(moment.at, moment.what) for moment in timeline.moments] == [
        (2.5, "circuit of supabase: closed → open (failure threshold reached)")
    ]
    assert dict(timeline.counts) == {
        "circuit open": 1,
        "retries": 1,
        "calls that succeeded": 1,
        "calls that ended in ServerError": 1,
    }


def test_the_terminal_shows_everything(capsys: pytest.CaptureFixture[str]) -> None:
    """Titles, lines, tokens, moments, a bar that ends, counts, and each promise with its evidence."""
    screen = Terminal()
    timeline = Timeline(screen.moment)
    screen.title("Rows")
    screen.say("wrote [50] rows")
    screen.token("Once ")
    timeline.note("killed")
    for done in (1, 2):
        screen.progress("walking", done, 2)
    timeline(call(None))
    screen.report(
        timeline,
        [Check("kept", held=True, evidence="1 of 1"), Check("broken", held=False, evidence="2 lost")],
    )
    shown = capsys.readouterr().out
    for text in (
        "Rows",
        "wrote [50] rows",
        "Once ",
        "killed",
        "walking",
        "calls that succeeded",
        "yes",
        "NO",
        "2 lost",
    ):
        assert text in shown
