"""`viber demo`, `viber doctor`, `viber sandbox`."""

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version

from viber.cli import _demo, _doctor, _sandbox
from viber.errors import BaseError, ConfigurationError
from viber.sandbox import SandboxError

INTERRUPTED = 130
"""The exit code of a program that was ended by Ctrl-C."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 is success, 1 a failure that was reported, 2 a wrong set-up."""
    parser = argparse.ArgumentParser(prog="viber", description="Await external APIs, and know why.")
    parser.add_argument("--version", action="version", version=version("viber-integration"))
    commands = parser.add_subparsers(title="commands", required=True)
    for command in (_demo, _doctor, _sandbox):
        command.add_parser(commands)
    chosen = parser.parse_args(arguments)
    try:
        return int(chosen.handler(chosen))
    except ConfigurationError as error:
        return _complain(error, code=2)
    except (BaseError, SandboxError) as error:
        return _complain(error, code=1)
    except KeyboardInterrupt:
        return INTERRUPTED


def _complain(error: Exception, *, code: int) -> int:
    print(f"viber: {error}", file=sys.stderr)
    if suggestion := getattr(error, "suggestion", ""):
        print(f"viber: {suggestion}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
