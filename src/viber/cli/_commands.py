"""How a command makes itself known, and what it says first."""

import sys
from argparse import ArgumentParser
from typing import Any, Protocol


class Subparsers(Protocol):
    """What `ArgumentParser.add_subparsers` returns."""

    def add_parser(self, name: str, **options: Any) -> ArgumentParser:
        """Add one command."""
        ...


def say_it_starts() -> None:
    """Starting takes a second or two, and the first time longer."""
    print("starting a local Supabase and Gemini ...", file=sys.stderr)
