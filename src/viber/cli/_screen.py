"""How the demo shows itself: to a person, or to a program."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Protocol

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from viber.cli._invariants import Check
from viber.cli._timeline import Moment, Timeline


class Screen(Protocol):
    """Where a scene shows what it does."""

    def title(self, text: str) -> None:
        """A new scene begins."""
        ...

    def say(self, text: str) -> None:
        """One line."""
        ...

    def token(self, text: str) -> None:
        """A piece of a line."""
        ...

    def moment(self, moment: Moment) -> None:
        """Something happened."""
        ...

    def progress(self, what: str, done: int, total: int) -> None:
        """So much of it is done."""
        ...

    def report(self, timeline: Timeline, checks: Sequence[Check]) -> None:
        """The end."""
        ...


class Terminal:
    """For a person."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._progress: Progress | None = None

    def title(self, text: str) -> None:
        """A new scene begins."""
        self._console.print(f"\n[bold]{text}[/bold]")

    def say(self, text: str) -> None:
        """One line."""
        self._console.print(text, markup=False, soft_wrap=True)

    def token(self, text: str) -> None:
        """A piece of a line."""
        self._console.print(text, end="", markup=False, style="cyan", soft_wrap=True)

    def moment(self, moment: Moment) -> None:
        """Something happened."""
        self.say(f"  {moment.at:6.2f} s  {moment.what}")

    def progress(self, what: str, done: int, total: int) -> None:
        """A bar that ends when everything is done."""
        if self._progress is None:
            self._progress = Progress(console=self._console)
            self._progress.add_task(what, total=total)
            self._progress.start()
        self._progress.update(self._progress.task_ids[0], completed=done)
        if done >= total:
            self._progress.stop()
            self._progress = None

    def report(self, timeline: Timeline, checks: Sequence[Check]) -> None:
        """The counts and the promises; the timeline was shown as it happened."""
        self._console.print()
        self._console.print(_counts(timeline))
        self._console.print(_promises(checks))


class JsonLines:
    """For a program: silence, and one JSON object at the end."""

    def title(self, text: str) -> None:
        """Nothing."""

    def say(self, text: str) -> None:
        """Nothing."""

    def token(self, text: str) -> None:
        """Nothing."""

    def moment(self, moment: Moment) -> None:
        """Nothing."""

    def progress(self, what: str, done: int, total: int) -> None:
        """Nothing."""

    def report(self, timeline: Timeline, checks: Sequence[Check]) -> None:
        """Everything, once."""
        answer = {
            "ok": all(check.held for check in checks),
            "checks": [asdict(check) for check in checks],
            "counts": dict(timeline.counts),
            "timeline": [asdict(moment) for moment in timeline.moments],
        }
        json.dump(answer, sys.stdout, indent=2)
        print()


def _counts(timeline: Timeline) -> Table:
    table = Table(title="Seen by the listener", title_justify="left")
    table.add_column("what")
    table.add_column("how often", justify="right")
    for what, number in sorted(timeline.counts.items()):
        table.add_row(what, f"{number:,}")
    return table


def _promises(checks: Sequence[Check]) -> Table:
    table = Table(title="Promises, checked in the database", title_justify="left")
    table.add_column("promise")
    table.add_column("held")
    table.add_column("evidence")
    for check in checks:
        held = "[green]yes[/green]" if check.held else "[bold red]NO[/bold red]"
        table.add_row(check.promise, held, check.evidence)
    return table
