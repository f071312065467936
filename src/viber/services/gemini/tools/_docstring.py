"""What a docstring says to a model: what the function does, and what its arguments are."""

import inspect
import re
from typing import NamedTuple

_SECTION = re.compile(
    r"^(args|arguments|parameters|returns?|yields?|raises|examples?|notes?):{1,2}$", re.IGNORECASE
)
_ARGUMENT = re.compile(r"^\*{0,2}(\w+)(?: *\([^)]*\))?: *(.*)$")


class Docstring(NamedTuple):
    """What it says of the function, and of each argument."""

    summary: str
    arguments: dict[str, str]


def read_docstring(text: str | None) -> Docstring:
    r"""The parts of a docstring that a model is told; sections other than the arguments' are left out.

    Example:
        >>> read_docstring("The weather.\n\nArgs:\n    city: Where.\n\nReturns:\n    Degrees.")
        Docstring(summary='The weather.', arguments={'city': 'Where.'})
    """
    sections: dict[str, list[str]] = {"": []}
    lines = sections[""]
    for line in inspect.cleandoc(text or "").splitlines():
        if section := _SECTION.match(line.rstrip()):
            lines = sections.setdefault(section[1].lower(), [])
        else:
            lines.append(line)
    told = [line for name in ("args", "arguments", "parameters") for line in sections.get(name, ())]
    return Docstring("\n".join(sections[""]).strip(), _arguments(told))


def _arguments(lines: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    name = ""
    for line in inspect.cleandoc("\n".join(lines)).splitlines():
        if match := _ARGUMENT.match(line):
            name, found[match[1]] = match[1], match[2]
        elif name and line.strip():
            found[name] = f"{found[name]} {line.strip()}".strip()
    return found
