"""How a command makes itself known."""

from argparse import ArgumentParser
from typing import Any, Protocol


class Subparsers(Protocol):
    """What `ArgumentParser.add_subparsers` returns."""

    def add_parser(self, name: str, **options: Any) -> ArgumentParser:
        """Add one command."""
        ...
